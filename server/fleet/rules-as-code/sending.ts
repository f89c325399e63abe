import type { InboundRule, XapiClient } from '../../../xapi/xapi.ts'
import type { Actor } from '../../platform/audit.ts'
import { CREATE, REMOVE, UPDATE } from '../inbound-rules/changing.ts'
import { noRule } from '../inbound-rules/reading.ts'
import { toInboundRule, toPbxRule, toRawRule } from '../inbound-rules/shape.ts'
import type { Row } from '../snapshots/canonical.ts'
import type { Change, ChangeTrail } from '../xapi-changes.ts'
import { sendOnce } from '../xapi-sending.ts'
import { contentOf } from './content.ts'
import { draftOf } from './drafts.ts'
import { outdated, rulesOf, standingOf } from './drift.ts'
import type { Step } from './steps.ts'

/**
 * Takes a step, audited with what was before and after; answers the id of a rule that was made. HubErrors `plan_outdated` for a rule
 * that is no longer as planned, `pbx_outcome_unknown` for an answer that was lost; XapiErrors.
 */
export type Send = (step: Step) => Promise<number | null>

type SenderOptions = {
  pbx: XapiClient
  actor: Actor
  hostId: number
  trunks: readonly Row[]
  signal: AbortSignal
}

const DONE = { outcome: 'done', message: null } as const

export function openSender(trail: ChangeTrail, { pbx, actor, hostId, trunks, signal }: SenderOptions): Send {
  const world = { trunks, stations: new Map() }
  const changeOf = (operation: Change['operation'], id: number | null, body: unknown): Change => {
    return { actor, hostId, operation, parameters: id === null ? {} : { Id: id }, body }
  }

  const add = async (body: InboundRule): Promise<number | null> => {
    const change = changeOf(CREATE, null, body)
    const { audit, result } = await sendOnce(trail, change, { before: null, meant: body }, (onSend) =>
      pbx.inboundRules.create(body, { signal, onSend }),
    )
    const after = toRawRule({ ...body, ...result })
    await trail.end(change, audit, { ...DONE, status: 201, before: null, after }, null)
    return result?.Id ?? null
  }
  const change = async (id: number, told: InboundRule, body: InboundRule): Promise<void> => {
    const asked = changeOf(UPDATE, id, body)
    const before = toRawRule(told)
    const { audit } = await sendOnce(trail, asked, { before, meant: body }, (onSend) =>
      pbx.inboundRules.update(id, body, { signal, onSend }),
    )
    const after = toRawRule({ ...told, ...body })
    await trail.end(asked, audit, { ...DONE, status: 204, before, after }, null)
  }
  const remove = async (id: number, told: InboundRule): Promise<void> => {
    const asked = changeOf(REMOVE, id, null)
    const before = toRawRule(told)
    const { audit } = await sendOnce(trail, asked, { before, meant: null }, (onSend) =>
      pbx.inboundRules.remove(id, { signal, onSend }),
    )
    await trail.end(asked, audit, { ...DONE, status: 204, before, after: null }, null)
  }

  return async (step) => {
    const { act, rule_id: id, after } = step
    // Whole also when it changes a rule: what a PBX makes of half a destination nobody knows.
    const body = after === null ? null : toPbxRule(draftOf(after, id, world))
    if (act === 'add' || id === null) return body === null ? null : add(body)
    const told = await pbx.inboundRules.get(id, { signal }).catch((error: unknown) => {
      throw noRule(error)
    })
    const standing = standingOf(step, rulesOf([{ id, content: contentOf(toInboundRule(told)) }]))
    if (standing === 'drifted') throw outdated([`${step.rule} is not as it was.`])
    if (standing === 'waiting' && body !== null) await change(id, told, body)
    if (standing === 'waiting' && body === null) await remove(id, told)
    return null
  }
}
