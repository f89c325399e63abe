import type {
  ProfileCalendar,
  ProfileCalendarDays,
  ProfileCalendarInput,
} from '../../../contract/profile-calendars.ts'
import { recordAudit, type Actor } from '../../platform/audit.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Committed } from '../../platform/committed.ts'
import { fromJson } from '../../platform/database/json.ts'
import type { Store, Tx } from '../../platform/database/store.ts'
import { invalid, notFound } from '../../platform/errors.ts'
import { unconditional, type Condition } from '../../platform/etag.ts'
import { localTime } from '../../platform/local-time.ts'
import type { RoutingTables } from '../tables.ts'
import { CalendarFault } from './calendar-fault.ts'
import { expansionColumns, periodAround, toCalendar, type CalendarRow } from './calendar-row.ts'
import type { Expansion } from './expand.ts'
import type { Expand } from './expansion.ts'
import { addressFault, fetchCalendar, NoCalendar, type CalendarHttp } from './fetch-calendar.ts'

/** The iCalendars of profiles: one each. */
export type Calendars = {
  /** How fresh it is; 404 without one. */
  get(tenantId: number, profileId: number): Promise<ProfileCalendar>
  /** Its text. */
  text(tenantId: number, profileId: number): Promise<string>
  /** What it takes between two days (`YYYY-MM-DD`, both included), by the clocks of the profile's zone. */
  days(
    tenantId: number,
    profileId: number,
    period: { from?: string | undefined; to?: string | undefined },
  ): Promise<ProfileCalendarDays>
  /** Puts a calendar in the place of the one there is. 422 when it cannot be read or fetched: the older one stays. */
  put(
    actor: Actor,
    profileId: number,
    input: ProfileCalendarInput,
    condition?: Condition,
  ): Promise<Committed<ProfileCalendar>>
  remove(actor: Actor, profileId: number, condition?: Condition): Promise<Committed<null>>
}

export type CalendarDeps = {
  clock: Clock
  http: CalendarHttp
  expand: Expand
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
}

const DAY_MS = 86_400_000
const MOST_DAYS = 1_000
const wallText = (wall: number) => new Date(wall).toISOString().slice(0, 19)

/** The profile's calendar under the lock of its row; null without one. 404 without the profile. */
async function lockOf(
  { db, engine }: Tx<RoutingTables>,
  tenantId: number,
  profileId: number,
): Promise<CalendarRow | null> {
  const profiles = db
    .selectFrom('profiles')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', profileId)
  const profile = await (engine === 'postgres' ? profiles.forUpdate() : profiles).executeTakeFirst()
  if (!profile) throw notFound('Profile')
  const row = await db
    .selectFrom('profile_calendars')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('profile_id', '=', profileId)
    .executeTakeFirst()
  return row ?? null
}

