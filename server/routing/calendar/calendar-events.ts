import ICAL from 'ical.js'
import { CalendarFault } from './calendar-fault.ts'
import type { Block, Property } from './content-lines.ts'
import { UTC, type Zone } from './calendar-zones.ts'

/** When something is: what the clocks of `zone` show; without a zone those of whoever reads. */
export type Moment = { wall: number; isDate: boolean; zone: Zone | null }

/** An event, all of its times by the clocks of its beginning. */
export type CalendarEvent = {
  uid: string | null
  name: string | null
  start: Moment
  /** ms by the clocks. */
  length: number
  rule: ICAL.Recur | null
  also: number[]
  except: Set<number>
  /** Which occurrence of the event with this uid it stands for. */
  insteadOf: number | null
  isCancelled: boolean
  fault(message: string): CalendarFault
}

const DAY_MS = 86_400_000
const FREQUENCIES = new Set(['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY'])
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(Z?))?$/

type ReadZone = (tzid: string) => Zone | null
type Fault = CalendarEvent['fault']

function readMoment(
  value: unknown,
  { tzid, fault, zoneOf }: { tzid: unknown; fault: Fault; zoneOf: ReadZone },
): Moment {
  const match = DATE.exec(String(value))
  if (!match) throw fault(`${String(value)} is no date and no time.`)
  const [, year, month, day, hour, minute = '0', second = '0', isUtc] = match
  const [months, days] = [Number(month) - 1, Number(day)]
  const date = Date.UTC(Number(year), months, days)
  const isReal =
    new Date(date).getUTCFullYear() === Number(year) &&
    new Date(date).getUTCMonth() === months &&
    new Date(date).getUTCDate() === days &&
    Number(hour ?? 0) < 24 &&
    Number(minute) < 60 &&
    // A leap second.
    Number(second) <= 60
  if (!isReal) throw fault(`${String(value)} is in no calendar.`)
  if (hour === undefined) return { wall: date, isDate: true, zone: null }
  const wall = date + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000
  if (isUtc) return { wall, isDate: false, zone: UTC }
  if (typeof tzid !== 'string') return { wall, isDate: false, zone: null }
  const zone = zoneOf(tzid)
  if (zone === null) throw fault(`${tzid} is no time zone, and the calendar does not describe it.`)
  return { wall, isDate: false, zone }
}

/** A moment by the clocks of another one's zone; a date among times is that day's same time. */
function wallIn(moment: Moment, start: Moment): number {
  if (moment.isDate && !start.isDate) return moment.wall + (start.wall % DAY_MS)
  if (moment.zone === start.zone || moment.zone === null || start.zone === null) return moment.wall
  return start.zone.toWall(moment.zone.toInstant(moment.wall))
}

function readLength(text: unknown, fault: Fault): number {
  if (!ICAL.Duration.isValueString(String(text))) throw fault(`${String(text)} is no duration.`)
  return ICAL.Duration.fromString(String(text)).toSeconds() * 1_000
}

function readRule(
  value: unknown,
  start: Moment,
  { fault, zoneOf }: { fault: Fault; zoneOf: ReadZone },
): ICAL.Recur {
  const { until, ...parts } = value as Record<string, unknown> & { freq?: string }
  if (!FREQUENCIES.has(parts.freq ?? ''))
    throw fault(`FREQ=${parts.freq ?? ''} is no rule for holidays: yearly, monthly, weekly and daily are.`)
  const rule = ICAL.Recur.fromData(parts)
  if (until !== undefined) {
    const end = readMoment(until, { tzid: undefined, fault, zoneOf })
    // A date takes its whole day.
    const wall = end.isDate ? end.wall + DAY_MS - 1_000 : wallIn(end, start)
    rule.until = ICAL.Time.fromString(start.isDate ? isoOf(wall).slice(0, 10) : isoOf(wall), undefined)
  }
  return rule
}

const isoOf = (wall: number) => new Date(wall).toISOString().slice(0, 19)

/** One VEVENT. Throws `CalendarFault` that names it. */
export function readEvent(block: Block, zoneOf: ReadZone): CalendarEvent {
  const all = (name: string) => block.properties.filter((property) => property.name === name)
  const one = (name: string): Property | undefined => all(name)[0]
  const text = (name: string) => {
    const value = one(name)?.values[0]
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
  }
  const name = text('summary')
  const fault = (message: string) =>
    new CalendarFault(
      `Line ${block.line}, ${name === null ? 'an event' : `the event "${name.slice(0, 80)}"`}: ${message}`,
    )
  const momentOf = (property: Property, value: unknown) =>
    readMoment(value, { tzid: property.parameters['tzid'], fault, zoneOf })
  const moments = (names: string, start: Moment) =>
    all(names).flatMap((property) => {
      if (property.type === 'period') throw fault(`${names.toUpperCase()} with periods is not read.`)
      return property.values.map((value) => wallIn(momentOf(property, value), start))
    })

  const begins = one('dtstart')
  if (!begins) throw fault('has no DTSTART.')
  const start = momentOf(begins, begins.values[0])
  const ends = one('dtend')
  const duration = one('duration')
  let length = start.isDate ? DAY_MS : 0
  if (ends) {
    const end = momentOf(ends, ends.values[0])
    length = wallIn(end, start) - start.wall
    // A day that ends on itself is that day: programs write it so.
    if (length === 0 && start.isDate) length = DAY_MS
  } else if (duration) length = readLength(duration.values[0], fault)
  if (length < 0) throw fault('ends before it begins.')
  const rules = all('rrule')
  if (rules.length > 1 || one('exrule')) throw fault('has more than one rule, which is not read.')
  const stands = one('recurrence-id')
  if (stands?.parameters['range'] !== undefined)
    throw fault('changes all that follow (RANGE), which is not read.')
  return {
    uid: text('uid'),
    name,
    start,
    length,
    rule: rules[0] ? readRule(rules[0].values[0], start, { fault, zoneOf }) : null,
    also: moments('rdate', start),
    except: new Set(moments('exdate', start)),
    insteadOf: stands ? instantOrWall(momentOf(stands, stands.values[0])) : null,
    isCancelled: text('status')?.toUpperCase() === 'CANCELLED',
    fault,
  }
}

/** What two times are compared by: the instant, or what any clock shows. */
export const instantOrWall = ({ wall, zone }: Pick<Moment, 'wall' | 'zone'>): number =>
  zone === null ? wall : zone.toInstant(wall)
