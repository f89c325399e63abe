import type { EventKind } from '../../contract/events.ts'
import { databaseNow } from '../platform/database/claiming.ts'
import { bulkInsert, isOneOf } from '../platform/database/engine.ts'
import { fromJson } from '../platform/database/json.ts'
import type { Work } from '../platform/work/work.ts'
import type { Appended, EventTx } from './events.ts'

/** How long a delivery is tried, ms. */
export const GIVE_UP_MS = 3 * 24 * 60 * 60_000
/** The kind of task that sends a webhook what waits for it. */
export const SEND = 'webhook'

/** Who is told of what. */
export type Outbox = {
  /** Queues these events for every active webhook that wants them, in the transaction that wrote them. */
  queue(tx: EventTx, tenantId: number, events: Appended[]): Promise<void>
  /** Has what waits for a webhook looked at, in the transaction that queued or changed it. */
  wake(tx: EventTx, tenantId: number, webhookId: number): Promise<void>
}

const COLUMNS = {
  tenant_id: 'bigint',
  webhook_id: 'bigint',
  event_id: 'bigint',
  attempts: 'bigint',
  next_attempt_at: 'bigint',
  give_up_at: 'bigint',
  created_at: 'bigint',
  updated_at: 'bigint',
} as const

/** Those that nobody has taken out meanwhile; nobody does until the transaction ends, which would fail for their sake. */
async function stillThere({ db, engine }: EventTx, webhooks: { id: number }[]): Promise<Set<number>> {
  const ids = webhooks.map(({ id }) => id)
  const rows = db
    .selectFrom('webhooks')
    .select('id')
    .where(isOneOf(engine, 'id', ids, 'bigint'))
    .orderBy('id')
  const found = await (engine === 'postgres' ? rows.forKeyShare() : rows).execute()
  return new Set(found.map(({ id }) => id))
}

/** One task a webhook, whatever waits for it: see docs/decisions/016-one-task-per-webhook.md. */
export function openOutbox(work: Pick<Work, 'add'>): Outbox {
  const wake: Outbox['wake'] = async (tx, tenantId, webhookId) => {
    const unique = `webhook ${webhookId}`
    await work.add(tx as never, {
      tenantId,
      kind: SEND,
      unique,
      again: true,
      payload: { webhook: webhookId },
    })
  }
  return {
    wake,
    async queue(tx, tenantId, events) {
      const webhooks = await tx.db
        .selectFrom('webhooks')
        .select(['id', 'kinds', 'host_ids', databaseNow(tx.engine).as('now')])
        .where('tenant_id', '=', tenantId)
        .where('active', '=', 1)
        .orderBy('id')
        .execute()
      const matching = webhooks.flatMap(({ id, kinds, host_ids, now }) => {
        const wanted = fromJson<EventKind[]>(kinds)
        const hosts = host_ids === null ? null : fromJson<number[]>(host_ids)
        const isFor = ({ kind, hostId }: Appended) =>
          wanted.includes(kind) && (hosts === null || (hostId !== null && hosts.includes(hostId)))
        const found = events.filter(isFor)
        return found.length > 0 ? [{ id, now, events: found }] : []
      })
      if (matching.length === 0) return
      // The task first, as whoever sends to the webhook, changes it or takes it out holds it first.
      for (const { id } of matching) await wake(tx, tenantId, id)
      const there = await stillThere(tx, matching)
      const values = matching
        .filter(({ id }) => there.has(id))
        .flatMap(({ id, now, events: these }) =>
          these.flatMap((event) => [tenantId, id, event.id, 0, now, now + GIVE_UP_MS, now, now]),
        )
      await bulkInsert(tx.engine, tx.db as never, { table: 'webhook_deliveries', columns: COLUMNS }, values)
    },
  }
}
