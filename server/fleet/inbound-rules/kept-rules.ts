import type { InboundRule, RawInboundRule } from '../../../contract/pbx-inbound-rules.ts'
import type * as Pbx from '../../../xapi/xapi.ts'
import type { Clock } from '../../platform/clock.ts'
import { HubError } from '../../platform/errors.ts'
import type { Snapshots } from '../snapshots/snapshots.ts'
import { openWorld } from '../trace/world.ts'
import type { Reach } from '../write.ts'
import { resolveRule } from './resolve-rule.ts'
import { toInboundRule } from './shape.ts'

/** Rules of a PBX as they were read: a rule under our names, and as the PBX told it. */
export type RulesRead = {
  rules: { rule: InboundRule; raw: RawInboundRule }[]
  ageMs: number
  /** Why they could not be read from the PBX just now; null = they were. */
  stale: string | null
}

/** The rules of the last snapshot for a PBX that is away. Throws `failure` when there is no such snapshot. */
export async function rulesKept(
  { snapshots, clock }: { snapshots: Snapshots; clock: Clock },
  reach: Reach,
  host: string,
  failure: unknown,
): Promise<RulesRead> {
  if (!(failure instanceof HubError) || !failure.code.startsWith('pbx_')) throw failure
  const last = await snapshots.last(reach, host).catch((error: unknown) => {
    throw error instanceof HubError && error.code === 'not_found' ? failure : error
  })
  const rows = last.configuration.resources['inbound_rules']
  if (rows === undefined) throw failure
  const world = openWorld(last.configuration, last.host.zone)
  return {
    // A snapshot keeps where a rule leads, not what that is called.
    rules: rows.map((raw) => ({
      raw,
      rule: { ...resolveRule(toInboundRule(raw as Pbx.InboundRule), world), id: Number(raw['Id'] ?? 0) },
    })),
    ageMs: Math.max(0, clock.now() - Date.parse(last.snapshot.taken_at)),
    stale: failure.message,
  }
}
