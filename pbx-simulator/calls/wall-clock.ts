import type { Row } from '../model/pbx.ts'
import { textOf } from '../model/text.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const DAY_SECONDS = 86_400
const LAST_MINUTE = DAY_SECONDS - 60

/** What a clock and a calendar on the wall show. */
export type Wall = { weekday: number; year: number; month: number; day: number; second: number }

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const date = { weekday: 'long', year: 'numeric', month: 'numeric', day: 'numeric' } as const
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const
  const made = new Intl.DateTimeFormat('en-GB', { timeZone, ...date, ...time })
  formats.set(timeZone, made)
  return made
}

export function wallAt(zone: string, at: number): Wall {
  const shown: Record<string, string> = {}
  for (const { type, value } of formatOf(zone).formatToParts(at)) shown[type] = value
  const number = (part: string): number => Number(shown[part])
  return {
    weekday: DAYS.indexOf(shown.weekday ?? ''),
    year: number('year'),
    month: number('month'),
    day: number('day'),
    second: number('hour') * 3600 + number('minute') * 60 + number('second'),
  }
}

/** `HH:MM` or `HH:MM:SS` as seconds after midnight. */
function secondOf(text: unknown): number {
  const [hours = 0, minutes = 0, seconds = 0] = textOf(text).split(':').map(Number)
  return hours * 3600 + minutes * 60 + Math.floor(seconds)
}

/** Whether one of the periods of a schedule is running. One that ends before it begins ends on the next day. */
export function isInPeriods(schedule: unknown, { weekday, second }: Wall): boolean {
  const periods = ((schedule as Row | null | undefined)?.Periods ?? []) as Row[]
  return periods.some((period) => {
    const start = secondOf(period.Start)
    const written = secondOf(period.Stop)
    const stop = written >= LAST_MINUTE ? DAY_SECONDS : written
    const begun = DAYS.indexOf(textOf(period.DayOfWeek))
    if (stop > start) return weekday === begun && second >= start && second < stop
    const isLate = weekday === begun && second >= start
    return isLate || (weekday === (begun + 1) % 7 && second < stop)
  })
}

/** An ISO 8601 duration from midnight as seconds; null for none. */
function secondsOf(duration: unknown): number | null {
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?$/.exec(textOf(duration))
  return match && Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)
}

/** Where in the year, or in all years, a moment is: larger for later. */
const placeIn = (year: number, month: number, day: number, second: number): number =>
  ((year * 100 + month) * 100 + day) * DAY_SECONDS + second

/** Whether a holiday is on. The yearly ones may begin in one year and end in the next. */
export function isHolidayNow(holiday: Row, wall: Wall): boolean {
  const field = (name: string): number => Number(holiday[name] ?? 0)
  const [month, day] = [field('Month'), field('Day')]
  const [monthEnd, dayEnd] = [field('MonthEnd') || month, field('DayEnd') || day]
  const start = secondsOf(holiday.TimeOfStartDate) ?? 0
  const written = secondsOf(holiday.TimeOfEndDate)
  const stop = written === null || written >= LAST_MINUTE ? DAY_SECONDS : written
  const isOverNewYear = monthEnd < month || (monthEnd === month && dayEnd < day)
  const isYearly = holiday.IsRecurrent === true || field('Year') === 0
  if (isYearly) {
    const now = placeIn(0, wall.month, wall.day, wall.second)
    const isBegun = now >= placeIn(0, month, day, start)
    const isOver = now >= placeIn(0, monthEnd, dayEnd, stop)
    return isOverNewYear ? isBegun || !isOver : isBegun && !isOver
  }
  const yearEnd = field('YearEnd') || field('Year') + (isOverNewYear ? 1 : 0)
  const now = placeIn(wall.year, wall.month, wall.day, wall.second)
  return now >= placeIn(field('Year'), month, day, start) && now < placeIn(yearEnd, monthEnd, dayEnd, stop)
}
