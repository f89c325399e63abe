import type { PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import { calledRule, changesOf, isAsWanted, type FieldChange } from './content.ts'
import type { PresentRule } from './matching.ts'
import { movesOf, remadeForOrder, type Target } from './order.ts'

/** One request to the PBX. */
export type Step = {
  act: 'change' | 'add' | 'remove'
  rule: string
  rule_id: number | null
  fields: FieldChange[]
  before: PlannedRule | null
  after: PlannedRule | null
  for_order: boolean
}

/** What the rules of a PBX are to be. */
export type Goal = {
  /** Every rule that is named, in the order of the file. */
  targets: readonly Target[]
  /** Rules that go. */
  gone: readonly PresentRule[]
  /** The file names every rule, so that their order says something. */
  hasOrder: boolean
  /** Rules are made again where that gives them their place. */
  reorder: boolean
}

export type Summary = { added: number; changed: number; removed: number; moved: number; unchanged: number }
export type Moved = { rule: string; before: number; after: number }

/**
 * The requests that make the rules of a PBX those of a goal: changes, then what is new, then what goes, so that between two of
 * them calls have somewhere to go; at last those that are removed and made again for their order, one by one.
 */
export function stepsTo(
  goal: Goal,
  present: readonly PresentRule[],
): { steps: Step[]; moves: Moved[]; summary: Summary } {
  const { targets, gone, hasOrder, reorder } = goal
  const remade = new Set(hasOrder && reorder ? remadeForOrder(targets, present) : [])
  const isChanged = ({ rule, present: there }: Target) => there !== null && !isAsWanted(there.content, rule)
  const fresh = targets.filter(({ present: there }) => there === null)
  const behind = remade.size > 0 ? behindRemade(targets, remade) : new Set<Target>()
  const moves = hasOrder ? movesOf(targets, present) : []
  const steps = [
    ...targets.filter((one) => isChanged(one) && !remade.has(one)).map(changeStep),
    ...fresh.filter((one) => !behind.has(one)).map((one) => addStep(one.rule, false)),
    ...gone.map((one) => removeStep(one, false)),
    ...targets
      .filter((one) => remade.has(one) || behind.has(one))
      .flatMap(({ rule, present: there }) =>
        there === null ? [addStep(rule, false)] : [removeStep(there, true), addStep(rule, true)],
      ),
  ]
  const changed = targets.filter(isChanged).length
  return {
    steps,
    moves: moves.map(({ target, before, after }) => ({ rule: calledRule(target.rule), before, after })),
    summary: {
      added: fresh.length,
      changed,
      removed: gone.length,
      moved: moves.length,
      unchanged: targets.length - fresh.length - changed,
    },
  }
}

/** New rules whose place is behind one that is made again: made before it, they would come before it. */
function behindRemade(targets: readonly Target[], remade: ReadonlySet<Target>): Set<Target> {
  const behind = new Set<Target>()
  const begun = new Set<boolean>()
  for (const target of targets) {
    const kind = target.rule.condition === 'BasedOnCallerID'
    if (remade.has(target)) begun.add(kind)
    else if (target.present === null && begun.has(kind)) behind.add(target)
  }
  return behind
}

const changeStep = ({ rule, present }: Target): Step => {
  const before = present?.content ?? null
  return {
    act: 'change',
    rule: calledRule(before ?? rule),
    rule_id: present?.id ?? null,
    fields: before === null ? [] : changesOf(before, rule),
    before,
    after: rule,
    for_order: false,
  }
}

const addStep = (rule: PlannedRule, forOrder: boolean): Step => ({
  act: 'add',
  rule: calledRule(rule),
  rule_id: null,
  fields: [],
  before: null,
  after: rule,
  for_order: forOrder,
})

const removeStep = ({ id, content }: PresentRule, forOrder: boolean): Step => ({
  act: 'remove',
  rule: calledRule(content),
  rule_id: id,
  fields: [],
  before: content,
  after: null,
  for_order: forOrder,
})
