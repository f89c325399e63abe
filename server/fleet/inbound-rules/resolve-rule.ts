import type { RuleDestination } from '../../../contract/pbx-inbound-rules.ts'
import type { Row } from '../snapshots/canonical.ts'
import { nameOf, rowOf, textOf, type StationKind, type World } from '../trace/world.ts'
import { DESTINATIONS, type RuleDraft } from './shape.ts'

/** The kind of number each destination needs, and what the PBX calls it. */
export const NEEDS: ReadonlyMap<string, readonly [StationKind, string]> = new Map([
  ['Extension', ['extension', 'Extension']],
  ['VoiceMail', ['extension', 'Extension']],
  ['Queue', ['queue', 'Queue']],
  ['RingGroup', ['ring_group', 'RingGroup']],
  ['IVR', ['ivr', 'IVR']],
  ['Fax', ['fax', 'Fax']],
  ['RoutePoint', ['call_flow', 'RoutePoint']],
])

export const trunkName = (trunk: Row): string => textOf(rowOf(trunk['Gateway'])?.['Name']) || nameOf(trunk)
export const trunkId = (trunk: Row): number | null => Number(trunk['Id'] ?? 0) || null
const folded = (text: string) => text.trim().toLowerCase()

/** The trunks a rule may mean: by number, else by id, else by what it is called. */
export function trunksMeant(world: Pick<World, 'trunks'>, trunk: RuleDraft['trunk_dn']): Row[] {
  const { id = null, number = null, name = null } = trunk ?? {}
  if (number !== null) return world.trunks.filter((row) => textOf(row['Number']) === number)
  if (id !== null) return world.trunks.filter((row) => trunkId(row) === id)
  if (name === null) return []
  return world.trunks.filter((row) => folded(trunkName(row)) === folded(name))
}

/** A rule with the trunk and the destinations it names as this PBX has them; what is not there stays as it was named. */
export function resolveRule(rule: RuleDraft, world: Pick<World, 'trunks' | 'stations'>): RuleDraft {
  const resolved = { ...rule }
  const [trunk, ...more] = trunksMeant(world, rule.trunk_dn)
  const isOther = trunk && (rule.trunk_dn?.id ?? trunkId(trunk)) !== trunkId(trunk)
  if (trunk && more.length === 0 && !isOther)
    resolved.trunk_dn = {
      id: trunkId(trunk),
      number: textOf(trunk['Number']) || null,
      name: trunkName(trunk) || null,
      type: rule.trunk_dn?.type ?? 'ExternalLine',
    }
  for (const [field] of DESTINATIONS) resolved[field] = resolveDestination(rule[field], world)
  return resolved
}

function resolveDestination(
  destination: RuleDestination | null,
  { stations }: Pick<World, 'stations'>,
): RuleDestination | null {
  if (destination === null || destination.type !== null) return destination
  const { to, number } = destination
  const [kind, type] = NEEDS.get(to) ?? []
  const station = number === null ? undefined : stations.get(number)
  const isIt = station !== undefined && station.kind === kind
  return { ...destination, name: isIt ? station.name || null : null, type: type ?? 'None' }
}
