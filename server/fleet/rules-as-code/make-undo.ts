import { identityOf, isAsWanted } from './content.ts'
import type { PresentRule } from './matching.ts'
import type { Target } from './order.ts'
import type { Goal, Step } from './steps.ts'

/** Of a plan that was applied, perhaps half: what it did, and what was there before. */
export type Applied = { steps: readonly Step[]; before: readonly PresentRule[]; reorder: boolean }

/**
 * The rules as they were before a plan: what it touched as it was then, where it was then; what it did not touch, and what others
 * made since, as it is now.
 */
export function goalOfUndo({ steps, before, reorder }: Applied, now: readonly PresentRule[]): Goal {
  const free = new Map(now.map((rule) => [rule.id, rule]))
  const take = (rule: PresentRule | undefined) => {
    if (rule !== undefined) free.delete(rule.id)
    return rule ?? null
  }
  const alike = (content: PresentRule['content']) => {
    const same = [...free.values()].filter((rule) => identityOf(rule.content) === identityOf(content))
    return same.find((rule) => isAsWanted(rule.content, content)) ?? same[0]
  }
  const touched = new Map(
    steps.flatMap((step) => (step.rule_id === null ? [] : [[step.rule_id, step] as const])),
  )
  const targets: Target[] = []
  for (const { id, content } of before) {
    const there = take(free.get(id))
    if (there !== null) targets.push({ rule: touched.has(id) ? content : there.content, present: there })
    // Removed by the plan: made anew, or taken over from what it made again.
    else if (touched.has(id)) targets.push({ rule: content, present: take(alike(content)) })
  }
  const made = steps.flatMap(({ act, after }) => (act === 'add' && after !== null ? [after] : []))
  const gone = made.flatMap((content) => take(alike(content)) ?? [])
  const since = [...free.values()].map((rule): Target => ({ rule: rule.content, present: rule }))
  return { targets: [...targets, ...since], gone, hasOrder: true, reorder }
}
