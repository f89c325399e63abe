import type { RulePlanQuery } from '../../../contract/pbx-rule-plans.ts'
import { invalid } from '../../platform/errors.ts'
import { mergeRule } from '../inbound-rules/shape.ts'
import type { Row } from '../snapshots/canonical.ts'
import type { World } from '../trace/world.ts'
import { changedAnswers } from './answers.ts'
import { complaintsOf } from './complaints.ts'
import { contentOf, isAsWanted } from './content.ts'
import { draftOf, rowOfDraft } from './drafts.ts'
import { matchRules } from './matching.ts'
import { resultingOrder, type Target } from './order.ts'
import type { PbxState } from './pbx-state.ts'
import type { MadePlan } from './plan-rows.ts'
import type { Problems } from './problems.ts'
import { readTruth, type FilePart } from './rule-file.ts'
import { stepsTo, type Goal } from './steps.ts'
import { readWrittenRule } from './written-rule.ts'

/** Which rules a PBX is to have by a file. What is wrong with the file goes to `problems`. */
export function goalOf(part: FilePart, state: PbxState, query: RulePlanQuery, problems: Problems): Goal {
  const partial = query.partial === undefined ? part.partial : readTruth(query.partial) === true
  const reorder = query.reorder === undefined ? part.reorder : readTruth(query.reorder) === true
  if (partial && reorder)
    throw invalid({ reorder: ['Needs a file that names every rule: leave partial out.'] })
  const given = part.rules.flatMap((written) => readWrittenRule(written, state.known, problems) ?? [])
  const wanted = given.map(({ input, trunk, written }) => {
    const { rule_name = null, condition = null, data = null } = input
    return { rule_name, condition, data, trunk, input, written }
  })
  const { matches, left } = matchRules(wanted, state.rules, !partial)
  const targets = matches.map(({ wanted: { input, trunk }, present }): Target => {
    // A file that is the whole truth clears what it does not say, one that is not leaves it.
    const base = partial && present !== null ? draftOf(present.content, present.id, state.world) : null
    const trunk_dn = { number: trunk }
    return { rule: contentOf(mergeRule(base, { ...input, trunk_dn })), present }
  })
  return { targets, gone: partial ? [] : left, hasOrder: !partial, reorder }
}

/** What reaching a goal takes, what is to be said of it, and which calls go elsewhere then. */
export async function planFor(
  goal: Goal,
  state: PbxState,
  {
    document,
    undoes,
    now,
    isPartial,
  }: Pick<MadePlan, 'document' | 'undoes'> & { now: number; isPartial: boolean },
): Promise<MadePlan> {
  const { steps, moves, summary } = stepsTo(goal, state.rules)
  const { after, judged } = worldAfter(goal, state)
  const { answers, count } = await changedAnswers(state.world, after, now)
  const complaints = complaintsOf(judged, state.world, after)
  const notes: string[] = []
  if (count > answers.length) notes.push(`${count - answers.length} more answers change.`)
  if (moves.length > 0 && !goal.reorder)
    notes.push(
      'A PBX has no order of rules to set: new ones come behind all others. reorder removes rules and makes them again where that gives them their place; calls for them in between find none.',
    )
  return {
    partial: isPartial,
    reorder: goal.reorder,
    undoes,
    document,
    before: state.rules,
    steps,
    moves,
    summary: isPartial
      ? { ...summary, unchanged: state.rules.length - summary.changed - summary.removed }
      : summary,
    complaints,
    answers,
    notes,
    read: state.read,
  }
}

/** The configuration as it would be, with rules that are not there yet under ids below zero. */
function worldAfter(goal: Goal, { rules, rows, world }: PbxState) {
  const { targets, gone, hasOrder, reorder } = goal
  const removed = new Set(gone.map(({ id }) => id))
  const byId = new Map(targets.flatMap((one) => (one.present ? [[one.present.id, one] as const] : [])))
  const kept = rules
    .filter(({ id }) => !removed.has(id) && !byId.has(id))
    .map((present): Target => ({ rule: present.content, present }))
  const all = hasOrder && reorder ? [...targets, ...kept] : resultingOrder([...targets, ...kept], rules)
  const judged = all.map(({ rule, present }, at) => {
    const isTouched = present === null || !isAsWanted(present.content, rule)
    return { id: present?.id ?? -1 - at, rule, before: present?.content ?? null, isTouched }
  })
  const afterRows = judged.map(({ id, rule, isTouched }): Row => {
    const row = rows.get(id)
    return row !== undefined && !isTouched ? row : rowOfDraft(draftOf(rule, id, world), id)
  })
  const isOfCallers = (row: Row) => row['Condition'] === 'BasedOnCallerID'
  const after: World = {
    ...world,
    configuration: {
      ...world.configuration,
      resources: { ...world.configuration.resources, inbound_rules: afterRows },
    },
    rules: [...afterRows.filter(isOfCallers), ...afterRows.filter((row) => !isOfCallers(row))],
  }
  return { after, judged }
}
