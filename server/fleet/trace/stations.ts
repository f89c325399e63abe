import type { Row } from '../snapshots/canonical.ts'
import { calendarOf, holds, mainCalendar, momentOf } from './calendar.ts'
import { END, outboundRuleFor, placeOf, placeOfForward, type Place } from './places.ts'
import { fits } from './rules.ts'
import { departmentOf, nameOf, rowOf, rowsOf, textOf, type Station, type World } from './world.ts'

/** One way on from a place: what happens there, and where it leads. */
export type Way = {
  /** `always`, `no_answer`, `busy`, `not_registered`, `timeout`, `invalid_key`, `key 1`, `status Away`, `hours`. */
  on: string
  afterSeconds: number | null
  to: Place
  why: string
}

/** What becomes of a call at a place. */
export type Stop = {
  ways: Way[]
  /** Who is rung there. */
  rings: { number: string; name: string | null; is_there: boolean }[]
  why: string[]
  /** Somebody or something may take the call here. */
  takes: boolean
}

/** When, and for whom; null at = any time, so that every setting counts. */
export type Circumstances = { at: number | null; caller: string | null }

const stop = (part: Partial<Stop>): Stop => ({ ways: [], rings: [], why: [], takes: false, ...part })
const seconds = (value: unknown): number | null => (typeof value === 'number' && value > 0 ? value : null)
const way = (on: string, to: Place, why: string, afterSeconds: number | null = null): Way => ({
  on,
  to,
  why,
  afterSeconds,
})

const ROUTES = [
  ['holiday', 'HolidaysRoute'],
  ['break', 'BreakRoute'],
  ['out', 'OutOfOfficeRoute'],
] as const

/** A route that is set; `None` of a queue, ring group or receptionist is a route that is not. */
function routePlace(world: World, row: Row, field: string, number: string): Place | null {
  const place = placeOf(world, rowOf(rowOf(row[field])?.['Route']), number)
  return place === END ? null : place
}

/** What the hours make of a queue, ring group or receptionist; a way that is taken now leaves no other. */
function byHours(
  world: World,
  { row, number }: Station,
  { at }: Circumstances,
): { ways: Way[]; why: string[]; closed: boolean } {
  const set = ROUTES.flatMap(([hours, field]) => {
    const place = routePlace(world, row, field, number)
    return place ? [{ hours, field, place }] : []
  })
  if (set.length === 0) return { ways: [], why: [], closed: false }
  if (at === null)
    return {
      ways: set.map(({ hours, field, place }) => way(`hours ${hours}`, place, field)),
      why: [],
      closed: false,
    }
  const moment = momentOf(calendarOf(world, departmentOf(world, row)), at)
  const taken = set.find(({ hours }) => hours === moment.hours)
  if (!taken) return { ways: [], why: [moment.why], closed: false }
  return { ways: [way('hours', taken.place, moment.why)], why: [moment.why], closed: true }
}

const memberRings = (world: World, list: Row[]) =>
  list.map((member) => {
    const number = textOf(member['Number'])
    const found = world.stations.get(number)
    const is_there = found !== undefined || world.unread.has('extension')
    return { number, name: found?.name ?? null, is_there }
  })

function queueStop(world: World, station: Station, asked: Circumstances): Stop {
  const { row, number } = station
  const hours = byHours(world, station, asked)
  if (hours.closed) return stop(hours)
  const rings = memberRings(world, rowsOf(row['Agents']))
  const after = seconds(row['MasterTimeout'])
  const why = rings.length === 0 ? 'the queue has no agents' : `nobody answered within ${after ?? 0} s`
  const unanswered = placeOf(world, rowOf(row['ForwardNoAnswer']), number) ?? END
  return stop({
    ways: [...hours.ways, way('no_answer', unanswered, why, after)],
    rings,
    why: [...hours.why, `${textOf(row['PollingStrategy']) || 'Polling'} over ${rings.length} agents`],
    takes: rings.length > 0,
  })
}

