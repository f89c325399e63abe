import type { ReadFrom } from '../../../contract/pbx-trace.ts'
import { isXapiError, type XapiClient } from '../../../xapi/xapi.ts'
import { KINDS } from '../inbound-rules/surroundings.ts'
import { trunkId, trunkName } from '../inbound-rules/resolve-rule.ts'
import { toInboundRule } from '../inbound-rules/shape.ts'
import { canonicalRow, type Row } from '../snapshots/canonical.ts'
import type { Configuration } from '../snapshots/content.ts'
import { openWorld, textOf, type Station, type World } from '../trace/world.ts'
import { contentOf } from './content.ts'
import type { PresentRule } from './matching.ts'
import type { Known } from './names.ts'

/** What a plan is made from. */
export type PbxState = {
  rules: readonly PresentRule[]
  /** The rules as a configuration has them, by id. */
  rows: ReadonlyMap<number, Row>
  known: Known
  world: World
  read: ReadFrom
}

/** The configuration that rules lead into, from a snapshot or from the PBX. */
export type Around = { configuration: Configuration; zone: string; read: ReadFrom }

/** The rules of a PBX as they are now, in its order. Throws XapiError. */
export async function readPresentRules(
  pbx: XapiClient,
  signal?: AbortSignal,
): Promise<{ rules: PresentRule[]; rows: Map<number, Row> }> {
  const rules: PresentRule[] = []
  const rows = new Map<number, Row>()
  for await (const told of pbx.inboundRules.list({ signal })) {
    const rule = toInboundRule(told)
    rules.push({ id: rule.id, content: contentOf(rule) })
    rows.set(rule.id, canonicalRow(told))
  }
  return { rules, rows }
}

/** Reads rules, trunks and numbers at once; where they lead further is `around`. Throws XapiError. */
export async function readPbxState(pbx: XapiClient, around: Around, signal: AbortSignal): Promise<PbxState> {
  const { rules, rows } = await readPresentRules(pbx, signal)
  const kept = new Map(around.configuration.resources['trunks']?.map((row) => [row['Number'], row]))
  const trunks = await Array.fromAsync(pbx.trunks.list({ signal }), (told) => {
    const row = canonicalRow(told)
    const groups = kept.get(row['Number'] ?? null)?.['Groups']
    // Their departments, and so their hours, are told only when they are asked for, which not every build can be.
    return groups === undefined ? row : { ...row, Groups: groups }
  })
  const resources = { ...around.configuration.resources, trunks, inbound_rules: [...rows.values()] }
  const world = openWorld({ ...around.configuration, resources }, around.zone)
  const stations = await freshStations(pbx, world, signal)
  const known: Known = {
    trunks: trunks.map((row) => ({
      id: trunkId(row) ?? 0,
      number: textOf(row['Number']),
      name: trunkName(row) || null,
      dids: Array.isArray(row['DidNumbers']) ? row['DidNumbers'].map(textOf) : [],
    })),
    peers: [...stations.values()].map(({ kind, number, name }) => ({
      number,
      name: name || null,
      type: Object.entries(KINDS).find(([, one]) => one === kind)?.[0] ?? null,
    })),
  }
  return { rules, rows, known, world: { ...world, stations }, read: around.read }
}

/** Numbers that came or went since the snapshot; those of the snapshot where the role may not list them. */
async function freshStations(
  pbx: XapiClient,
  { stations }: World,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Station>> {
  const fresh = new Map<string, Station>()
  try {
    for await (const peer of pbx.set('Peers').list({ signal })) {
      const [number, name, type] = [peer['Number'], peer['Name'], peer['Type']].map(asText)
      const kind = KINDS[type ?? '']
      if (kind === undefined || !number) continue
      const kept = stations.get(number)
      fresh.set(
        number,
        kept?.kind === kind
          ? { ...kept, name: name || kept.name }
          : { kind, number, name: name ?? '', row: canonicalRow(peer) },
      )
    }
  } catch (error) {
    if (isXapiError(error) && ['permission', 'unsupported', 'not_found'].includes(error.kind)) return stations
    throw error
  }
  // Not every build lists departments and the like among its peers.
  for (const [number, station] of stations)
    if (!fresh.has(number) && !LISTED.has(station.kind)) fresh.set(number, station)
  return fresh
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')
const LISTED: ReadonlySet<string> = new Set(['extension', 'queue', 'ring_group', 'ivr'])
