import type { Origin } from '../../contract/origins.ts'
import type { XapiClient } from '../../xapi/xapi.ts'

/** An origin as it is read; `key` is what it is known again by, among those of its kind on its host. */
export type FoundOrigin = Omit<Origin, 'id'> & { key: string }

const textOrNull = (value: unknown): string | null =>
  (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : null

/** Trunks, their numbers, and the rules for certain callers, in the order of the PBX. */
export async function readOrigins(pbx: XapiClient, signal: AbortSignal): Promise<FoundOrigin[]> {
  const trunks = await Array.fromAsync(pbx.trunks.list({ signal }))
  const rules = await Array.fromAsync(pbx.inboundRules.list({ signal }))
  const onlineById = new Map(trunks.map((trunk) => [trunk.Id, trunk.IsOnline === true]))
  const nameOfDid = new Map(
    rules
      .filter((rule) => rule.Condition === 'BasedOnDID')
      .map((rule) => [`${rule.TrunkDN?.Id ?? ''} ${rule.Data ?? ''}`, textOrNull(rule.RuleName)]),
  )
  const ofTrunks = trunks.map((trunk): FoundOrigin => ({
    type: 'trunk',
    key: String(trunk.Id),
    number: textOrNull(trunk.Number),
    name: textOrNull(trunk.Gateway?.Name),
    trunk: textOrNull(trunk.Number),
    active: trunk.IsOnline === true,
  }))
  const dids = trunks.flatMap((trunk) =>
    (trunk.DidNumbers ?? []).map((number): FoundOrigin => ({
      type: 'did',
      key: `${trunk.Id} ${number}`,
      number,
      name: nameOfDid.get(`${trunk.Id ?? ''} ${number}`) ?? null,
      trunk: textOrNull(trunk.Number),
      active: trunk.IsOnline === true && trunk['EnableInboundCalls'] !== false,
    })),
  )
  const callers = rules
    .filter((rule) => rule.Condition === 'BasedOnCallerID')
    .map((rule): FoundOrigin => ({
      type: 'caller_id_rule',
      key: String(rule.Id),
      number: textOrNull(rule.Data),
      name: textOrNull(rule.RuleName),
      trunk: textOrNull(rule.TrunkDN?.Number),
      active: rule.TrunkDN?.Id === undefined || onlineById.get(rule.TrunkDN.Id) === true,
    }))
  return [...ofTrunks, ...dids, ...callers]
}
