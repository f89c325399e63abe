import type { PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import { identityOf } from './content.ts'

/** A rule of the PBX as it is now. */
export type PresentRule = { id: number; content: PlannedRule }
/** What a rule of a file is on the PBX; null for a rule that is not there yet. */
export type Match<Wanted> = { wanted: Wanted; present: PresentRule | null }

type Keys = Pick<PlannedRule, 'rule_name' | 'condition' | 'data' | 'trunk'>

/**
 * Finds the rules of a file among those of a PBX: by what they look at and their trunk; of several that look at the same by
 * their names, else in their order. What is then left on both sides is a rule whose number or trunk was changed, where exactly
 * one on each side has its name; `byName` false leaves that out.
 */
export function matchRules<Wanted extends Keys>(
  wanted: readonly Wanted[],
  present: readonly PresentRule[],
  byName: boolean,
): { matches: Match<Wanted>[]; left: PresentRule[] } {
  const free = new Map<string, PresentRule[]>()
  for (const rule of present) {
    const key = identityOf(rule.content)
    free.set(key, [...(free.get(key) ?? []), rule])
  }
  const found = new Map<Wanted, PresentRule>()
  const take = (rule: Wanted, pick: (candidates: readonly PresentRule[]) => number) => {
    const candidates = free.get(identityOf(rule)) ?? []
    const at = found.has(rule) ? -1 : pick(candidates)
    const taken = candidates[at]
    if (taken === undefined) return
    candidates.splice(at, 1)
    found.set(rule, taken)
  }
  for (const rule of wanted)
    take(rule, (candidates) => candidates.findIndex(({ content }) => content.rule_name === rule.rule_name))
  for (const rule of wanted) take(rule, () => 0)
  const left = () => present.filter((rule) => free.get(identityOf(rule.content))?.includes(rule) === true)
  if (byName) {
    const nameOf = ({ rule_name, condition }: Keys) =>
      rule_name === null ? null : JSON.stringify([rule_name, condition])
    const there = onlyOnes(left(), ({ content }) => nameOf(content))
    for (const [name, rule] of onlyOnes(
      wanted.filter((one) => !found.has(one)),
      nameOf,
    )) {
      const renamed = there.get(name)
      if (renamed === undefined) continue
      found.set(rule, renamed)
      const candidates = free.get(identityOf(renamed.content)) ?? []
      candidates.splice(candidates.indexOf(renamed), 1)
    }
  }
  return {
    matches: wanted.map((rule) => ({ wanted: rule, present: found.get(rule) ?? null })),
    left: left(),
  }
}

/** What has a name that nothing else in the list has. */
function onlyOnes<T>(list: readonly T[], nameOf: (one: T) => string | null): Map<string, T> {
  const found = new Map<string, T>()
  const twice = new Set<string>()
  for (const one of list) {
    const name = nameOf(one)
    if (name === null) continue
    if (found.has(name)) twice.add(name)
    found.set(name, one)
  }
  for (const name of twice) found.delete(name)
  return found
}
