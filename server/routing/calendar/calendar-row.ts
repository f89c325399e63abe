import type { Selectable } from 'kysely'
import type { ProfileCalendar } from '../../../contract/profile-calendars.ts'
import { toJson } from '../../platform/database/json.ts'
import type { ProfileCalendarsTable } from '../tables.ts'
import type { Expanded } from './expand.ts'

export type CalendarRow = Selectable<ProfileCalendarsTable>

const DAY_MS = 86_400_000
const KNOWN_BEFORE_MS = 366 * DAY_MS
const KNOWN_AHEAD_MS = 3 * 366 * DAY_MS

/** The period that is expanded now, ms UTC. */
export const periodAround = (now: number) => ({ from: now - KNOWN_BEFORE_MS, until: now + KNOWN_AHEAD_MS })

/** The columns that hold what a text comes to. */
export const expansionColumns = ({ events, ...expansion }: Expanded, now: number) => ({
  events,
  expansion: toJson(expansion),
  known_from: expansion.from,
  known_until: expansion.until,
  expanded_at: now,
})

const iso = (at: number) => new Date(at).toISOString()
const isoOrNull = (at: number | null) => (at === null ? null : iso(at))

export const toCalendar = (row: Omit<CalendarRow, 'ics' | 'expansion'>): ProfileCalendar => ({
  profile_id: row.profile_id,
  url: row.url,
  events: row.events,
  known_from: iso(row.known_from),
  known_until: iso(row.known_until),
  fetched_at: iso(row.fetched_at),
  checked_at: isoOrNull(row.checked_at),
  problem: row.problem,
  failing_since: isoOrNull(row.failing_since),
  updated_at: iso(row.updated_at),
})
