import type { Row } from '../snapshots/canonical.ts'
import { END, placeOf, type Place } from './places.ts'
import { RULE_ROUTES, ruleName } from './rules.ts'
import { stopAt } from './stations.ts'
import type { Stop, Way } from './stop.ts'
import { rowOf, textOf, type World } from './world.ts'

export const ANY_TIME = { at: null, caller: null }

/** Every station with every way on from it at any time: what a PBX can do with calls, whoever calls and whenever. */
export type PbxMap = ReadonlyMap<string, { place: Place; stop: Stop }>

export function mapOf(world: World): PbxMap {
  const map = new Map<string, { place: Place; stop: Stop }>()
  const waiting: Place[] = [...world.stations.values()].map(({ kind, number, name }) => ({
    id: `${kind}:${number}`,
    kind,
    number,
    name,
  }))
  for (const rule of world.rules) waiting.push(...routesOfRule(world, rule).map(({ to }) => to))
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (map.has(place.id)) continue
    const stop = stopAt(world, place, ANY_TIME)
    map.set(place.id, { place, stop })
    waiting.push(...stop.ways.map(({ to }) => to))
  }
  return map
}

/** Where an inbound rule leads; destinations that its switches leave out of use are not among them. */
export function routesOfRule(world: World, rule: Row): Way[] {
  const routes: (keyof typeof RULE_ROUTES)[] = ['office']
  if (rule['AlterDestinationDuringOutOfOfficeHours'] === true) routes.push('out')
  if (rule['AlterDestinationDuringHolidays'] === true) routes.push('holiday')
  return routes.map((route) => {
    const to = placeOf(world, rowOf(rule[RULE_ROUTES[route]]), null) ?? END
    return { on: route, to, afterSeconds: null, why: RULE_ROUTES[route] }
  })
}

export type Reference = { id: number | null; name: string; number: string }

export const ruleReference = (rule: Row): Reference => ({
  id: Number(rule['Id'] ?? 0) || null,
  name: ruleName(rule),
  number: textOf(rule['Data']),
})
