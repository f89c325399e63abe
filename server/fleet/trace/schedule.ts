import { localTime } from '../../platform/local-time.ts'
import type { Row } from '../snapshots/canonical.ts'
import { rowsOf, textOf } from './world.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

/** `HH:MM[:SS]` in ms since midnight; null for what is no time. 23:59 is the day's end: nobody closes for one minute. */
function timeOfDay(text: string, isEnd: boolean): number | null {
  const match = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?$/.exec(text)
  if (!match) return null
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1000
  return isEnd && ms >= DAY_MS - MINUTE_MS ? DAY_MS : ms
}

/** The period of a schedule that an instant falls into by the clocks of a zone. One that ends before it begins goes over midnight. */
export function periodAt(schedule: Row | null, zone: string, at: number): Row | null {
  const { day, ms } = localTime(zone, at)
  // 1970-01-01 was a Thursday.
  const today = DAYS[(((day + 4) % 7) + 7) % 7]
  const yesterday = DAYS[(((day + 3) % 7) + 7) % 7]
  for (const period of rowsOf(schedule?.['Periods'])) {
    const start = timeOfDay(textOf(period['Start']), false) ?? 0
    const stop = timeOfDay(textOf(period['Stop']), true) ?? DAY_MS
    const isOver = stop <= start
    const isOf = period['DayOfWeek']
    if (isOf === today && ms >= start && (isOver || ms < stop)) return period
    if (isOver && isOf === yesterday && ms < stop) return period
  }
  return null
}

/** `PT8H30M` in ms; null for what is no duration. */
function duration(text: string): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/.exec(text)
  if (!match || text === 'P') return null
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
}

const dateOf = (year: number, month: number, day: number): number | null => {
  const at = Date.UTC(year, month - 1, day)
  return new Date(at).getUTCMonth() === month - 1 ? at : null
}

/** Whether an instant falls into a holiday by the clocks of a zone. Yearly ones may go over the new year. */
export function isHoliday(holiday: Row, zone: string, at: number): boolean {
  const { day, ms } = localTime(zone, at)
  const local = day * DAY_MS + ms
  const number = (field: string) => Number(holiday[field] ?? 0)
  const [month, first] = [number('Month'), number('Day')]
  const [lastMonth, last] = [number('MonthEnd') || month, number('DayEnd') || first]
  const from = duration(textOf(holiday['TimeOfStartDate'])) ?? 0
  const until = duration(textOf(holiday['TimeOfEndDate']))
  // Without a time, and at 23:59, it ends with the day.
  const end = until === null || until >= DAY_MS - MINUTE_MS ? DAY_MS : until
  const isYearly = holiday['IsRecurrent'] === true || number('Year') === 0
  const year = new Date(local).getUTCFullYear()
  const goesOver = lastMonth < month || (lastMonth === month && last < first)
  const years = isYearly
    ? [year - 1, year].map((begin) => [begin, begin + (goesOver ? 1 : 0)] as const)
    : [[number('Year'), number('YearEnd') || number('Year') + (goesOver ? 1 : 0)] as const]
  return years.some(([begin, finish]) => {
    // A day that is not in the year, 29 February, lies between its neighbours and lasts no time.
    const next = (of: number, inMonth: number) => Date.UTC(of, inMonth, 1)
    const [starts, ends] = [dateOf(begin, month, first), dateOf(finish, lastMonth, last)]
    const begins = starts === null ? next(begin, month) : starts + from
    const stops = ends === null ? next(finish, lastMonth) : ends + end
    return local >= begins && local < stops
  })
}

/** What the clocks of a zone show, for a person. */
export function clockAt(zone: string, at: number): string {
  const { day, ms } = localTime(zone, at)
  const shown = new Date(day * DAY_MS + ms)
  return `${DAYS[shown.getUTCDay()]} ${shown.toISOString().slice(0, 10)} ${shown.toISOString().slice(11, 16)} in ${zone}`
}

/** A period for a person. */
export const periodText = (period: Row): string =>
  `${textOf(period['DayOfWeek'])} ${textOf(period['Start']).slice(0, 5)}–${textOf(period['Stop']).slice(0, 5)}`
