import type { Selectable } from 'kysely'
import {
  EVENT_KINDS,
  type Event,
  type EventFeed,
  type EventKind,
  type EventQuery,
} from '../../contract/events.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { fromJson } from '../platform/database/json.ts'
import { invalid } from '../platform/errors.ts'
import { readPeriod } from '../platform/written-dates.ts'
import type { CallReach } from './call-filters.ts'
import type { EventsTable } from './event-tables.ts'
import type { JournalStore } from './write.ts'

/** An event as it is answered and sent. */
export function toEvent(row: Pick<Selectable<EventsTable>, 'id' | 'kind' | 'happened_at' | 'data'>): Event {
  const { id, kind, happened_at, data } = row
  return { id, kind, happened_at: new Date(happened_at).toISOString(), data: fromJson(data) } as Event
}

function readKinds(text: string): EventKind[] {
  const kinds = text.split(',').map((kind) => kind.trim())
  const unknown = kinds.find((kind) => !EVENT_KINDS.includes(kind as EventKind))
  if (unknown !== undefined)
    throw invalid({ kind: [`"${unknown}" is no kind of event; known: ${EVENT_KINDS.join(', ')}.`] })
  return kinds as EventKind[]
}

/**
 * A tenant's events for those who poll, in the order of their commits: whoever goes on from `next_cursor` misses none, however
 * many transactions overlap. A credential of one host sees that host's alone.
 */
export function openEventList(
  store: JournalStore,
  timeZone: (tenantId: number) => string,
): (reach: CallReach, query: EventQuery) => Promise<EventFeed> {
  return async ({ tenantId, hostId }, { after, limit = 100, kind, host, from }) => {
    const kinds = kind === undefined ? null : readKinds(kind)
    const since = readPeriod({ from }, timeZone(tenantId)).from
    const position = Number(after ?? 0)
    // Read before the events: every number up to it is committed, and therefore seen.
    const numbers = await store.read
      .selectFrom('event_numbers')
      .select('last')
      .where('tenant_id', '=', tenantId)
      .executeTakeFirst()
    const last = Math.max(position, numbers?.last ?? 0)
    let rows = store.read
      .selectFrom('events')
      .select(['id', 'seq', 'kind', 'happened_at', 'data'])
      .where('tenant_id', '=', tenantId)
      .where('seq', '>', position)
      .where('seq', '<=', last)
    if (hostId !== null) rows = rows.where('host_id', '=', hostId)
    if (host !== undefined) rows = rows.where('host_id', '=', host)
    if (kinds !== null) rows = rows.where(isOneOf(store.engine, 'kind', kinds, 'text'))
    if (since !== null) rows = rows.where('happened_at', '>=', since)
    const found = await rows
      .orderBy('seq')
      .limit(limit + 1)
      .execute()
    const shown = found.slice(0, limit)
    const has_more = found.length > limit
    return { data: shown.map(toEvent), next_cursor: String(has_more ? shown.at(-1)?.seq : last), has_more }
  }
}
