import { recordAudit, type Actor } from '../../platform/audit.ts'
import type { Store } from '../../platform/database/store.ts'
import type { Log } from '../../platform/log.ts'
import type { Work } from '../../platform/work/work.ts'
import type { RoutingTables } from '../tables.ts'
import { CalendarFault } from './calendar-fault.ts'
import { expansionColumns, periodAround, toCalendar, type CalendarRow } from './calendar-row.ts'
import type { CalendarDeps } from './calendars.ts'
import { fetchCalendar, NoCalendar, type FetchedCalendar } from './fetch-calendar.ts'

const HOUR_MS = 60 * 60_000
const LOOK_EVERY_MS = HOUR_MS / 4
const FETCHED_EVERY_MS = 12 * HOUR_MS
const FETCHED_AGAIN_MS = HOUR_MS
/** The period that is known moves on by this at a time. */
const EXPANDED_EVERY_MS = 30 * 24 * HOUR_MS
const MOST_AT_ONCE = 500

export type CalendarUpkeepDeps = Pick<CalendarDeps, 'clock' | 'http' | 'expand'> & {
  store: Store<RoutingTables>
  log: Log
}

const asHub = (tenantId: number): Actor => ({
  kind: 'system',
  id: null,
  name: 'cordboard',
  tenantId,
  requestId: null,
  address: null,
})

/** When a calendar is looked after next, ms UTC. */
function isFetchDue({ url, checked_at, failing_since }: CalendarRow, now: number): boolean {
  const pause = failing_since === null ? FETCHED_EVERY_MS : FETCHED_AGAIN_MS
  return url !== null && (checked_at ?? 0) + pause <= now
}

/** Fetches calendars from their addresses and moves on the period that is known of them, once for all hubs together. */
export function planCalendars(work: Work, { store, clock, http, expand, log }: CalendarUpkeepDeps): void {
  const due = (now: number) =>
    store.read
      .selectFrom('profile_calendars')
      .select(['tenant_id', 'profile_id'])
      .where((is) =>
        is.or([
          is('expanded_at', '<=', now - EXPANDED_EVERY_MS),
          is.and([
            is('url', 'is not', null),
            is.or([
              is('checked_at', '<=', now - FETCHED_EVERY_MS),
              is.and([is('failing_since', 'is not', null), is('checked_at', '<=', now - FETCHED_AGAIN_MS)]),
            ]),
          ]),
        ]),
      )
      .orderBy('checked_at')
      .limit(MOST_AT_ONCE)
      .execute()

  /** What the address has now; its problem when it gives nothing of use. */
  const look = async (row: CalendarRow, now: number) => {
    const isDue = isFetchDue(row, now)
    const period = periodAround(now)
    const keep = async () => expansionColumns(await expand({ text: row.ics, ...period }), now)
    const isOld = row.expanded_at <= now - EXPANDED_EVERY_MS
    if (!isDue) return isOld ? await keep() : null
    const well = { checked_at: now, problem: null, failing_since: null }
    try {
      const fetched: FetchedCalendar = await fetchCalendar(http, row.url ?? '', row.etag)
      if (fetched.ics === null || fetched.ics === row.ics)
        return { ...well, etag: fetched.etag, fetched_at: now, ...(isOld ? await keep() : {}) }
      const content = expansionColumns(await expand({ text: fetched.ics, ...period }), now)
      return { ...well, ...content, ics: fetched.ics, etag: fetched.etag, fetched_at: now }
    } catch (error) {
      if (!(error instanceof NoCalendar || error instanceof CalendarFault)) throw error
      log.warn('the calendar of a profile could not be fetched', {
        profile: row.profile_id,
        error: error.message,
      })
      const failing = { checked_at: now, problem: error.message, failing_since: row.failing_since ?? now }
      return { ...failing, ...(isOld ? await keep() : {}) }
    }
  }

  work.plan({
    kind: 'profile_calendars',
    schedule: { everyMs: LOOK_EVERY_MS },
    async run() {
      const found = await due(clock.now())
      if (found.length === 0) return
      await store.transact(async (tx) => {
        for (const { tenant_id, profile_id } of found)
          await work.add(tx as never, {
            tenantId: tenant_id,
            kind: 'profile_calendar',
            payload: { profile: profile_id },
            unique: String(profile_id),
            again: true,
          })
      })
    },
  })
  work.handle<{ profile: number }>({
    kind: 'profile_calendar',
    attempts: 3,
    async run({ tenantId, payload, hold }) {
      const { profile } = payload
      const row = await store.read
        .selectFrom('profile_calendars')
        .selectAll()
        .where('tenant_id', '=', tenantId)
        .where('profile_id', '=', profile)
        .executeTakeFirst()
      if (!row) return
      const now = clock.now()
      const found = await look(row, now)
      if (found === null) return
      await store.transact(async (tx) => {
        await hold(tx as never)
        const written = await tx.db
          .updateTable('profile_calendars')
          .set({ ...found, updated_at: now })
          .where('tenant_id', '=', tenantId)
          .where('profile_id', '=', profile)
          // Whoever put another one there meanwhile has the last word.
          .where('updated_at', '=', row.updated_at)
          .returningAll()
          .executeTakeFirst()
        if (!written) return
        if ('ics' in found)
          await recordAudit(tx, asHub(tenantId), {
            action: 'update',
            entity: 'profile_calendar',
            entityId: profile,
            before: toCalendar(row),
            after: toCalendar(written),
          })
        if ('expansion' in found) tx.changed(tenantId, 'profile', profile)
      })
    },
  })
}
