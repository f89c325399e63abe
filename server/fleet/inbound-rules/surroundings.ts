import { isXapiError, type XapiClient } from '../../../xapi/xapi.ts'
import { canonicalRow, type Row } from '../snapshots/canonical.ts'
import { openWorld, type Station, type StationKind } from '../trace/world.ts'
import type { Surroundings } from './check-rule.ts'
import { NEEDS } from './resolve-rule.ts'
import { DESTINATIONS, type RuleDraft } from './shape.ts'

/** What the PBX calls its kinds of numbers. */
export const KINDS: Readonly<Record<string, StationKind>> = {
  Extension: 'extension',
  Queue: 'queue',
  RingGroup: 'ring_group',
  IVR: 'ivr',
  Fax: 'fax',
  Parking: 'parking',
  RoutePoint: 'call_flow',
  Group: 'department',
}
const REFUSED: ReadonlySet<string> = new Set(['permission', 'unsupported'])

/**
 * Reads what a rule is held against: trunks, rules, and the numbers that the rule names. What the role may not see is unread.
 * Throws XapiError.
 */
export async function readSurroundings(
  pbx: XapiClient,
  rules: readonly RuleDraft[],
  signal: AbortSignal,
): Promise<Surroundings> {
  const trunks = await orNull(Array.fromAsync(pbx.trunks.list({ signal }), canonicalRow))
  const inbound = await orNull(Array.fromAsync(pbx.inboundRules.list({ signal }), canonicalRow))
  const resources: Record<string, readonly Row[]> = {
    ...(trunks ? { trunks } : {}),
    ...(inbound ? { inbound_rules: inbound } : {}),
  }
  const { stations, unread } = await readStations(pbx, numbersIn(rules), signal)
  const configuration = { format: 1, version: pbx.version(), resources, unreadable: {} } as const
  return { ...openWorld(configuration, 'UTC'), stations, unread }
}

async function readStations(
  pbx: XapiClient,
  numbers: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Pick<Surroundings, 'stations' | 'unread'>> {
  const stations = new Map<string, Station>()
  for (const number of numbers) {
    const peer = await orNull(pbx.peers.byNumber(number, { signal }).then((found) => ({ found })))
    if (peer === null) return { stations: new Map(), unread: new Set(Object.values(KINDS)) }
    const kind = KINDS[peer.found?.Type ?? '']
    if (peer.found && kind !== undefined)
      stations.set(number, { kind, number, name: peer.found.Name ?? '', row: canonicalRow(peer.found) })
  }
  return { stations, unread: new Set() }
}

/** Null for what the PBX refuses to tell. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (isXapiError(error) && REFUSED.has(error.kind)) return null
    throw error
  }
}

function numbersIn(rules: readonly RuleDraft[]): ReadonlySet<string> {
  const numbers = new Set<string>()
  for (const rule of rules)
    for (const [field] of DESTINATIONS) {
      const { to = '', number = null } = rule[field] ?? {}
      if (number !== null && (NEEDS.has(to) || to === 'None')) numbers.add(number)
    }
  return numbers
}
