import type { PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import { HubError } from '../../platform/errors.ts'
import { calledRule, identityOf, isAsWanted } from './content.ts'
import type { PresentRule } from './matching.ts'
import type { Step } from './steps.ts'

/** How a step stands to what is on the PBX: still to be sent, there already, or over something else than was planned. */
export type Standing = 'waiting' | 'done' | 'drifted'

/** Rules by id and by what they look at. */
export type Rules = { byId: Map<number, PlannedRule>; all: readonly PresentRule[] }
export const rulesOf = (all: readonly PresentRule[]): Rules => ({
  all,
  byId: new Map(all.map(({ id, content }) => [id, content])),
})

/** Recognises what became of a step by what is on the PBX: ids of what it made are not known when its answer was lost. */
export function standingOf({ act, rule_id, before, after }: Step, { byId, all }: Rules): Standing {
  if (act === 'add' && after !== null) {
    const alike = all.filter(({ content }) => identityOf(content) === identityOf(after))
    if (alike.length === 0) return 'waiting'
    return alike.some(({ content }) => isAsWanted(content, after)) ? 'done' : 'drifted'
  }
  const present = rule_id === null ? undefined : byId.get(rule_id)
  if (present === undefined) return act === 'remove' ? 'done' : 'drifted'
  if (after !== null && isAsWanted(present, after)) return 'done'
  return before !== null && isAsWanted(present, before) ? 'waiting' : 'drifted'
}

/**
 * What was changed on the PBX by others since a plan was made, in words; empty for nothing that matters. Rules that the plan does
 * not touch matter to one that is the whole truth (`isWhole`). Steps before `next` are done.
 */
export function driftOf(
  plan: { steps: readonly Step[]; before: readonly PresentRule[]; isWhole: boolean },
  next: number,
  now: Rules,
): string[] {
  const { steps, before, isWhole } = plan
  const found: string[] = []
  const removedFirst = new Set<string>()
  for (const step of steps.slice(next)) {
    const identity = identityOf(step.after ?? step.before ?? ({} as PlannedRule))
    // What is made again is still there as long as it was not removed.
    const isRemade = step.act === 'add' && removedFirst.has(identity)
    if (step.act === 'remove') removedFirst.add(identity)
    if (!isRemade && standingOf(step, now) === 'drifted') found.push(driftWords(step, now))
  }
  if (!isWhole) return found
  const touched = new Set(steps.flatMap(({ rule_id }) => (rule_id === null ? [] : [rule_id])))
  const made = new Set(steps.flatMap(({ act, after }) => (act === 'add' && after ? [identityOf(after)] : [])))
  const known = new Map(before.map(({ id, content }) => [id, content]))
  for (const { id, content } of before) {
    if (touched.has(id)) continue
    const present = now.byId.get(id)
    if (present === undefined) found.push(`${calledRule(content)} was removed.`)
    else if (!isAsWanted(present, content)) found.push(`${calledRule(content)} was changed.`)
  }
  for (const { id, content } of now.all)
    if (!known.has(id) && !made.has(identityOf(content))) found.push(`${calledRule(content)} was added.`)
  return found
}

function driftWords({ act, rule, rule_id }: Step, { byId }: Rules): string {
  if (act === 'add') return `${rule}: there is one that looks at the same already.`
  return rule_id !== null && byId.has(rule_id) ? `${rule} was changed.` : `${rule} was removed.`
}

/** The rules of the PBX are no longer those a plan was made for. */
export const outdated = (drift: readonly string[]): HubError =>
  new HubError(
    'plan_outdated',
    `The rules of the PBX were changed since the plan was made: ${drift.slice(0, 5).join(' ')}${drift.length > 5 ? ` And ${drift.length - 5} more.` : ''} Make a new plan.`,
  )
