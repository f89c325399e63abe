import type { InboundRuleInput, RuleWarning } from '../../../contract/pbx-inbound-rules.ts'
import type { Operation } from '../../../xapi/xapi.ts'
import type * as Pbx from '../../../xapi/xapi.ts'
import type { Actor } from '../../platform/audit.ts'
import { etagOf, type Condition } from '../../platform/etag.ts'
import { invalid, type FieldErrors } from '../../platform/errors.ts'
import type { Reach } from '../write.ts'
import type { ChangeTrail } from '../xapi-changes.ts'
import { sendOnce } from '../xapi-sending.ts'
import { blamedOn, checkRule } from './check-rule.ts'
import { warning, type Complaint } from './complaint.ts'
import { noRule, ruleAt, type At, type AtHost } from './reading.ts'
import { resolveRule } from './resolve-rule.ts'
import { changedFields, mergeRule, toInboundRule, toPbxRule, toRawRule, type RuleDraft } from './shape.ts'
import { readSurroundings } from './surroundings.ts'

export type RuleWriter = { actor: Actor; reach: Reach }
/** A rule as it was written: what is answered, and the tag of the rule itself. */
export type WrittenRule<Answer> = { answer: Answer; etag: string }
type Shown = Record<string, unknown> & { warnings: RuleWarning[] }

/**
 * Changes the inbound rules of a PBX: checked before anything is sent, sent once, audited before and after. HubErrors
 * `validation_failed` with what to do for each field, `not_found`, `precondition_failed`, `conflict` for a rule the PBX
 * has already, `pbx_…`. `raw`: answers under the PBX's own names.
 */
export type RuleChanges = {
  create(writer: RuleWriter, host: string, input: InboundRuleInput, raw: boolean): Promise<WrittenRule<Shown>>
  /** Nothing is sent when nothing differs. */
  update(
    writer: RuleWriter,
    host: string,
    id: number,
    change: { input: InboundRuleInput; condition: Condition; raw: boolean },
  ): Promise<WrittenRule<Shown>>
  remove(writer: RuleWriter, host: string, id: number, condition: Condition): Promise<void>
  /** All or none; answers what was there. */
  removeAll(
    writer: RuleWriter,
    host: string,
    ids: readonly number[],
    raw: boolean,
  ): Promise<{ deleted: Record<string, unknown>[] }>
}

type Sent = Pick<Operation, 'id' | 'method' | 'path'>
export const CREATE: Sent = { id: 'CreateInboundRule', method: 'POST', path: '/InboundRules' }
export const UPDATE: Sent = { id: 'UpdateInboundRule', method: 'PATCH', path: '/InboundRules({Id})' }
export const REMOVE: Sent = { id: 'DeleteInboundRule', method: 'DELETE', path: '/InboundRules({Id})' }
const REMOVE_ALL: Sent = {
  id: 'BulkInboundRulesDelete',
  method: 'POST',
  path: '/InboundRules/Pbx.BulkInboundRulesDelete',
}

