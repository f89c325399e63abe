import { mapOf, routesOfRule, ruleReference, type Reference } from './map.ts'
import type { World } from './world.ts'

/** A way from outside: the rule, its hours, and the places on the way with what leads on from each. */
export type WayIn = {
  rule: Reference & { looks_at: 'caller' | 'number' }
  hours: string
  through: { node: string; on: string }[]
}

export type WaysIn = {
  extension: string
  name: string | null
  /** What leads to it at once: `queue:800` by `agent`, `ivr:700` by `key 1`. */
  directly: { node: string; on: string }[]
  /** From each rule and each of its hours the shortest way, if there is one. */
  ways: WayIn[]
}

/** Every way into an extension or another number; null when nothing has that number. */
export function waysInto(world: World, number: string): WaysIn | null {
  const station = world.stations.get(number)
  if (!station) return null
  const map = mapOf(world)
  const target = `${station.kind}:${number}`
  const before = new Map<string, { node: string; on: string }[]>()
  const note = (to: string, node: string, on: string) => {
    const list = before.get(to)
    if (list) list.push({ node, on })
    else before.set(to, [{ node, on }])
  }
  for (const [id, { place, stop }] of map) {
    for (const { on, to } of stop.ways) note(to.id, id, on)
    for (const ring of stop.rings) {
      const rung = world.stations.get(ring.number)
      const on = place.kind === 'queue' ? 'agent' : 'member'
      if (rung && ring.number !== place.number) note(`${rung.kind}:${ring.number}`, id, on)
    }
  }
  // From the target backwards, so that one search serves every rule.
  const onward = new Map<string, { to: string; on: string } | null>([[target, null]])
  const waiting = [target]
  for (let at = 0; at < waiting.length; at++)
    for (const { node, on } of before.get(waiting[at] ?? '') ?? []) {
      if (onward.has(node)) continue
      onward.set(node, { to: waiting[at] ?? '', on })
      waiting.push(node)
    }
  const fromOutside = world.rules.filter((rule) => rule['CallType'] !== 'InternalCallsOnly')
  const ways = fromOutside.flatMap((rule) =>
    routesOfRule(world, rule).flatMap(({ on, to }) => {
      if (!onward.has(to.id)) return []
      const through: WayIn['through'] = []
      let id = to.id
      for (let next = onward.get(id); next; next = onward.get(id)) {
        through.push({ node: id, on: next.on })
        id = next.to
      }
      const looks_at = rule['Condition'] === 'BasedOnCallerID' ? ('caller' as const) : ('number' as const)
      return [{ rule: { ...ruleReference(rule), looks_at }, hours: on, through }]
    }),
  )
  return { extension: number, name: station.name || null, directly: before.get(target) ?? [], ways }
}
