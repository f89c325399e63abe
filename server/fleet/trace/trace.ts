import { END, placeOf, type Place } from './places.ts'
import {
  routeOfRule,
  RULE_ROUTES,
  ruleFor,
  ruleName,
  trunkOf,
  type Considered,
  type Question,
} from './rules.ts'
import { stopAt } from './stations.ts'
import type { Circumstances, Stop } from './stop.ts'
import type { Row } from '../snapshots/canonical.ts'
import { nameOf, rowOf, textOf, type World } from './world.ts'

/** A place a call may come to, with every way on from it. */
export type TraceNode = Place & {
  rings: Stop['rings']
  why: string[]
  /** Somebody or something may take the call here. */
  takes: boolean
  ways: { on: string; after_seconds: number | null; to: string; why: string }[]
}

/** One step of the way a call takes when nobody answers and no key is pressed. */
export type TraceStep = { node: string; on: string | null; why: string[] }

export type Trace = {
  did: string
  caller: string
  /** ms UTC. */
  at: number
  trunk: { number: string; name: string } | null
  /** Every inbound rule that was looked at, the matching one last. */
  considered: Considered[]
  /** What happens when nobody answers and no key is pressed. */
  steps: TraceStep[]
  nodes: TraceNode[]
  /** Ids of the nodes where the call may be taken or ends. */
  finals: string[]
  /** Nodes in a circle, each as the ids around it. */
  cycles: string[][]
  notes: string[]
}

/** Ways a call takes when nobody does anything, the first one counts. */
const UNATTENDED = ['always', 'hours', 'no_answer', 'timeout']

/** Walks every way a call may take from a place. */
export function walk(world: World, from: Place, asked: Circumstances): Map<string, TraceNode> {
  const nodes = new Map<string, TraceNode>()
  const waiting = [from]
  // The list grows while it is gone through: places come in the order of their distance.
  for (const place of waiting) {
    if (nodes.has(place.id)) continue
    const { ways, rings, why, takes } = stopAt(world, place, asked)
    const told = ways.map(({ on, afterSeconds, to, why: reason }) => ({
      on,
      after_seconds: afterSeconds,
      to: to.id,
      why: reason,
    }))
    nodes.set(place.id, { ...place, rings, why, takes, ways: told })
    for (const { to } of ways) if (!nodes.has(to.id)) waiting.push(to)
  }
  return nodes
}

/** Where a call from outside goes and why. A pure function of the configuration, the numbers and the moment. */
export function trace(world: World, question: Question): Trace {
  const { did, caller, at } = question
  const trunk = trunkOf(world, question)
  const { rule, considered } = ruleFor(world, question)
  const asked = { at, caller }
  const root: TraceNode = {
    id: `number:${did}`,
    kind: 'number',
    number: did,
    name: trunk ? nameOf(rowOf(trunk['Gateway']) ?? trunk) : null,
    rings: [],
    why: [trunk ? `on trunk ${textOf(trunk['Number'])}` : 'no trunk has this number'],
    takes: false,
    ways: [],
  }
  const nodes = new Map<string, TraceNode>([[root.id, root]])
  if (rule === null) {
    const why = 'no inbound rule matches'
    root.ways.push({ on: 'always', after_seconds: null, to: END.id, why })
    for (const [id, node] of walk(world, END, asked)) nodes.set(id, node)
  } else {
    const { route, why } = routeOfRule(world, rule, at)
    const to = placeOf(world, rowOf(rule[RULE_ROUTES[route]]), null) ?? END
    const id = `rule:${textOf(rule['Id']) || ruleName(rule)}`
    const matched = considered.at(-1)?.why ?? ''
    root.ways.push({ on: 'always', after_seconds: null, to: id, why: matched })
    nodes.set(id, {
      id,
      kind: 'rule',
      number: textOf(rule['Data']) || null,
      name: ruleName(rule),
      rings: [],
      why: [matched, why],
      takes: false,
      ways: [{ on: route, after_seconds: null, to: to.id, why }],
    })
    for (const [one, node] of walk(world, to, asked)) nodes.set(one, node)
  }
  return {
    did,
    caller,
    at,
    trunk: trunk ? { number: textOf(trunk['Number']), name: nameOf(rowOf(trunk['Gateway']) ?? trunk) } : null,
    considered,
    steps: stepsFrom(nodes, root.id),
    nodes: [...nodes.values()],
    finals: [...nodes.values()].filter((node) => node.takes || node.ways.length === 0).map(({ id }) => id),
    cycles: cyclesIn(nodes),
    notes: [...numberNotes(world, did, trunk), ...unreadNotes(world)],
  }
}

