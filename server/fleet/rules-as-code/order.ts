import type { PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import type { PresentRule } from './matching.ts'
import { longestRising } from '../snapshots/diff.ts'

/** A rule as it is to be, and the one on the PBX it is made of; null for a new one. */
export type Target = { rule: PlannedRule; present: PresentRule | null }
/** A rule whose place is another than the file has it. Places are counted from 1. */
export type Move = { target: Target; before: number; after: number }

/** Rules of callers are looked at before those of numbers, whatever their places: each kind has an order of its own. */
const KINDS = [
  (rule: PlannedRule) => rule.condition === 'BasedOnCallerID',
  (rule: PlannedRule) => rule.condition !== 'BasedOnCallerID',
]

/**
 * The fewest rules that would have to move so that the PBX, which puts new rules behind all others, has them in the order of
 * the file.
 */
export function movesOf(targets: readonly Target[], present: readonly PresentRule[]): Move[] {
  return KINDS.flatMap((isOfKind) => {
    const wanted = targets.filter(({ rule }) => isOfKind(rule))
    const resulting = resultingOrder(wanted, present)
    const places = wanted.map((one) => resulting.indexOf(one))
    const staying = longestRising(places)
    return wanted.flatMap((target, at) =>
      staying.has(at) ? [] : [{ target, before: (places[at] ?? 0) + 1, after: at + 1 }],
    )
  })
}

/** The rules in the order in which the PBX has them once the new ones are made. */
export function resultingOrder(targets: readonly Target[], present: readonly PresentRule[]): Target[] {
  const place = new Map(present.map(({ id }, at) => [id, at]))
  const placeOf = (target: Target, at: number) =>
    target.present === null ? present.length + at : (place.get(target.present.id) ?? 0)
  return targets
    .map((target, at) => ({ target, place: placeOf(target, at) }))
    .sort((a, b) => a.place - b.place)
    .map(({ target }) => target)
}

/**
 * The rules that have to be removed and made again, in this order, for the PBX to have all in the order of the file: new rules
 * come behind all others, so that only a beginning of the list can stay.
 */
export function remadeForOrder(targets: readonly Target[], present: readonly PresentRule[]): Target[] {
  return KINDS.flatMap((isOfKind) => {
    const wanted = targets.filter(({ rule }) => isOfKind(rule))
    const place = new Map(present.map(({ id }, at) => [id, at]))
    let last = -1
    const stays = wanted.findIndex((target) => {
      const at = target.present === null ? undefined : place.get(target.present.id)
      if (at === undefined || at < last) return true
      last = at
      return false
    })
    return stays < 0 ? [] : wanted.slice(stays).filter(({ present: there }) => there !== null)
  })
}
