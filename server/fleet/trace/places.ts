import type { Row } from '../snapshots/canonical.ts'
import { textOf, type StationKind, type World } from './world.ts'

/** Where a call is on its way, or ends. */
export type PlaceKind =
  | StationKind
  | 'number'
  | 'rule'
  | 'voicemail'
  | 'external'
  | 'callback'
  | 'caller_chooses'
  | 'end'
  | 'missing'
  | 'unread'
  | 'unknown'

/** A place by its id: `queue:800`, `voicemail:101`, `external:+33…`, `end`. */
export type Place = { id: string; kind: PlaceKind; number: string | null; name: string | null }

const place = (kind: PlaceKind, number: string | null, name: string | null = null): Place => ({
  id: number === null ? kind : `${kind}:${number}`,
  kind,
  number,
  name,
})

export const END: Place = place('end', null)

/** The kind of station each destination of a PBX leads to; null = whatever has the number. */
const STATION_OF: Readonly<Record<string, StationKind | null>> = {
  Extension: 'extension',
  Queue: 'queue',
  RingGroup: 'ring_group',
  IVR: 'ivr',
  Fax: 'fax',
  RoutePoint: 'call_flow',
  Group: 'department',
}

const isUnread = ({ unread }: World, wanted: StationKind | null): boolean =>
  wanted === null ? unread.size > 0 : unread.has(wanted)

function stationPlace(world: World, number: string, wanted: StationKind | null): Place {
  const found = world.stations.get(number)
  if (!found && number !== '' && isUnread(world, wanted)) return place('unread', number)
  if (!found || (wanted !== null && found.kind !== wanted)) return place('missing', number)
  return place(found.kind, found.number, found.name)
}

function mailbox(world: World, number: string): Place {
  const owner = world.stations.get(number)
  if (owner) return place('voicemail', number, owner.name)
  return place(number !== '' && isUnread(world, 'extension') ? 'unread' : 'missing', number)
}

/**
 * Where a destination leads. `at` is the number of whoever sends the call on: a voicemail without a number is their own.
 * Null = there is no destination: things go on as if there were no such setting.
 */
export function placeOf(world: World, destination: Row | null, at: string | null): Place | null {
  if (destination === null) return null
  const to = textOf(destination['To'])
  const number = textOf(destination['Number'])
  const external = textOf(destination['External'])
  if (to === 'ProceedWithNoExceptions') return null
  if (to === 'VoiceMail' || to === 'VoiceMailOfDestination') return mailbox(world, number || (at ?? ''))
  if (to === 'External' || to === 'Deflect' || to === 'Boomerang')
    return external || number ? place('external', external || number) : place('missing', '')
  if (to === 'Callback') return place('callback', number || at)
  if (to === '' || to === 'None') return END
  const wanted = STATION_OF[to]
  if (wanted === undefined) return place('unknown', to)
  return stationPlace(world, number, wanted)
}

/** As `placeOf`, for the way a digital receptionist writes it. Null = it stays where it is. */
export function placeOfForward(world: World, type: string, number: string, custom: string): Place | null {
  if (type === 'RepeatPrompt') return null
  if (type === '' || type === 'EndCall') return END
  if (type === 'VoiceMail') return mailbox(world, number)
  if (type === 'CallByName') return place('caller_chooses', null)
  if (type === 'CustomInput') return placeOfNumber(world, custom || number)
  const wanted = STATION_OF[type]
  return wanted === undefined ? place('unknown', type) : stationPlace(world, number, wanted)
}

/** A number somebody dials: inside if it is somebody's, else outside. */
export function placeOfNumber(world: World, number: string): Place {
  const found = world.stations.get(number)
  return found ? place(found.kind, found.number, found.name) : place('external', number)
}

/** The rule by which a number is dialled outside; null = none lets it out. */
export function outboundRuleFor(world: World, number: string): Row | null {
  const digits = number.replace(/[^\d+*#]/g, '')
  return world.outboundRules.find((rule) => fitsPrefix(rule, digits) && fitsLength(rule, digits)) ?? null
}

const listed = (text: string) =>
  text
    .split(/[,;\s]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '')

function fitsPrefix(rule: Row, digits: string): boolean {
  const prefixes = listed(textOf(rule['Prefix']))
  return prefixes.length === 0 || prefixes.some((prefix) => digits.startsWith(prefix))
}

function fitsLength(rule: Row, digits: string): boolean {
  const ranges = listed(textOf(rule['NumberLengthRanges']))
  return (
    ranges.length === 0 ||
    ranges.some((range) => {
      const [from, to = from] = range.split('-').map(Number)
      return from !== undefined && to !== undefined && digits.length >= from && digits.length <= to
    })
  )
}
