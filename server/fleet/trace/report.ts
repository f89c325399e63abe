import type { Row } from '../snapshots/canonical.ts'
import { mapOf, routesOfRule, type PbxMap } from './map.ts'
import type { Place } from './places.ts'
import { fits, ruleName } from './rules.ts'
import { cyclesIn } from './trace.ts'
import { nameOf, rowOf, rowsOf, textOf, type World } from './world.ts'

export const FINDING_KINDS = [
  'unreachable_rule',
  'dangling_reference',
  'did_without_rule',
  'loop',
  'dead_end',
] as const

/** Something about the routing of a PBX that somebody should look at. */
export type Finding = {
  kind: (typeof FINDING_KINDS)[number]
  /** The object, as people call it. */
  object: string
  /** Where it is in a trace: `queue:800`, `rule:12`, `number:+33…`, `trunk:10000`. */
  node: string
  why: string
  what_to_do: string
}

const trunkOf = (rule: Row) => textOf(rowOf(rule['TrunkDN'])?.['Number'])
const called = ({ kind, number, name }: Place) =>
  `${kind.replace('_', ' ')} ${number ?? ''}${name ? ` "${name}"` : ''}`.trim()
const calledRule = (rule: Row) => `inbound rule "${ruleName(rule)}"`
const ruleNode = (rule: Row) => `rule:${textOf(rule['Id']) || ruleName(rule)}`
const isOfCaller = (rule: Row) => rule['Condition'] === 'BasedOnCallerID'

/** Everything in the routing of a PBX that leads nowhere, in circles, or is never used. */
export function reportOn(world: World): Finding[] {
  const map = mapOf(world)
  return [
    ...unreachableRules(world),
    ...didsWithoutRule(world),
    ...dangling(world, map),
    ...loops(map),
    ...deadEnds(world, map),
  ]
}

/** Whether every number that fits `narrow` fits `wide` too; only what is certain. */
function covers(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === '*') return true
  if (!narrow.includes('*')) return fits(wide, narrow)
  const isSuffix = (mask: string) => mask.startsWith('*') && !mask.slice(1).includes('*')
  return isSuffix(wide) && isSuffix(narrow) && narrow.endsWith(wide.slice(1))
}

const exactKey = (rule: Row) => JSON.stringify([isOfCaller(rule), textOf(rule['Data']), trunkOf(rule)])

/** Whether `other` takes every call that the rule takes, when it is looked at first; only what is certain. */
export const takesAll = (other: Row, rule: Row): boolean =>
  (trunkOf(other) === '' || trunkOf(other) === trunkOf(rule)) &&
  (isOfCaller(other) === isOfCaller(rule)
    ? covers(textOf(other['Data']), textOf(rule['Data']))
    : isOfCaller(other) && textOf(other['Data']) === '*')

function unreachableRules(world: World): Finding[] {
  const knowsTrunks = world.configuration.resources['trunks'] !== undefined
  const dids = new Map(
    world.trunks.map((trunk) => {
      const list = Array.isArray(trunk['DidNumbers']) ? trunk['DidNumbers'].map(textOf) : []
      return [textOf(trunk['Number']), new Set(list)]
    }),
  )
  const wide: Row[] = []
  const exact = new Map<string, Row>()
  return world.rules.flatMap((rule) => {
    const finding = (why: string, what_to_do: string): Finding[] => [
      { kind: 'unreachable_rule', object: calledRule(rule), node: ruleNode(rule), why, what_to_do },
    ]
    const data = textOf(rule['Data'])
    if (rule['CallType'] === 'InternalCallsOnly')
      return finding(
        'It is for internal calls only, and calls from outside are what it is asked about.',
        'Set its call type to external calls or all calls, or remove it.',
      )
    const before = wide.find((other) => takesAll(other, rule)) ?? exact.get(exactKey(rule))
    if (!before && data.includes('*')) wide.push(rule)
    if (!before) exact.set(exactKey(rule), rule)
    if (before)
      return finding(
        `${calledRule(before)} comes before it and takes every such call.`,
        'Remove one of the two, or move this one up.',
      )
    const of = dids.get(trunkOf(rule))
    const isOnTrunk =
      of?.has(data) || [...(data.includes('*') ? (of ?? []) : [])].some((did) => fits(data, did))
    if (knowsTrunks && !isOfCaller(rule) && of !== undefined && !isOnTrunk)
      return finding(
        `Trunk ${trunkOf(rule)} has no number ${data}.`,
        'Add the number to the trunk, or remove the rule.',
      )
    return []
  })
}

function didsWithoutRule(world: World): Finding[] {
  if (world.configuration.resources['inbound_rules'] === undefined) return []
  return world.trunks.flatMap((trunk) => {
    const number = textOf(trunk['Number'])
    const rules = world.rules.filter(
      (rule) =>
        rule['CallType'] !== 'InternalCallsOnly' && (trunkOf(rule) === '' || trunkOf(rule) === number),
    )
    if (rules.some((rule) => isOfCaller(rule) && textOf(rule['Data']) === '*')) return []
    const masks = rules.filter((rule) => !isOfCaller(rule)).map((rule) => textOf(rule['Data']))
    const exact = new Set(masks.filter((mask) => !mask.includes('*')))
    const wild = masks.filter((mask) => mask.includes('*'))
    const list = Array.isArray(trunk['DidNumbers']) ? trunk['DidNumbers'].map(textOf) : []
    return list
      .filter((did) => !exact.has(did) && !wild.some((mask) => fits(mask, did)))
      .map((did) => ({
        kind: 'did_without_rule' as const,
        object: `number ${did}`,
        node: `number:${did}`,
        why: `Trunk ${number} has it and no inbound rule looks at it: calls to it end at once.`,
        what_to_do: 'Add an inbound rule for it, or take it off the trunk.',
      }))
  })
}

