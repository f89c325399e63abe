import type { Row } from '../snapshots/canonical.ts'
import { clockAt, isHoliday, periodAt, periodText } from './schedule.ts'
import { nameOf, rowOf, rowsOf, textOf, type World } from './world.ts'

/** Whose hours count, and in which zone. */
export type Calendar = {
  owner: string
  zone: string
  hours: Row | null
  breakTime: Row | null
  holidays: readonly Row[]
  /** What somebody has set the department `of` to by hand, until an instant (ms) or for good. */
  override: { of: string; mode: string; hours: Hours; until: number | null } | null
}

export type Hours = 'office' | 'out' | 'break' | 'holiday' | 'operator'
/** What a calendar says of a moment, and why. */
export type Moment = { hours: Hours; why: string }

/** The hours of the whole PBX. */
export function mainCalendar(world: World): Calendar {
  const { officeHours, holidays } = world
  return {
    owner: 'the PBX',
    zone: world.zoneOf(officeHours?.['TimeZoneId']) ?? world.fallbackZone,
    hours: rowOf(officeHours?.['Hours']),
    breakTime: rowOf(officeHours?.['BreakTime']),
    holidays: holidays.filter((holiday) => textOf(holiday['Group']) === ''),
    override: null,
  }
}

const hasOwn = (schedule: Row | null) =>
  schedule !== null && !['', 'OfficeHours'].includes(textOf(schedule['Type']))

/** The hours of a department: its own, or those of the PBX where it has none. */
export function calendarOf(world: World, department: Row | null): Calendar {
  const main = mainCalendar(world)
  if (department === null) return main
  const names = [textOf(department['Number']), nameOf(department)].filter((name) => name !== '')
  const own = [
    ...rowsOf(department['OfficeHolidays']),
    ...world.holidays.filter((holiday) => names.includes(textOf(holiday['Group']))),
  ]
  const hours = rowOf(department['Hours'])
  const breakTime = rowOf(department['BreakTime'])
  const isOwn = hasOwn(hours)
  const of = `department ${nameOf(department)}`
  // Flags: a word may stand beside it that says only that there is one.
  const mode = textOf(department['CurrentGroupHours'])
    .split(/,\s*/)
    .find((word) => Object.hasOwn(FORCED, word))
  const forced = mode === undefined ? undefined : FORCED[mode]
  const until = Date.parse(textOf(department['OverrideExpiresAt']))
  return {
    owner: isOwn ? of : main.owner,
    zone: isOwn ? (world.zoneOf(department['TimeZoneId']) ?? main.zone) : main.zone,
    hours: isOwn ? hours : main.hours,
    breakTime: hasOwn(breakTime) ? breakTime : main.breakTime,
    holidays: department['OverrideHolidays'] === true ? own : [...main.holidays, ...own],
    override:
      mode === undefined || forced === undefined
        ? null
        : { of, mode, hours: forced, until: Number.isNaN(until) ? null : until },
  }
}

const FORCED: Readonly<Record<string, Hours>> = {
  ForceOpened: 'office',
  ForceClosed: 'out',
  ForceBreak: 'break',
  ForceHoliday: 'holiday',
  ForceCustomOperator: 'operator',
}

export const holidayAt = ({ holidays, zone }: Calendar, at: number): Row | null =>
  holidays.find((holiday) => isHoliday(holiday, zone, at)) ?? null

/** Whether a schedule with days of its own holds at a moment, holidays aside. */
function ownHours(schedule: Row | null, zone: string, at: number): { open: boolean; why: string } {
  const type = textOf(schedule?.['Type'])
  if (type === 'AllHours') return { open: true, why: 'always open' }
  if (type === 'Never') return { open: false, why: 'never open' }
  const period = periodAt(schedule, zone, at)
  const shown = clockAt(zone, at)
  const inside =
    period === null ? `${shown} is in none of its periods` : `${shown} is in ${periodText(period)}`
  if (type.startsWith('OutOfSpecificHours')) return { open: period === null, why: inside }
  return { open: period !== null, why: inside }
}

/**
 * What a calendar says of a moment: by hand, then holidays, breaks and hours. Holidays and breaks count where somebody
 * has a destination for them, as `counts` says; elsewhere they are hours like any other.
 */
export function momentOf(
  calendar: Calendar,
  at: number,
  counts: (hours: Hours) => boolean = () => true,
): Moment {
  const { override, owner, zone } = calendar
  if (override && (override.until ?? Infinity) > at) {
    const { hours, of, mode } = override
    if (!['holiday', 'break'].includes(hours) || counts(hours))
      return { hours, why: `${of} was set to ${mode} by hand` }
  }
  const isIgnored = calendar.hours?.['IgnoreHolidays'] === true || !counts('holiday')
  const holiday = isIgnored ? null : holidayAt(calendar, at)
  if (holiday !== null)
    return { hours: 'holiday', why: `holiday "${textOf(holiday['Name'])}" of ${owner}: ${clockAt(zone, at)}` }
  if (textOf(calendar.breakTime?.['Type']) !== 'Never' && counts('break')) {
    const pause = periodAt(calendar.breakTime, zone, at)
    if (pause !== null)
      return { hours: 'break', why: `break of ${owner}: ${clockAt(zone, at)} is in ${periodText(pause)}` }
  }
  if (calendar.hours === null) return { hours: 'office', why: `${owner} has no office hours` }
  const { open, why } = ownHours(calendar.hours, zone, at)
  return {
    hours: open ? 'office' : 'out',
    why: `${open ? 'office hours' : 'outside the office hours'} of ${owner}: ${why}`,
  }
}

/** Whether the schedule of a rule holds at a moment. One without a type is that of the calendar. */
export function holds(schedule: Row | null, calendar: Calendar, at: number): { open: boolean; why: string } {
  const type = textOf(schedule?.['Type'])
  const holiday = schedule?.['IgnoreHolidays'] === true ? null : holidayAt(calendar, at)
  const ofHoliday = holiday === null ? null : `holiday "${textOf(holiday['Name'])}"`
  if (['', 'OfficeHours', 'OutOfOfficeHours', 'BreakTime'].includes(type)) {
    const { hours, why } = momentOf(calendar, at, (one) => one === 'break')
    if (type === 'BreakTime') return { open: hours === 'break', why }
    return { open: (hours === 'out') === (type === 'OutOfOfficeHours'), why }
  }
  if (type === 'SpecificHoursExcludingHolidays' && ofHoliday) return { open: false, why: ofHoliday }
  if (type === 'OutOfSpecificHoursIncludingHolidays' && ofHoliday) return { open: true, why: ofHoliday }
  return ownHours(schedule, calendar.zone, at)
}