/** A number that no trunk has may be one that a trunk writes otherwise. */
function numberNotes(world: World, did: string, trunk: Row | null): string[] {
  const tail = did.replace(/\D/g, '').slice(-TAIL)
  if (trunk !== null || tail.length < TAIL) return []
  const dids = world.trunks.flatMap((row) => (Array.isArray(row['DidNumbers']) ? row['DidNumbers'] : []))
  const alike = dids.map(textOf).filter((one) => one.replace(/\D/g, '').endsWith(tail))
  return alike.slice(0, 3).map((one) => `No trunk has ${did}; did you mean ${one}?`)
}

/** What a trace cannot know, since it could not be read. */
export function unreadNotes(world: World): string[] {
  const notes = Object.entries(world.configuration.unreadable)
    .filter(([what]) => MATTERS.test(what))
    .map(([what, why]) => `${what} could not be read: ${why}`)
  if (world.zoneOf(world.officeHours?.['TimeZoneId']) === null)
    notes.push(`The PBX does not say its time zone; ${world.fallbackZone} is taken for it.`)
  return notes
}

/** Digits by which numbers written with and without a prefix are held to be one. */
const TAIL = 7
const MATTERS =
  /^(users|groups|trunks|inbound_rules|outbound_rules|queues|ring_groups|ivrs|faxes|parkings|call_flows|holidays|time_zones|settings\.OfficeHours)/

/** The way on when nobody answers and no key is pressed; null where it ends. */
export const unattended = ({ ways }: TraceNode): TraceNode['ways'][number] | null =>
  UNATTENDED.map((on) => ways.find((one) => one.on === on)).find((one) => one !== undefined) ??
  ways.find(({ on }) => Object.hasOwn(RULE_ROUTES, on)) ??
  null

function stepsFrom(nodes: ReadonlyMap<string, TraceNode>, root: string): TraceStep[] {
  const steps: TraceStep[] = []
  const seen = new Set<string>()
  let on: string | null = null
  let because: string[] = []
  for (let node = nodes.get(root); node !== undefined;) {
    steps.push({ node: node.id, on, why: [...new Set([...because, ...node.why])] })
    if (seen.has(node.id)) break
    seen.add(node.id)
    const next = unattended(node)
    on = next?.on ?? null
    because = next ? [next.why] : []
    node = next ? nodes.get(next.to) : undefined
  }
  return steps
}

/** The circles that a call can run in: each group of places that all lead to each other. */
export function cyclesIn(nodes: ReadonlyMap<string, Pick<TraceNode, 'id' | 'ways'>>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const onStack = new Set<string>()
  const found: string[][] = []
  // Tarjan's algorithm, without recursion: a long chain of queues is no reason to run out of stack.
  for (const start of nodes.keys()) {
    if (index.has(start)) continue
    const frames: { id: string; next: number }[] = [{ id: start, next: 0 }]
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const { id } = frame
      if (frame.next === 0) {
        index.set(id, index.size)
        low.set(id, index.get(id) ?? 0)
        stack.push(id)
        onStack.add(id)
      }
      const ways = nodes.get(id)?.ways ?? []
      const to = ways[frame.next]?.to
      frame.next += 1
      if (to !== undefined) {
        if (!index.has(to) && nodes.has(to)) frames.push({ id: to, next: 0 })
        else if (onStack.has(to)) low.set(id, Math.min(low.get(id) ?? 0, index.get(to) ?? 0))
        continue
      }
      frames.pop()
      const above = frames.at(-1)
      if (above) low.set(above.id, Math.min(low.get(above.id) ?? 0, low.get(id) ?? 0))
      if (low.get(id) !== index.get(id)) continue
      const group = stack.splice(stack.lastIndexOf(id))
      for (const one of group) onStack.delete(one)
      const isCircle = group.length > 1 || ways.some((one) => one.to === id)
      if (isCircle) found.push(group.sort())
    }
  }
  return found.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))
}
