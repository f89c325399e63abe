import type { EventData, EventKind } from '../../contract/events.ts'
import { bulkUpdate } from '../platform/database/engine.ts'
import { toJson } from '../platform/database/json.ts'
import type { Tx } from '../platform/database/store.ts'
import type { EventTables } from './event-tables.ts'
import type { Outbox } from './outbox.ts'

export type EventTx = Tx<EventTables>

/** Something that happened. */
export type NewEvent<Kind extends EventKind = EventKind> = {
  tenantId: number
  kind: Kind
  /** What makes it the same event when it is told of again; see docs/webhooks.md for the scheme. */
  key: string
  /** ms UTC. */
  happenedAt: number
  data: EventData[Kind]
}

/** How a room tells what happened. */
export type AppendEvent = <Kind extends EventKind>(
  tx: Tx<never>,
  event: NewEvent<Kind>,
) => Promise<number | null>

/** An event as the rest of its transaction knows it. */
export type Appended = { id: number; kind: EventKind; hostId: number | null }

const idOf = (data: object, name: 'host_id' | 'customer_id' | 'contact_id'): number | null =>
  (data as Partial<Record<typeof name, number | null>>)[name] ?? null

/**
 * The next numbers of a tenant's events. The row is held until the commit, so numbers are handed out in the order of commits:
 * whoever has read up to one of them has missed none below it.
 */
async function numberEvents(tx: EventTx, tenantId: number, events: Appended[]): Promise<void> {
  const count = events.length
  const { last } = await tx.db
    .insertInto('event_numbers')
    .values({ tenant_id: tenantId, last: count })
    .onConflict((row) =>
      row.column('tenant_id').doUpdateSet((of) => ({ last: of('event_numbers.last', '+', count) })),
    )
    .returning('last')
    .executeTakeFirstOrThrow()
  const columns = { id: 'bigint', seq: 'bigint' } as const
  const values = events.flatMap(({ id }, i) => [id, last - count + 1 + i])
  await bulkUpdate(tx.engine, tx.db as never, { table: 'events', columns }, values)
}

/**
 * Writes events in the transaction of what happened, each (tenant, key) once. What is sent to webhooks is queued and
 * numbered at the end of the same transaction.
 */
export function openAppend(now: () => number, outbox: Outbox): AppendEvent {
  const unfinished = new WeakMap<object, Map<number, Appended[]>>()

  const finish = async (tx: EventTx, byTenant: Map<number, Appended[]>) => {
    for (const [tenantId, events] of [...byTenant].sort(([one], [other]) => one - other)) {
      await numberEvents(tx, tenantId, events)
      await outbox.queue(tx, tenantId, events)
    }
  }
  const remember = (tx: EventTx, tenantId: number, event: Appended) => {
    let byTenant = unfinished.get(tx.db)
    if (!byTenant) {
      const made = new Map<number, Appended[]>()
      unfinished.set(tx.db, (byTenant = made))
      tx.atEnd(() => finish(tx, made))
    }
    byTenant.set(tenantId, [...(byTenant.get(tenantId) ?? []), event])
  }

  return async (anyTx, { tenantId, kind, key, happenedAt, data }) => {
    const tx = anyTx as unknown as EventTx
    const hostId = idOf(data, 'host_id')
    const made = await tx.db
      .insertInto('events')
      .values({
        tenant_id: tenantId,
        seq: null,
        kind,
        event_key: key,
        happened_at: happenedAt,
        host_id: hostId,
        customer_id: idOf(data, 'customer_id'),
        contact_id: idOf(data, 'contact_id'),
        data: toJson(data),
        created_at: now(),
      })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'event_key']).doNothing())
      .returning('id')
      .executeTakeFirst()
    if (made) remember(tx, tenantId, { id: made.id, kind, hostId })
    return made?.id ?? null
  }
}