function ringGroupStop(world: World, station: Station, asked: Circumstances): Stop {
  const { row, number } = station
  const hours = byHours(world, station, asked)
  if (hours.closed) return stop(hours)
  const rings = memberRings(world, rowsOf(row['Members']))
  const after = seconds(row['RingTime'])
  const why = rings.length === 0 ? 'the ring group has no members' : `nobody answered within ${after ?? 0} s`
  const unanswered = placeOf(world, rowOf(row['ForwardNoAnswer']), number) ?? END
  return stop({
    ways: [...hours.ways, way('no_answer', unanswered, why, after)],
    rings,
    why: [...hours.why, `${textOf(row['RingStrategy']) || 'Rings'}: ${rings.length} members`],
    takes: rings.length > 0,
  })
}

function ivrStop(world: World, station: Station, asked: Circumstances): Stop {
  const { row } = station
  const hours = byHours(world, station, asked)
  if (hours.closed) return stop(hours)
  const keys = rowsOf(row['Forwards']).map((forward) => {
    const type = textOf(forward['ForwardType'])
    const input = textOf(forward['Input'])
    const place = placeOfForward(world, type, textOf(forward['ForwardDN']), textOf(forward['CustomData']))
    return way(`key ${input}`, place ?? self(station), `the caller presses ${input}`)
  })
  const after = seconds(row['Timeout'])
  const type = textOf(row['TimeoutForwardType'])
  const late = placeOfForward(world, type, textOf(row['TimeoutForwardDN']), '')
  const timeout = way('timeout', late ?? self(station), `no key within ${after ?? 0} s`, after)
  const wrong = textOf(row['InvalidKeyForwardDN'])
  const invalid =
    wrong === ''
      ? []
      : [way('invalid_key', stationOr(world, wrong), 'the caller presses a key that is not there')]
  return stop({ ways: [...hours.ways, ...keys, timeout, ...invalid], why: hours.why })
}

const self = ({ kind, number, name }: Station): Place => ({ id: `${kind}:${number}`, kind, number, name })
const stationOr = (world: World, number: string): Place => {
  const found = world.stations.get(number)
  const kind = world.unread.size > 0 ? ('unread' as const) : ('missing' as const)
  return found ? self(found) : { id: `${kind}:${number}`, kind, number, name: null }
}

function departmentStop(world: World, { row, number }: Station, { at }: Circumstances): Stop {
  const of = (field: string) => placeOf(world, rowOf(rowOf(row[field])?.['Route']), number) ?? END
  const fields = {
    office: 'OfficeRoute',
    out: 'OutOfOfficeRoute',
    break: 'BreakRoute',
    holiday: 'HolidaysRoute',
  }
  const operator = () => placeOf(world, rowOf(row['CustomOperator']), number) ?? END
  if (at === null) {
    const ways = Object.entries(fields).map(([hours, field]) => way(`hours ${hours}`, of(field), field))
    return stop({
      ways: row['CustomOperator'] ? [...ways, way('hours operator', operator(), 'CustomOperator')] : ways,
    })
  }
  const { hours, why } = momentOf(calendarOf(world, row), at)
  const to = hours === 'operator' ? operator() : of(fields[hours])
  return stop({ ways: [way('hours', to, why)], why: [why] })
}

const OUTCOMES = [
  ['no_answer', 'NoAnswer', 'NoAnswerExternal', 'nobody answers'],
  ['busy', 'PhoneBusy', 'BusyExternal', 'the extension is busy'],
  ['not_registered', 'PhoneNotRegistered', 'NotRegisteredExternal', 'no phone of it is registered'],
] as const

