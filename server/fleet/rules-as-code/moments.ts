import { instantOf, localTime } from '../../platform/local-time.ts'
import type { Row } from '../snapshots/canonical.ts'
import { calendarOfRule } from '../trace/rules.ts'
import { rowOf, rowsOf, textOf, type World } from '../trace/world.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** `HH:MM[:SS]` in ms; 0 for what is no time. */
function timeOfDay(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number)
  const ms = ((hours * 60 + minutes) * 60 + Math.floor(seconds)) * 1000
  return Number.isFinite(ms) ? ms : 0
}

/**
 * The moments of the coming week, and of the next occurrence of each holiday, at which a rule may send calls elsewhere than
 * before: where periods of its hours, or of those it follows, begin and end. In ms UTC, ascending, `now` the first.
 */
export function momentsOf(world: World, rule: Row, now: number): number[] {
  const calendar = calendarOfRule(world, rule)
  const { zone } = calendar
  const today = localTime(zone, now).day
  const moments = new Set<number>([now])
  const add = (local: number) => {
    const at = instantOf(zone, local)
    if (at >= now) moments.add(at)
  }
  for (const schedule of [rowOf(rule['Hours']), calendar.hours, calendar.breakTime])
    for (const period of rowsOf(schedule?.['Periods'])) {
      const wanted = DAYS.indexOf(textOf(period['DayOfWeek']))
      for (let day = today; day <= today + 7; day++) {
        // 1970-01-01 was a Thursday.
        if ((((day + 4) % 7) + 7) % 7 !== wanted) continue
        add(day * DAY_MS + timeOfDay(textOf(period['Start'])))
        add(day * DAY_MS + timeOfDay(textOf(period['Stop'])))
      }
    }
  for (const holiday of calendar.holidays) {
    const day = nextDayOf(holiday, today)
    if (day === null) continue
    // At noon of its first day, and at ten, when a holiday of a few hours may not have begun.
    add(day * DAY_MS + 10 * HOUR_MS)
    add(day * DAY_MS + 12 * HOUR_MS)
  }
  return [...moments].sort((a, b) => a - b)
}

/** The first day of a holiday from that day on, in days since 1970; null when it is over for good. */
function nextDayOf(holiday: Row, today: number): number | null {
  const number = (field: string) => Number(holiday[field] ?? 0)
  const dayIn = (year: number) => Date.UTC(year, number('Month') - 1, number('Day')) / DAY_MS
  const isYearly = holiday['IsRecurrent'] === true || number('Year') === 0
  const year = new Date(today * DAY_MS).getUTCFullYear()
  const days = isYearly ? [dayIn(year), dayIn(year + 1)] : [dayIn(number('Year'))]
  return days.find((day) => Number.isFinite(day) && day >= today) ?? null
}
