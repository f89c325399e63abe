import type { Phone } from '../../contract/users.ts'
import { isOneOf } from '../platform/database/engine.ts'
import type { Store } from '../platform/database/store.ts'
import type { CallRow, EventRow } from './event-shape.ts'
import type { LiveTables } from './tables.ts'

/** An event with the call it tells of. */
export type TellableRow = { event: EventRow; call: CallRow }

type Seeing = { tenantId: number; hostId: number | null; phones: (() => readonly Phone[]) | null }

/** What viewers are told that the feed does not bring them, in the order of ids. */
export type Backlog = {
  byIds(ids: number[]): Promise<TellableRow[]>
  /**
   * What a viewer is to be told first. `lastId` null: the last event of each call that goes on. Else what happened since,
   * to calls the viewer knew and to those that go on; whoever missed more than a thousand events, or knows of one that is
   * not there, begins anew. What is not among it up to the id `upTo` is nothing to be told, also when the feed brings it
   * late.
   */
  read(viewer: Seeing, lastId: number | null): Promise<{ rows: TellableRow[]; upTo: number }>
}

const MOST = 1_000
/** A call that has gone on for longer was not seen to end. */
const LONGEST_CALL_MS = 24 * 60 * 60_000
const EVENT = ['kind', 'at', 'goes_on_at', 'missed'] as const

export function openBacklog({ read, feed, engine }: Store<LiveTables>): Backlog {
  const tellable = (db: typeof read) =>
    db
      .selectFrom('live_events')
      .innerJoin('live_calls', (join) =>
        join
          .onRef('live_calls.tenant_id', '=', 'live_events.tenant_id')
          .onRef('live_calls.id', '=', 'live_events.live_call_id'),
      )
      .selectAll('live_calls')
      .select(['live_events.id as event_id', ...EVENT])
      .orderBy('live_events.id')
  type Joined = Awaited<ReturnType<ReturnType<typeof tellable>['execute']>>[number]
  const toRow = ({ event_id, kind, at, goes_on_at, missed, ...call }: Joined): TellableRow => ({
    event: { id: event_id, live_call_id: call.id, kind, at, goes_on_at, missed },
    call,
  })

  const extensionsOf = ({ phones }: Seeing) =>
    phones && [...new Set(phones().map((phone) => phone.extension))]
  const goingOn = async (viewer: Seeing) => {
    const { tenantId, hostId } = viewer
    const extensions = extensionsOf(viewer)
    let calls = read
      .selectFrom('live_calls')
      .select('id')
      .where('tenant_id', '=', tenantId)
      .where('ended_at', 'is', null)
      .where('started_at', '>', Date.now() - LONGEST_CALL_MS)
    if (hostId !== null) calls = calls.where('host_id', '=', hostId)
    if (extensions !== null) calls = calls.where(isOneOf(engine, 'agent', extensions, 'text'))
    const ids = (await calls.execute()).map((row) => row.id)
    if (ids.length === 0) return []
    const rows = await tellable(read)
      .where('live_events.tenant_id', '=', tenantId)
      .where(isOneOf(engine, 'live_events.live_call_id', ids, 'bigint'))
      .execute()
    const last = new Map(rows.map((row) => [row.id, row]))
    return [...last.values()].toSorted((one, other) => one.event_id - other.event_id)
  }
  const since = (viewer: Seeing, lastId: number) => {
    const { tenantId, hostId } = viewer
    const extensions = extensionsOf(viewer)
    let rows = tellable(read)
      .where('live_events.tenant_id', '=', tenantId)
      .where('live_events.id', '>', lastId)
      .where((is) =>
        is.or([
          is('live_calls.ended_at', 'is', null),
          is.exists(
            is
              .selectFrom('live_events as known')
              .select('known.id')
              .whereRef('known.tenant_id', '=', 'live_events.tenant_id')
              .whereRef('known.live_call_id', '=', 'live_events.live_call_id')
              .where('known.id', '<=', lastId),
          ),
        ]),
      )
      .limit(MOST + 1)
    if (hostId !== null) rows = rows.where('live_calls.host_id', '=', hostId)
    if (extensions !== null) rows = rows.where(isOneOf(engine, 'live_calls.agent', extensions, 'text'))
    return rows.execute()
  }
  const newest = async ({ tenantId }: Seeing) => {
    const last = await read
      .selectFrom('live_events')
      .select('id')
      .where('tenant_id', '=', tenantId)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return last?.id ?? 0
  }

  return {
    async byIds(ids) {
      const rows = await tellable(feed)
        .where(isOneOf(engine, 'live_events.id', ids, 'bigint'))
        .execute()
      return rows.map(toRow)
    },
    async read(viewer, lastId) {
      const upTo = await newest(viewer)
      // An id that was never given is of another database.
      const missed = lastId !== null && lastId <= upTo ? await since(viewer, lastId) : null
      const rows = missed === null || missed.length > MOST ? await goingOn(viewer) : missed
      return { rows: rows.map(toRow), upTo }
    },
  }
}