export function openRuleChanges(atHost: AtHost, trail: ChangeTrail): RuleChanges {
  const turns = new Map<number, Promise<unknown>>()
  /** One change of a PBX after another: what one has read another does not change meanwhile. */
  const inTurn = <T>(hostId: number, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(hostId) ?? Promise.resolve()).then(work, work)
    turns.set(hostId, mine)
    const leave = () => void (turns.get(hostId) === mine && turns.delete(hostId))
    mine.then(leave, leave)
    return mine
  }
  const changing = <T>({ reach }: RuleWriter, host: string, work: (at: At) => Promise<T>): Promise<T> =>
    atHost(reach, host, (at) => inTurn(at.hostId, () => work(at)))

  return {
    create: (writer, host, input, raw) =>
      changing(writer, host, async (at) => {
        const { rule, warnings } = await checked(at, null, input)
        const body = toPbxRule(rule)
        const change = { actor: writer.actor, hostId: at.hostId, operation: CREATE, parameters: {}, body }
        const { audit, result } = await sendOnce(trail, change, { before: null, meant: body }, (onSend) =>
          at.pbx.inboundRules.create(body, { signal: at.signal, onSend }),
        )
        const after = await made(at, body, result)
        const shown = shownRule(after, warnings, raw)
        await trail.end(
          change,
          audit,
          { ...DONE, status: 201, before: null, after: toRawRule(after) },
          shown.answer,
        )
        return shown
      }),
    update: (writer, host, id, { input, condition, raw }) =>
      changing(writer, host, async (at) => {
        if ((input.id ?? id) !== id)
          throw invalid({ id: [`Is the id of the address, ${id}: leave it out, or give that one.`] })
        const before = await ruleAt(at.pbx, id, at.signal)
        const present = toInboundRule(before)
        condition(present)
        const { rule, warnings } = await checked(at, present, input)
        const body = changedFields(present, rule)
        if (Object.keys(body).length === 0) return shownRule(before, warnings, raw)
        const change = {
          actor: writer.actor,
          hostId: at.hostId,
          operation: UPDATE,
          parameters: { Id: id },
          body,
        }
        const states = { before: toRawRule(before), meant: body }
        const { audit } = await sendOnce(trail, change, states, (onSend) =>
          at.pbx.inboundRules.update(id, body, { signal: at.signal, onSend }),
        ).catch(asGone)
        const after = await ruleAt(at.pbx, id, at.signal).catch(() => ({ ...before, ...body }))
        const shown = shownRule(after, warnings, raw)
        await trail.end(
          change,
          audit,
          { ...DONE, status: 204, before: states.before, after: toRawRule(after) },
          shown.answer,
        )
        return shown
      }),
    remove: (writer, host, id, condition) =>
      changing(writer, host, async (at) => {
        const told = await ruleAt(at.pbx, id, at.signal)
        condition(toInboundRule(told))
        const before = toRawRule(told)
        const parameters = { Id: id }
        const change = { actor: writer.actor, hostId: at.hostId, operation: REMOVE, parameters, body: null }
        const { audit } = await sendOnce(trail, change, { before, meant: null }, (onSend) =>
          at.pbx.inboundRules.remove(id, { signal: at.signal, onSend }),
        ).catch(asGone)
        await trail.end(change, audit, { ...DONE, status: 204, before, after: null }, null)
      }),
    removeAll: (writer, host, ids, raw) =>
      changing(writer, host, async (at) => {
        const there = new Map<unknown, Pbx.InboundRule>()
        for await (const rule of at.pbx.inboundRules.list({ signal: at.signal })) there.set(rule.Id, rule)
        const found = ids.map((id) => there.get(id)).filter((rule) => rule !== undefined)
        if (found.length < ids.length) throw invalid(missingOf(ids, there))
        const before = found.map(toRawRule)
        const body = { ids }
        const change = { actor: writer.actor, hostId: at.hostId, operation: REMOVE_ALL, parameters: {}, body }
        const { audit } = await sendOnce(trail, change, { before, meant: null }, (onSend) =>
          at.pbx.inboundRules.removeAll(ids, { signal: at.signal, onSend }),
        )
        const answer = { deleted: raw ? before : found.map(toInboundRule) }
        await trail.end(change, audit, { ...DONE, status: 204, before, after: null }, answer)
        return answer
      }),
  }
}

/** It was there a moment ago. */
const asGone = (error: unknown): never => {
  throw noRule(error)
}

const DONE = { outcome: 'done', message: null } as const

const missingOf = (ids: readonly number[], there: ReadonlyMap<unknown, unknown>): FieldErrors =>
  Object.fromEntries(
    ids.flatMap((id, i) =>
      there.has(id)
        ? []
        : [[`ids.${i}`, [`This PBX has no inbound rule ${id}: leave it out. Nothing was deleted.`]]],
    ),
  )

/** The rule that is meant, as this PBX has what it names. HubError `validation_failed` for what may not be sent. */
async function checked(
  { pbx, signal }: At,
  before: RuleDraft | null,
  input: InboundRuleInput,
): Promise<{ rule: RuleDraft; warnings: RuleWarning[] }> {
  const draft = mergeRule(before, input)
  const around = await readSurroundings(pbx, before ? [before, draft] : [draft], signal)
  const rule = resolveRule(draft, around)
  const now = checkRule(rule, around)
  const found = before ? blamedOn(checkRule(resolveRule(before, around), around), now) : now
  const fields: FieldErrors = {}
  for (const { field, message } of found.filter(({ refuses }) => refuses))
    (fields[field] ??= []).push(message)
  if (Object.keys(fields).length > 0) throw invalid(fields)
  const given = before === null ? (input.id ?? null) : null
  return { rule, warnings: (given === null ? found : [givenId(given), ...found]).map(toWarning) }
}

const givenId = (id: number) =>
  warning('id', 'id_not_sent', `The PBX gives ids: ${id} was not sent. To change that rule, use PATCH.`)
const toWarning = ({ field, code, message }: Complaint): RuleWarning => ({ field, code, message })

/** A new rule as the PBX has it; some answer with less than the rule. */
async function made(
  { pbx, signal }: At,
  sent: Pbx.InboundRule,
  told: Pbx.InboundRule | null,
): Promise<Pbx.InboundRule> {
  try {
    if (told?.Id) return await pbx.inboundRules.get(told.Id, { signal })
    for await (const rule of pbx.inboundRules.list({ signal }))
      if (
        rule.Condition === sent.Condition &&
        rule.Data === sent.Data &&
        rule.TrunkDN?.Number === sent.TrunkDN?.Number
      )
        return rule
  } catch {
    // It is made: what was sent stands for what cannot be read.
  }
  return { ...sent, ...told }
}

function shownRule(told: Pbx.InboundRule, warnings: RuleWarning[], raw: boolean): WrittenRule<Shown> {
  const rule = toInboundRule(told)
  return { answer: { ...(raw ? toRawRule(told) : rule), warnings }, etag: etagOf(rule) }
}
