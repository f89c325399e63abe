import ICAL from 'ical.js'
import { instantOrWall, readEvent, type CalendarEvent } from './calendar-events.ts'
import { CalendarFault } from './calendar-fault.ts'
import { openZones } from './calendar-zones.ts'
import { readCalendars } from './content-lines.ts'

/** Time a calendar takes, ms, end excluded; `local` as any clock shows it (as if it ran on UTC), else UTC. */
export type CalendarSpan = { name: string | null; from: number; to: number; local: boolean }

/** A period as plain spans in order of their beginning. */
export type Expansion = { from: number; until: number; spans: CalendarSpan[] }
export type Expanded = Expansion & { events: number }

const MOST_CHARACTERS = 512 * 1024
const MOST_EVENTS = 5_000
const MOST_SPANS = 5_000
const MOST_STEPS = 50_000
const WANTED = new Set(['vevent', 'vtimezone', 'standard', 'daylight'])
const MOST_NAME = 255
const DAY_MS = 86_400_000

const asList = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : ([value].flat() as T[]))

/** Rules that name a day a month does not have are led to the next month by the library; such a day is none. */
function isMeant(rule: ICAL.Recur, start: ICAL.Time, found: ICAL.Time): boolean {
  const parts = rule.parts as Record<string, number[] | undefined>
  const months = asList(parts['BYMONTH'])
  if (months.length > 0 && !months.includes(found.month)) return false
  const days = asList(parts['BYMONTHDAY'])
  const isLast = days.some((day) => day < 0)
  if (days.length > 0) return isLast || days.includes(found.day)
  const byOther = ['BYDAY', 'BYYEARDAY', 'BYWEEKNO'].some((name) => parts[name] !== undefined)
  return rule.freq !== 'YEARLY' || byOther || found.day === start.day
}

function timeOf({ wall, isDate }: CalendarEvent['start']): ICAL.Time {
  const text = new Date(wall).toISOString()
  return isDate
    ? ICAL.Time.fromDateString(text.slice(0, 10))
    : ICAL.Time.fromDateTimeString(text.slice(0, 19))
}

const wallOf = (time: ICAL.Time) =>
  Date.UTC(time.year, time.month - 1, time.day) + ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000

/** When an event begins, by its clocks, up to `until`. */
function* beginnings(event: CalendarEvent, until: number, step: () => void): Generator<number> {
  const { rule, start, also, except } = event
  const begins = new Set([...also, ...(rule ? [] : [start.wall])])
  if (rule) {
    const first = timeOf(start)
    const iterator = rule.iterator(first)
    for (let time = iterator.next(); time; time = iterator.next()) {
      step()
      const wall = wallOf(time)
      if (wall > until) break
      if (isMeant(rule, first, time)) begins.add(wall)
    }
    // The first is one of them, whether the rule meets it or not.
    begins.add(start.wall)
  }
  for (const wall of begins) if (!except.has(wall)) yield wall
}

function spanOf({ start, length, name }: CalendarEvent, wall: number): CalendarSpan {
  const { zone } = start
  const at = (shown: number) => (zone === null ? shown : zone.toInstant(shown))
  return {
    name: name === null ? null : name.slice(0, MOST_NAME).toWellFormed(),
    from: at(wall),
    to: at(wall + length),
    local: zone === null,
  }
}

/**
 * What of the period `from` to `until` (ms UTC) a calendar's events take. Cancelled events take nothing, those marked as
 * free do: calendars of holidays are written so. Throws `CalendarFault`. Depends on nothing else, and may take long.
 */
export function expandCalendar(text: string, { from, until }: { from: number; until: number }): Expanded {
  if (text.length > MOST_CHARACTERS) throw new CalendarFault(`Is longer than ${MOST_CHARACTERS / 1024} KiB.`)
  const calendars = readCalendars(text, WANTED)
  const zoneOf = openZones(calendars)
  const blocks = calendars.flatMap((calendar) => calendar.blocks).filter(({ name }) => name === 'vevent')
  if (blocks.length > MOST_EVENTS) throw new CalendarFault(`Has more than ${MOST_EVENTS} events.`)
  const events = blocks.map((block) => readEvent(block, zoneOf))
  const replaced = new Map<string, Set<number>>()
  for (const { uid, insteadOf } of events)
    if (uid !== null && insteadOf !== null) {
      const moments = replaced.get(uid) ?? new Set()
      replaced.set(uid, moments.add(insteadOf))
    }
  let steps = 0
  const spans: CalendarSpan[] = []
  for (const event of events) {
    if (event.isCancelled) continue
    const { zone } = event.start
    const gone = event.insteadOf === null && event.uid !== null ? replaced.get(event.uid) : undefined
    const step = () => {
      if (++steps > MOST_STEPS) throw event.fault('the calendar repeats itself too often.')
    }
    // A day more on either side: clocks differ from UTC.
    for (const wall of beginnings(event, until + DAY_MS, step)) {
      if (gone?.has(instantOrWall({ wall, zone }))) continue
      const span = spanOf(event, wall)
      if (span.to <= span.from || span.to < from - DAY_MS || span.from > until + DAY_MS) continue
      if (spans.push(span) > MOST_SPANS)
        throw event.fault(`the calendar takes more than ${MOST_SPANS} times in four years.`)
    }
  }
  spans.sort((one, other) => one.from - other.from || one.to - other.to)
  return { from, until, spans, events: events.length }
}
