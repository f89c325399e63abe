import type { PlannedDestination, PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import type { RuleDestination } from '../../../contract/pbx-inbound-rules.ts'
import { resolveRule } from '../inbound-rules/resolve-rule.ts'
import { toPbxRule, type RuleDraft } from '../inbound-rules/shape.ts'
import { canonicalRow, type Row } from '../snapshots/canonical.ts'
import type { World } from '../trace/world.ts'

const asDestination = (destination: PlannedDestination | null): RuleDestination | null =>
  destination === null
    ? { to: 'None', number: null, external: null, name: null, type: 'None' }
    : { ...destination, name: null, type: null }

/** A planned rule with the ids and kinds that this PBX has for what it names. */
export function draftOf(
  rule: PlannedRule,
  id: number | null,
  world: Pick<World, 'trunks' | 'stations'>,
): RuleDraft {
  const { trunk, ...rest } = rule
  const draft: RuleDraft = {
    ...rest,
    id,
    trunk_dn: trunk === null ? null : { id: null, number: trunk, name: null, type: null },
    office_hours_destination: asDestination(rule.office_hours_destination),
    out_of_office_hours_destination: asDestination(rule.out_of_office_hours_destination),
    holidays_destination: asDestination(rule.holidays_destination),
  }
  return resolveRule(draft, world)
}

/** The same as a configuration has it, for who traces and checks. */
export const rowOfDraft = (draft: RuleDraft, id: number): Row => canonicalRow({ ...toPbxRule(draft), Id: id })
