import type { Holiday, WeekHours } from '../../contract/profiles.ts'
import { localTime } from '../platform/local-time.ts'
import type { CalendarSpan, Expansion } from './calendar/expand.ts'

/** Minutes of a week from Monday's midnight, end excluded. A span over Sunday's midnight ends beyond the week. */
export type WeekSpan = { start: number; end: number }

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
const DAY_MINUTES = 24 * 60
const WEEK_MINUTES = 7 * DAY_MINUTES
const DAY_MS = 86_400_000

const minutesOf = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))

/** The spans of a week in order of their beginning; one that ends no later than it begins ends on the next day. */
export function weekSpans(hours: WeekHours): WeekSpan[] {
  return DAYS.flatMap((day, i) =>
    (hours[day] ?? []).map(({ from, to }) => {
      const [start, end] = [minutesOf(from), minutesOf(to)]
      const midnight = i * DAY_MINUTES
      return { start: midnight + start, end: midnight + end + (end <= start ? DAY_MINUTES : 0) }
    }),
  ).toSorted((one, other) => one.start - other.start)
}

const clockText = (minute: number) => {
  const [day, ofDay] = [Math.floor(minute / DAY_MINUTES) % 7, minute % DAY_MINUTES]
  const [hour, rest] = [Math.floor(ofDay / 60), ofDay % 60]
  return `${DAYS[day]} ${String(hour).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}
const spanText = ({ start, end }: WeekSpan) => `${clockText(start)} to ${clockText(end)}`

/** What is wrong with opening hours, in words; null when nothing is. */
export function hoursFault(hours: WeekHours): string | null {
  const spans = weekSpans(hours)
  for (const [i, span] of spans.entries()) {
    const next = spans[i + 1]
    const first = spans[0]!
    const following = next ?? { start: first.start + WEEK_MINUTES, end: first.end + WEEK_MINUTES }
    if (span.end > following.start) {
      const other = next ?? first
      return other === span
        ? `${spanText(span)} overlaps itself.`
        : `${spanText(span)} and ${spanText(other)} overlap.`
    }
  }
  return null
}

const monthAndDay = (date: string) => date.slice(5)
const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10)

/** The holiday that a calendar day (whole days since 1970-01-01) belongs to; null for none. */
export function holidayOn(holidays: readonly Holiday[], day: number): Holiday | null {
  const date = dateOf(day)
  const isOn = ({ from, to = from, yearly = false }: Holiday) => {
    if (!yearly) return from <= date && date <= to
    const [first, last, today] = [monthAndDay(from), monthAndDay(to), monthAndDay(date)]
    // Christmas to New Year: the days before the turn of the year and those after it.
    return first <= last ? first <= today && today <= last : today >= first || today <= last
  }
  return holidays.find(isOn) ?? null
}

export type Schedule = {
  zone: string
  /** null: always open. */
  hours: readonly WeekSpan[] | null
  holidays: readonly Holiday[]
  /** What an iCalendar takes; null without one. */
  calendar: Expansion | null
}

/** What of a calendar takes an instant, at which the wall clocks show `local`; null for nothing. */
function spanAt({ spans }: Expansion, instant: number, local: number): CalendarSpan | null {
  for (const span of spans) {
    // In order of their beginning, by UTC or by a clock that is less than a day off.
    if (span.from > instant + DAY_MS) return null
    const at = span.local ? local : instant
    if (span.from <= at && at < span.to) return span
  }
  return null
}

/** Whether a schedule is open at an instant (ms UTC), by the wall clocks of its zone, and why. */
export function openAt(
  { zone, hours, holidays, calendar }: Schedule,
  instant: number,
): { open: boolean; why: string } {
  const { day, minute, ms } = localTime(zone, instant)
  const holiday = holidayOn(holidays, day)
  if (holiday) return { open: false, why: `Closed: ${holiday.name?.trim() || 'a holiday'}.` }
  const taken = calendar === null ? null : spanAt(calendar, instant, day * DAY_MS + ms)
  if (taken) return { open: false, why: `Closed: ${taken.name ?? 'a holiday'}, by the calendar.` }
  if (hours === null) return { open: true, why: 'Open: the profile has no hours.' }
  // 1970-01-01 was a Thursday.
  const weekday = (((day + 3) % 7) + 7) % 7
  const now = weekday * DAY_MINUTES + minute
  const isIn = ({ start, end }: WeekSpan) =>
    (start <= now && now < end) || (start <= now + WEEK_MINUTES && now + WEEK_MINUTES < end)
  const span = hours.find(isIn)
  const clock = `${clockText(now)} in ${zone}`
  return span
    ? { open: true, why: `Open: ${clock} is within ${spanText(span)}.` }
    : { open: false, why: `Closed: ${clock} is outside of the hours.` }
}