function dangling(world: World, map: PbxMap): Finding[] {
  const found: Finding[] = []
  const add = (object: string, node: string, why: string, what_to_do: string) =>
    found.push({ kind: 'dangling_reference', object, node, why, what_to_do })
  for (const { place, stop } of map.values()) {
    for (const { on, to } of stop.ways)
      if (to.kind === 'missing')
        add(
          called(place),
          place.id,
          `"${on}" leads to ${to.number || 'a number'}, which nothing has.`,
          'Choose a destination that is there.',
        )
    for (const ring of stop.rings)
      if (!ring.is_there)
        add(
          called(place),
          place.id,
          `It rings ${ring.number}, which nothing has.`,
          'Take that number out of it.',
        )
  }
  const trunks = new Set(world.trunks.map((trunk) => textOf(trunk['Number'])))
  const ids = new Set(world.trunks.map((trunk) => trunk['Id']))
  const knowsTrunks = world.configuration.resources['trunks'] !== undefined
  for (const rule of world.rules) {
    for (const { on, to } of routesOfRule(world, rule))
      if (to.kind === 'missing')
        add(
          calledRule(rule),
          ruleNode(rule),
          `"${on}" leads to ${to.number || 'a number'}, which nothing has.`,
          'Choose a destination that is there.',
        )
    if (knowsTrunks && trunkOf(rule) !== '' && !trunks.has(trunkOf(rule)))
      add(
        calledRule(rule),
        ruleNode(rule),
        `There is no trunk ${trunkOf(rule)}.`,
        'Give it a trunk that is there, or remove it.',
      )
  }
  for (const rule of knowsTrunks ? world.outboundRules : [])
    for (const route of rowsOf(rule['Routes'])) {
      const id = route['TrunkId']
      if (id === undefined || id === 0 || id === -1 || ids.has(id)) continue
      const name = nameOf(rule)
      add(
        `outbound rule "${name}"`,
        `outbound_rule:${name}`,
        `It uses trunk ${textOf(id)}, which is not there.`,
        'Choose another trunk for it.',
      )
    }
  return found
}

const PASSIVE = /^(always|hours( .*)?|no_answer|timeout|busy|not_registered)$/

function loops(map: PbxMap): Finding[] {
  const nodes = new Map(
    [...map].map(([id, { stop }]) => {
      const ways = stop.ways.filter(({ on }) => PASSIVE.test(on))
      return [id, { id, ways: ways.map(({ on, to, why }) => ({ on, to: to.id, why, after_seconds: null })) }]
    }),
  )
  return cyclesIn(nodes)
    .filter((circle) => circle.length > 1 || !circle[0]?.startsWith('ivr:'))
    .map((circle) => {
      const places = circle.map((id) => map.get(id)?.place).filter((place) => place !== undefined)
      const first = places[0]
      return {
        kind: 'loop' as const,
        object: first ? called(first) : (circle[0] ?? ''),
        node: circle[0] ?? '',
        why: `When nobody answers, calls go round: ${[...places, first].map((one) => (one ? called(one) : '')).join(' → ')}.`,
        what_to_do: 'Let one of them end in a voicemail, or with somebody who answers.',
      }
    })
}

const DEAD_ENDS: Readonly<Record<string, readonly [string, string]>> = {
  queue: [
    'Nobody is in the queue who can be rung, and calls are ended.',
    'Add agents, or a destination for calls that nobody answers.',
  ],
  ring_group: [
    'Nobody is in the ring group who can be rung, and calls are ended.',
    'Add members, or a destination for calls that nobody answers.',
  ],
  ivr: [
    'No key and no timeout leads anywhere: nobody takes the call.',
    'Give it keys, or a destination after its timeout.',
  ],
  department: ['None of its routes leads anywhere.', 'Give the department routes.'],
  extension: ['The extension is switched off.', 'Switch it on, or lead the calls elsewhere.'],
  voicemail: ['The voicemail is switched off.', 'Switch it on, or lead the calls elsewhere.'],
  external: ['No outbound rule lets this number out.', 'Add an outbound rule that fits the number.'],
}

/** Places that calls from outside come to and where nothing can take them. */
function deadEnds(world: World, map: PbxMap): Finding[] {
  const reached = new Set<string>()
  const waiting = world.rules.flatMap((rule) => routesOfRule(world, rule).map(({ to }) => to.id))
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    waiting.push(...(map.get(id)?.stop.ways ?? []).map(({ to }) => to.id))
  }
  const found: Finding[] = world.rules
    .filter((rule) => routesOfRule(world, rule).every(({ to }) => to.kind === 'end'))
    .map((rule) => ({
      kind: 'dead_end',
      object: calledRule(rule),
      node: ruleNode(rule),
      why: 'It ends every call.',
      what_to_do: 'Give it a destination, unless these callers are to be turned away.',
    }))
  for (const id of [...reached].sort()) {
    const one = map.get(id)
    const words = DEAD_ENDS[one?.place.kind ?? '']
    const isLeaving = one?.stop.ways.some(({ to }) => to.kind !== 'end' && to.id !== id)
    if (!one || !words || one.stop.takes || isLeaving) continue
    found.push({ kind: 'dead_end', object: called(one.place), node: id, why: words[0], what_to_do: words[1] })
  }
  return found
}
