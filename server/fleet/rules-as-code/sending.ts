import type { Operation, Trunk, XapiClient } from '../../../xapi/xapi.ts'
import type { Actor } from '../../platform/audit.ts'
import { HubError } from '../../platform/errors.ts'
import { toPbxRule } from '../inbound-rules/shape.ts'
import { canonicalRow } from '../snapshots/canonical.ts'
import type { Reach } from '../write.ts'
import type { XapiCalls } from '../xapi-calls.ts'
import { draftOf } from './drafts.ts'
import type { Step } from './steps.ts'

/** Sends a step, audited with what was before and after; answers the id of a rule that was made. HubErrors `pbx_…`. */
export type Send = (step: Step, trunks: readonly Trunk[]) => Promise<number | null>

const WAYS: Readonly<Record<Step['act'], readonly [method: string, path: string]>> = {
  add: ['POST', '/InboundRules'],
  change: ['PATCH', '/InboundRules({})'],
  remove: ['DELETE', '/InboundRules({})'],
}
const PATIENCE_MS = 60_000
const withoutNames = (path: string) => path.replaceAll(/\{[^}]*\}/g, '{}')

/** Finds the three operations in the PBX's own description. HubError `pbx_operation_unknown` for a PBX without them. */
export async function openSender(
  calls: XapiCalls,
  pbx: XapiClient,
  { actor, reach, hostId }: { actor: Actor; reach: Reach; hostId: number },
): Promise<Send> {
  const { operations } = await pbx.describe()
  const operationFor = (act: Step['act']): Operation => {
    const [method, path] = WAYS[act]
    const found = operations.find((one) => one.method === method && withoutNames(one.path) === path)
    if (!found) throw new HubError('pbx_operation_unknown', `This PBX has no ${method} ${path}.`)
    return found
  }
  return async ({ act, rule_id, after }, trunks) => {
    const operation = operationFor(act)
    const key = operation.parameters.find((one) => one.in === 'path')?.name
    const parameters = key === undefined || rule_id === null ? {} : { [key]: rule_id }
    const world = { trunks: trunks.map(canonicalRow), stations: new Map() }
    // Whole also when it changes a rule: what a PBX makes of half a destination nobody knows.
    const body = after === null ? undefined : toPbxRule(draftOf(after, rule_id, world))
    const { answer } = await calls.call({ actor, reach, mayWrite: () => {} }, String(hostId), operation.id, {
      parameters,
      body,
      confirm: operation.id,
      timeoutMs: PATIENCE_MS,
    })
    const made = answer?.body as { Id?: unknown } | null | undefined
    return act === 'add' && Number.isSafeInteger(made?.Id) ? (made?.Id as number) : null
  }
}
