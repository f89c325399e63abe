import { OFFICE_HOURS_SETTINGS } from '../entities/hours.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { readSingle } from '../model/singletons.ts'
import { textOf } from '../model/text.ts'
import { zoneNamed } from '../model/time-zones.ts'
import { isHolidayNow, isInPeriods, wallAt, type Wall } from './wall-clock.ts'

export const FORCEABLE = ['office', 'out', 'break', 'holiday'] as const
/** `operator`: a department whose calls somebody takes by hand. */
export type Hours = (typeof FORCEABLE)[number] | 'operator'
/** When a call happens: in hours that are the same for everybody, or at an instant (ms), in each one's own. */
export type When = (typeof FORCEABLE)[number] | number

type Calendar = {
  zone: string
  hours: Row
  pause: Row
  holidays: readonly Row[]
  /** What somebody has set a department to, as long as it lasts (ms). */
  byHand: { hours: Hours; until: number } | null
}

const SWITCHES: Readonly<Record<string, Hours>> = {
  ForceOpened: 'office',
  ForceClosed: 'out',
  ForceBreak: 'break',
  ForceHoliday: 'holiday',
  ForceCustomOperator: 'operator',
}

const rowOf = (value: unknown): Row => (value ?? {}) as Row
const typeOf = (schedule: unknown): string => textOf(rowOf(schedule).Type)
/** A schedule that says more than "as everybody else". */
const isOwn = (schedule: unknown): boolean => !['', 'OfficeHours'].includes(typeOf(schedule))

function switchOf({ CurrentGroupHours, OverrideExpiresAt }: Row): Calendar['byHand'] {
  const hours = textOf(CurrentGroupHours)
    .split(/,\s*/)
    .map((word) => SWITCHES[word])
    .find((one) => one !== undefined)
  if (hours === undefined) return null
  const until = Date.parse(textOf(OverrideExpiresAt))
  return { hours, until: Number.isNaN(until) ? Infinity : until }
}

/** The department of a DN: its main one, or the first it is in. */
export function departmentOf(pbx: Pbx, row: Row | null): Row | null {
  const main = pbx.store.get('Groups', row?.PrimaryGroupId)
  if (main) return main
  const memberships = (row?.Groups ?? []) as Row[]
  return (
    memberships.map(({ GroupId }) => pbx.store.get('Groups', GroupId)).find((group) => group !== null) ?? null
  )
}

function calendarOf(pbx: Pbx, department: Row | null): Calendar {
  const main = readSingle(pbx, OFFICE_HOURS_SETTINGS)
  const zone = zoneNamed(main.TimeZoneId) ?? 'UTC'
  const everybodys = pbx.store.rows('Holidays').filter((row) => textOf(row.Group) === '')
  const calendar = { zone, hours: rowOf(main.Hours), pause: rowOf(main.BreakTime), holidays: everybodys }
  if (!department) return { ...calendar, byHand: null }
  const named = [textOf(department.Number), textOf(department.Name)]
  const holidays = [
    ...(department.OverrideHolidays === true ? [] : everybodys),
    ...((department.OfficeHolidays ?? []) as Row[]),
    ...pbx.store.rows('Holidays').filter((row) => row.Group && named.includes(textOf(row.Group))),
  ]
  const own = isOwn(department.Hours)
    ? { zone: zoneNamed(department.TimeZoneId) ?? zone, hours: rowOf(department.Hours) }
    : {}
  const pause = isOwn(department.BreakTime) ? { pause: rowOf(department.BreakTime) } : {}
  return { ...calendar, ...own, ...pause, holidays, byHand: switchOf(department) }
}

/** Whether a schedule with times of its own runs, holidays aside. */
function isRunning(schedule: Row, wall: Wall): boolean {
  const type = typeOf(schedule)
  if (type === 'AllHours' || type === 'Never') return type === 'AllHours'
  return isInPeriods(schedule, wall) !== type.startsWith('OutOf')
}

/**
 * Which hours a department has; null = everybody's. Breaks and holidays count only for those who have something for
 * them, as `counts` says; for all others they are hours like any other.
 */
export function hoursAt(
  pbx: Pbx,
  department: Row | null,
  when: When,
  counts: (hours: Hours) => boolean,
): Hours {
  if (typeof when === 'string') return when === 'out' || counts(when) ? when : 'office'
  const { byHand, zone, hours, pause, holidays } = calendarOf(pbx, department)
  const wall = wallAt(zone, when)
  if (byHand && when < byHand.until) {
    const isPassing = byHand.hours === 'holiday' || byHand.hours === 'break'
    if (!isPassing || counts(byHand.hours)) return byHand.hours
  }
  const isHoliday = hours.IgnoreHolidays !== true && holidays.some((row) => isHolidayNow(row, wall))
  if (isHoliday && counts('holiday')) return 'holiday'
  if (typeOf(pause) !== 'Never' && isInPeriods(pause, wall) && counts('break')) return 'break'
  return Object.keys(hours).length === 0 || isRunning(hours, wall) ? 'office' : 'out'
}

/** Whether a day is a holiday for a department. */
export function isHolidayAt(pbx: Pbx, department: Row | null, when: When): boolean {
  if (typeof when === 'string') return when === 'holiday'
  const { zone, holidays } = calendarOf(pbx, department)
  const wall = wallAt(zone, when)
  return holidays.some((holiday) => isHolidayNow(holiday, wall))
}

/** Whether the schedule of a rule holds; one without a type is that of its department. */
export function holdsAt(pbx: Pbx, schedule: unknown, department: Row | null, when: When): boolean {
  const type = typeOf(schedule)
  if (type === 'BreakTime') return hoursAt(pbx, department, when, (one) => one === 'break') === 'break'
  if (['', 'OfficeHours', 'OutOfOfficeHours'].includes(type)) {
    const isOut = hoursAt(pbx, department, when, (one) => one === 'break') === 'out'
    return isOut === (type === 'OutOfOfficeHours')
  }
  if (typeof when === 'string') return type === 'AllHours' || (when === 'office' && type !== 'Never')
  const isMinded = type.endsWith('Holidays') && rowOf(schedule).IgnoreHolidays !== true
  if (isMinded && isHolidayAt(pbx, department, when)) return type.startsWith('OutOf')
  return isRunning(rowOf(schedule), wallAt(calendarOf(pbx, department).zone, when))
}