export function openCalendars(store: Store<RoutingTables>, deps: CalendarDeps): Calendars {
  const { clock, http, expand, timeZone } = deps
  const find = async (tenantId: number, profileId: number): Promise<CalendarRow> => {
    const row = await store.read
      .selectFrom('profile_calendars')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('profile_id', '=', profileId)
      .executeTakeFirst()
    if (!row) throw notFound('Calendar')
    return row
  }
  const profileOf = async (tenantId: number, profileId: number) => {
    const profile = await store.read
      .selectFrom('profiles')
      .select('time_zone')
      .where('tenant_id', '=', tenantId)
      .where('id', '=', profileId)
      .executeTakeFirst()
    if (!profile) throw notFound('Profile')
    return profile
  }

  const textOf = async ({ ics, url }: ProfileCalendarInput) => {
    if ((ics === undefined) === (url === undefined))
      throw invalid({ ics: ['Give either the text or the address of a calendar.'] })
    if (url === undefined) return { ics: ics ?? '', etag: null }
    const fault = addressFault(url)
    if (fault !== null) throw invalid({ url: [fault] })
    const fetched = await fetchCalendar(http, url, null)
    return { ics: fetched.ics ?? '', etag: fetched.etag }
  }
  /** Outside of any transaction: another host is asked, and a thread reads. */
  const read = async (input: ProfileCalendarInput, now: number) => {
    try {
      const { ics, etag } = await textOf(input)
      return { ics, etag, ...expansionColumns(await expand({ text: ics, ...periodAround(now) }), now) }
    } catch (error) {
      if (error instanceof CalendarFault || error instanceof NoCalendar)
        throw invalid({ [input.url === undefined ? 'ics' : 'url']: [error.message] })
      throw error
    }
  }

  return {
    async get(tenantId, profileId) {
      return toCalendar(await find(tenantId, profileId))
    },
    async text(tenantId, profileId) {
      return (await find(tenantId, profileId)).ics
    },
    async days(tenantId, profileId, { from, to }) {
      const { time_zone } = await profileOf(tenantId, profileId)
      const row = await find(tenantId, profileId)
      const zone = time_zone ?? timeZone(tenantId)
      const first = from === undefined ? localTime(zone, clock.now()).day * DAY_MS : Date.parse(from)
      const end = to === undefined ? first + 366 * DAY_MS : Date.parse(to) + DAY_MS
      if (end <= first) throw invalid({ to: ['Lies before the first day.'] })
      const wallOf = (instant: number) => {
        const { day, ms } = localTime(zone, instant)
        return day * DAY_MS + ms
      }
      const data = fromJson<Expansion>(row.expansion)
        .spans.map(({ name, local, ...span }) =>
          local ? { name, ...span } : { name, from: wallOf(span.from), to: wallOf(span.to) },
        )
        .filter((span) => span.from < end && first < span.to)
        .toSorted((one, other) => one.from - other.from)
        .slice(0, MOST_DAYS)
        .map((span) => ({ name: span.name, from: wallText(span.from), to: wallText(span.to) }))
      return { time_zone: zone, data }
    },
    async put(actor, profileId, input, condition = unconditional) {
      const { tenantId } = actor
      await profileOf(tenantId, profileId)
      const now = clock.now()
      const content = await read(input, now)
      return await store.transact(async (tx) => {
        const before = await lockOf(tx, tenantId, profileId)
        condition(before === null ? {} : toCalendar(before))
        const url = input.url ?? null
        const row = {
          ...content,
          url,
          fetched_at: now,
          checked_at: url === null ? null : now,
          problem: null,
          failing_since: null,
          updated_at: now,
        }
        const written = await tx.db
          .insertInto('profile_calendars')
          .values({ tenant_id: tenantId, profile_id: profileId, ...row })
          .onConflict((conflict) => conflict.columns(['tenant_id', 'profile_id']).doUpdateSet(row))
          .returningAll()
          .executeTakeFirstOrThrow()
        await recordAudit(tx, actor, {
          action: before ? 'update' : 'create',
          entity: 'profile_calendar',
          entityId: profileId,
          ...(before ? { before: toCalendar(before) } : {}),
          after: toCalendar(written),
        })
        tx.changed(tenantId, 'profile', profileId)
        return toCalendar(written)
      })
    },
    async remove(actor, profileId, condition = unconditional) {
      const { tenantId } = actor
      return await store.transact(async (tx) => {
        const before = await lockOf(tx, tenantId, profileId)
        if (before === null) throw notFound('Calendar')
        condition(toCalendar(before))
        await tx.db
          .deleteFrom('profile_calendars')
          .where('tenant_id', '=', tenantId)
          .where('profile_id', '=', profileId)
          .execute()
        const act = { action: 'delete', entity: 'profile_calendar', entityId: profileId } as const
        await recordAudit(tx, actor, { ...act, before: toCalendar(before) })
        tx.changed(tenantId, 'profile', profileId)
        return null
      })
    },
  }
}
