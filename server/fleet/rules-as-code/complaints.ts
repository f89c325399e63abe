import type { PlanComplaint, PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import { blamedOn, checkRule } from '../inbound-rules/check-rule.ts'
import type { World } from '../trace/world.ts'
import { calledRule } from './content.ts'
import { draftOf } from './drafts.ts'

/** A rule as it is after the plan, by the id it has there, and as it was; null for one that is new. */
export type Judged = { id: number; rule: PlannedRule; before: PlannedRule | null; isTouched: boolean }

/**
 * What is wrong with the rules as they would be, or worth a look. What was wrong before in the same way only warns; of rules that
 * the plan leaves alone only what is new is told.
 */
export function complaintsOf(judged: readonly Judged[], before: World, after: World): PlanComplaint[] {
  return judged.flatMap(({ id, rule, before: was, isTouched }) => {
    const now = checkRule(draftOf(rule, id, after), after)
    if (now.length === 0) return []
    const had = was === null ? [] : checkRule(draftOf(was, id, before), before)
    const known = new Set(had.map(({ field, code }) => `${field} ${code}`))
    return blamedOn(had, now)
      .filter(({ field, code }) => isTouched || !known.has(`${field} ${code}`))
      .map((one) => ({ rule: calledRule(rule), ...one, refuses: one.refuses && isTouched }))
  })
}
