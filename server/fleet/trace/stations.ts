import type { Row } from '../snapshots/canonical.ts'
import { calendarOf, momentOf, type Hours } from './calendar.ts'
import { availableProfile, extensionStop } from './forwarding.ts'
import { END, outboundRuleFor, placeOf, placeOfForward, type Place } from './places.ts'
import { seconds, stop, way, type Circumstances, type Stop, type Way } from './stop.ts'
import { departmentOf, nameOf, rowOf, rowsOf, textOf, type Station, type World } from './world.ts'

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
  const isSet = (hours: Hours) => set.some((one) => one.hours === hours)
  const moment = momentOf(calendarOf(world, departmentOf(world, row)), at, isSet)
  const taken = set.find(({ hours }) => hours === moment.hours)
  if (!taken) return { ways: [], why: [moment.why], closed: false }
  return { ways: [way('hours', taken.place, moment.why)], why: [moment.why], closed: true }
}

/** The members of a list that are rung: extensions that are switched off are not. */
function memberRings(world: World, list: Row[], isRung: (user: Row) => boolean = () => true): Stop['rings'] {
  return list.flatMap((member) => {
    const number = textOf(member['Number'])
    const found = world.stations.get(number)
    if (found && (found.row['Enabled'] === false || !isRung(found.row))) return []
    const is_there = found !== undefined || world.unread.has('extension')
    return [{ number, name: found?.name ?? null, is_there }]
  })
}

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
  const ofGroups = (user: Row) => availableProfile(user)?.['DisableRingGroupCalls'] !== true
  const rings = memberRings(world, rowsOf(row['Members']), ofGroups)
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
