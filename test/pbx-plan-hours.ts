/** When a planned PBX and its departments are open: worked out on written dates and clocks, day by day. */
import type { Goal, Plan } from './pbx-plans.ts'

export type Period = { day: number; start: string; stop: string }
export type Feast = {
  name: string
  /** 0 = every year. */
  year: number
  month: number
  day: number
  /** How many days it lasts. */
  days: number
  /** Minutes after midnight at which it begins on its first day, and ends on its last. */
  from: number
  until: number
}
export type Hours = 'office' | 'out' | 'break' | 'holiday' | 'operator'
/** The hours a rule has: the office's, all others, breaks, always, never, or its own periods and what is outside them. */
export type RuleHours =
  | 'office'
  | 'closed'
  | 'breaks'
  | 'always'
  | 'never'
  | 'own'
  | 'ownWithoutFeasts'
  | 'notOwn'
  | 'notOwnAndFeasts'
export type Department = {
  number: string
  name: string
  zone: string
  /** `main`: those of the whole PBX. */
  week: { is: 'main' | 'always' | 'never' | 'within' | 'outside'; periods: Period[] }
  /** null: those of the whole PBX. */
  pauses: Period[] | null
  feasts: Feast[]
  hasOnlyOwnFeasts: boolean
  ignoresFeasts: boolean
  byHand: { hours: Hours; until: number | null } | null
  goals: Record<Hours, Goal>
}
type Wall = { date: string; clock: string }

/** `HH:MM:SS` of a minute of the day. */
export const time = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00`

/** What a clock on the wall there shows: the date, and `HH:MM`. */
function onTheWall(zone: string, at: number): Wall {
  // Swedes write dates as the world ought to.
  const [date = '', clock = ''] = new Date(at).toLocaleString('sv-SE', { timeZone: zone }).split(' ')
  return { date, clock: clock.slice(0, 5) }
}

const daysOn = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T12:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
const weekday = (date: string): number => new Date(`${date}T12:00Z`).getUTCDay()

/** Whether the minute is among all minutes of these periods, written down one by one as day and clock. */
function isWithin(periods: Period[], { date, clock }: Wall): boolean {
  return periods.some(({ day, start, stop }) => {
    const [from, to] = [start.slice(0, 5), stop.slice(0, 5)]
    if (to > from) return weekday(date) === day && clock >= from && clock < (to >= '23:59' ? '24:00' : to)
    return (weekday(date) === day && clock >= from) || (weekday(daysOn(date, -1)) === day && clock < to)
  })
}

/** Its last day as a PBX has it: a feast of every year ends on the same day every year. */
export function lastDayOf({ year, month, day, days }: Feast): string {
  // A year without a 29 February: one that begins on it begins with March.
  return daysOn(daysOn(`${year || 2025}-${String(month).padStart(2, '0')}-01`, day - 1), days - 1)
}

/** Writes down every day of a feast, and looks whether the date is among them. */
function isFeast(feast: Feast, { date, clock }: Wall): boolean {
  const monthDay = (month: number, day: number) =>
    `${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
  const isOneDay = feast.days === 1
  const last = isOneDay ? monthDay(feast.month, feast.day) : lastDayOf(feast).slice(5)
  const first = monthDay(feast.month, feast.day)
  const years = feast.year === 0 ? [2023, 2024, 2025, 2026, 2027] : [feast.year]
  return years.some((year) => {
    const [begins, ends] = [`${year}-${first}`, `${last < first ? year + 1 : year}-${last}`]
    if (date < begins || date > ends) return false
    if (date === begins && clock < time(feast.from).slice(0, 5)) return false
    return date !== ends || feast.until >= 1439 || clock < time(feast.until).slice(0, 5)
  })
}

const named = (plan: Plan, name: string | null): Department | null =>
  plan.departments.find(({ number }) => number === name) ?? null

/**
 * The hours of a department (null: of the PBX). `minded`: the holidays and breaks that anybody here has something for;
 * `all`; or `feast`, when nothing is asked but whether it is one.
 */
export function hoursOf(
  plan: Plan,
  name: string | null,
  at: number,
  minded: readonly Hours[] | 'all' | 'feast',
): Hours {
  const department = named(plan, name)
  const isMinded = (hours: Hours) => minded === 'all' || minded.includes(hours)
  const { week, zone } = calendar(plan, department)
  const wall = onTheWall(zone, at)
  const feasts = [...(department?.hasOnlyOwnFeasts ? [] : plan.feasts), ...(department?.feasts ?? [])]
  const isHoliday = feasts.some((feast) => isFeast(feast, wall))
  if (minded === 'feast') return isHoliday ? 'holiday' : 'office'
  const hand = department?.byHand
  if (hand && (hand.until === null || at < hand.until))
    if (isMinded(hand.hours) || !['holiday', 'break'].includes(hand.hours)) return hand.hours
  const ignores = department !== null && department.week.is !== 'main' && department.ignoresFeasts
  if (isHoliday && !ignores && isMinded('holiday')) return 'holiday'
  if (isMinded('break') && isWithin(department?.pauses ?? plan.pauses, wall)) return 'break'
  return isOpen(week, wall) ? 'office' : 'out'
}

function calendar(plan: Plan, department: Department | null): { week: Department['week']; zone: string } {
  if (department && department.week.is !== 'main') return { week: department.week, zone: department.zone }
  return { week: { is: 'within', periods: plan.periods }, zone: plan.zone }
}

function isOpen({ is, periods }: Department['week'], wall: Wall): boolean {
  if (is === 'within') return isWithin(periods, wall)
  return is === 'always' || (is === 'outside' && !isWithin(periods, wall))
}

/** Whether the hours of a rule hold. */
export function isHeld(
  plan: Plan,
  hours: RuleHours,
  name: string | null,
  at: number,
  ignoresFeasts: boolean,
): boolean {
  const { zone } = calendar(plan, named(plan, name))
  const isOwn = isWithin(plan.ownPeriods, onTheWall(zone, at))
  const isFree = !ignoresFeasts && hoursOf(plan, name, at, 'feast') === 'holiday'
  switch (hours) {
    case 'office':
      return hoursOf(plan, name, at, ['break']) !== 'out'
    case 'closed':
      return hoursOf(plan, name, at, ['break']) === 'out'
    case 'breaks':
      return hoursOf(plan, name, at, ['break']) === 'break'
    case 'always':
      return true
    case 'never':
      return false
    case 'own':
      return isOwn
    case 'notOwn':
      return !isOwn
    case 'ownWithoutFeasts':
      return isOwn && !isFree
    case 'notOwnAndFeasts':
      return !isOwn || isFree
  }
}