function extensionStop(world: World, { row, number, name }: Station, asked: Circumstances): Stop {
  if (row['Enabled'] === false) return stop({ ways: [way('always', END, 'the extension is switched off')] })
  const exceptions = rowsOf(row['ForwardingExceptions']).filter((rule) => isFor(world, rule, asked))
  const ofCondition = (condition: string) =>
    exceptions.find((rule) => textOf(rule['Condition']) === condition) ?? null
  const diverted = ofCondition('BasedOnCallerID') ?? ofCondition('ForwardAll')
  const profiles = rowsOf(row['ForwardingProfiles'])
  const available = profiles.find((profile) => profile['Name'] === 'Available') ?? profiles[0] ?? null
  const after = seconds(available?.['NoAnswerTimeout'])
  const answers = rowOf(available?.['AvailableRoute'])
  const ways: Way[] = OUTCOMES.map(([on, condition, field, why]) => {
    const exception = rowOf(ofCondition(condition)?.['Destination'])
    const place = placeOf(world, exception ?? rowOf(answers?.[field]), number) ?? END
    const told = exception ? `${why}; a rule of the extension` : why
    return way(on, place, told, on === 'no_answer' ? after : null)
  })
  for (const profile of profiles) {
    const away = rowOf(rowOf(profile['AwayRoute'])?.['External'])
    if (profile === available || away === null) continue
    const status = textOf(profile['CustomName']) || textOf(profile['Name'])
    ways.push(way(`status ${status}`, placeOf(world, away, number) ?? END, `the status is ${status}`))
  }
  if (diverted && asked.at !== null) {
    const to = placeOf(world, rowOf(diverted['Destination']), number) ?? END
    return stop({
      ways: [way('always', to, `a rule of the extension for ${textOf(diverted['Data']) || 'all calls'}`)],
    })
  }
  if (diverted)
    ways.push(
      way('rule', placeOf(world, rowOf(diverted['Destination']), number) ?? END, 'a rule of the extension'),
    )
  return stop({ ways, rings: [{ number, name, is_there: true }], takes: true, why: ['status Available'] })
}

/** Whether a rule of an extension counts for this caller now. */
function isFor(world: World, rule: Row, { at, caller }: Circumstances): boolean {
  if (rule['Enabled'] !== true || rule['CallType'] === 'InternalCallsOnly') return false
  if (at === null) return true
  if (rule['Condition'] === 'BasedOnCallerID' && !fits(textOf(rule['Data']), caller ?? '')) return false
  const schedule = rowOf(rule['Hours'])
  return schedule === null || holds(schedule, mainCalendar(world), at).open
}

/** What becomes of a call at a place, at a moment or at any time. */
export function stopAt(world: World, place: Place, asked: Circumstances): Stop {
  const station = place.number === null ? undefined : world.stations.get(place.number)
  switch (place.kind) {
    case 'extension':
      return station ? extensionStop(world, station, asked) : stop({})
    case 'queue':
      return station ? queueStop(world, station, asked) : stop({})
    case 'ring_group':
      return station ? ringGroupStop(world, station, asked) : stop({})
    case 'ivr':
      return station ? ivrStop(world, station, asked) : stop({})
    case 'department':
      return station ? departmentStop(world, station, asked) : stop({})
    case 'external': {
      const rule = outboundRuleFor(world, place.number ?? '')
      if (world.configuration.resources['outbound_rules'] === undefined)
        return stop({ why: ['the outbound rules could not be read'], takes: true })
      if (rule === null) return stop({ why: ['no outbound rule lets this number out'] })
      return stop({ why: [`outbound rule "${nameOf(rule) || textOf(rule['Prefix'])}"`], takes: true })
    }
    case 'voicemail': {
      const isOff = station?.row['VMEnabled'] === false
      return stop(isOff ? { why: ['the voicemail is switched off'] } : { takes: true })
    }
    case 'call_flow':
      return stop({ why: ['what a call flow does with a call is not in its configuration'], takes: true })
    case 'missing':
      return stop({ why: ['nothing has this number'] })
    case 'unread':
      return stop({ why: ['what this number is could not be read'], takes: true })
    case 'fax':
    case 'parking':
    case 'callback':
    case 'caller_chooses':
    case 'unknown':
      return stop({ takes: true })
    case 'number':
    case 'rule':
    case 'end':
      return stop({})
  }
}
