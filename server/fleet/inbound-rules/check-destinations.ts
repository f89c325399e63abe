import type { RuleDestination } from '../../../contract/pbx-inbound-rules.ts'
import type { Station, StationKind, World } from '../trace/world.ts'
import { refusal, warning, type Complaint } from './complaint.ts'
import { NEEDS } from './resolve-rule.ts'
import { DESTINATIONS, dialled, type RuleDraft } from './shape.ts'

type Around = Pick<World, 'stations' | 'unread'>

/** Takes a number outside instead of one inside. */
const OUTSIDE: ReadonlySet<string> = new Set(['External', 'Boomerang', 'Deflect'])
/** Of the forwarding rules of extensions; an inbound rule has nobody whose they could be. */
const OF_EXTENSIONS: ReadonlySet<string> = new Set([
  'Boomerang',
  'Deflect',
  'VoiceMailOfDestination',
  'Callback',
  'ProceedWithNoExceptions',
])
const DIALLED = /^[+\d*#][\d*#]*$/

const NOUNS: Readonly<Record<StationKind, string>> = {
  extension: 'an extension',
  queue: 'a queue',
  ring_group: 'a ring group',
  ivr: 'a digital receptionist',
  fax: 'a fax',
  parking: 'a parking place',
  call_flow: 'a call flow',
  department: 'a department',
}
const TO_OF: Partial<Record<StationKind, string>> = {
  extension: 'Extension',
  queue: 'Queue',
  ring_group: 'RingGroup',
  ivr: 'IVR',
  fax: 'Fax',
  call_flow: 'RoutePoint',
}

/** What is wrong with where a rule leads, and with the switches that put its destinations to use. */
export function checkDestinations(rule: RuleDraft, around: Around): Complaint[] {
  return DESTINATIONS.flatMap(([field, flag]) => {
    const destination = rule[field]
    const isUsed = flag === null || rule[flag]
    if (destination === null) return isUsed ? [missing(field, flag)] : []
    return [...checkOne(field, destination, around), ...checkSwitch(field, flag, destination, isUsed)]
  })
}

const missing = (field: string, flag: string | null) =>
  refusal(
    field,
    'destination_missing',
    flag === null
      ? 'Say where calls go: {"to": "Extension", "number": "100"}, or {"to": "None"} to end them.'
      : `${flag} is true and needs it: say where calls go then, or {"to": "None"} to end them.`,
  )

function checkSwitch(
  field: string,
  flag: string | null,
  { to }: RuleDestination,
  isUsed: boolean,
): Complaint[] {
  if (flag === null) return []
  if (isUsed && to === 'None')
    return [
      warning(field, 'destination_none', `Calls end there: give a destination, or set ${flag} to false.`),
    ]
  if (!isUsed && to !== 'None')
    return [warning(field, 'destination_unused', `Is not used as long as ${flag} is false: set it to true.`)]
  return []
}

function checkOne(field: string, { to, number, external }: RuleDestination, around: Around): Complaint[] {
  const found: Complaint[] = []
  if (to === '')
    return [
      refusal(
        `${field}.to`,
        'destination_to_missing',
        'Say the kind of destination: to = Extension, Queue, …',
      ),
    ]
  const needed = NEEDS.get(to)
  const isOutside = OUTSIDE.has(to)
  if (needed) found.push(...checkNumber(`${field}.number`, to, needed[0], number, around))
  else if (number !== null && !isOutside && !OF_EXTENSIONS.has(to))
    found.push(refusal(`${field}.number`, 'number_not_taken', numberNotTaken(to, number, around)))
  if (to === 'External') found.push(...checkOutside(field, number, external))
  else if (!isOutside && external !== null)
    found.push(
      refusal(
        `${field}.external`,
        'external_not_taken',
        `${to} takes no outside number: leave it out, or set to = External.`,
      ),
    )
  if (OF_EXTENSIONS.has(to))
    found.push(
      warning(
        `${field}.to`,
        'destination_of_extensions',
        `${to} is for the forwarding rules of extensions: the PBX may refuse it here.`,
      ),
    )
  return found
}

function checkNumber(
  field: string,
  to: string,
  kind: StationKind,
  number: string | null,
  { stations, unread }: Around,
): Complaint[] {
  if (number === null)
    return [refusal(field, 'number_missing', `${to} needs the number of ${NOUNS[kind]}: give number.`)]
  const station = stations.get(number)
  if (station?.kind === kind) return []
  if (station === undefined && unread.has(kind))
    return [
      warning(field, 'number_unchecked', `The PBX does not let us see whether ${number} is ${NOUNS[kind]}.`),
    ]
  if (station === undefined)
    return [
      refusal(
        field,
        'number_not_found',
        `The PBX has no number ${number}: give one it has, or create it first.`,
      ),
    ]
  return [
    refusal(field, 'number_of_other_kind', `${called(station)}, not ${NOUNS[kind]}: ${wayOut(to, station)}`),
  ]
}

const called = ({ number, kind, name }: Station) => `${number} is ${NOUNS[kind]}${name ? ` ("${name}")` : ''}`

function wayOut(to: string, { kind }: Station): string {
  const meant = TO_OF[kind]
  if (meant === undefined) return 'no inbound rule leads there; give another number.'
  return to === 'VoiceMail'
    ? 'give the number of an extension.'
    : `set to = ${meant}, or give another number.`
}

function numberNotTaken(to: string, number: string, { stations }: Around): string {
  const station = stations.get(number)
  const meant = station && TO_OF[station.kind]
  const other = meant === undefined ? 'choose another to' : `set to = ${meant}`
  return `${to} takes no number: leave it out, or ${other}.`
}

function checkOutside(field: string, number: string | null, external: string | null): Complaint[] {
  const found: Complaint[] = []
  if (external === null)
    found.push(
      refusal(
        `${field}.external`,
        'external_missing',
        number === null
          ? 'External needs a number outside: give external, such as +33123456789.'
          : `External needs a number outside: write ${number} as external, or choose another to.`,
      ),
    )
  else if (!DIALLED.test(dialled(external)))
    found.push(
      refusal(
        `${field}.external`,
        'external_not_dialled',
        `"${external}" cannot be dialled: give digits, such as +33123456789.`,
      ),
    )
  if (number !== null && external !== null)
    found.push(
      refusal(
        `${field}.number`,
        'number_not_taken',
        'External takes no number inside: leave number out; external is what is dialled.',
      ),
    )
  return found
}
