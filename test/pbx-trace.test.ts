import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HOLIDAYS } from '../pbx-simulator/entities/hours.ts'
import { QUEUES, RING_GROUPS } from '../pbx-simulator/entities/queues.ts'
import { RECEPTIONISTS } from '../pbx-simulator/entities/receptionists.ts'
import { TRUNKS } from '../pbx-simulator/entities/trunks.ts'
import { USERS as USER_SET } from '../pbx-simulator/entities/users.ts'
import { participantsOf, type Call } from '../pbx-simulator/calls/call.ts'
import { addRow } from '../pbx-simulator/model/set-routes.ts'
import { openSimulator, type Simulator } from '../pbx-simulator/simulator.ts'
import { canonicalRow, type Row } from '../server/fleet/snapshots/canonical.ts'
import { readConfiguration } from '../server/fleet/snapshots/reading.ts'
import { trace, type TraceNode } from '../server/fleet/trace/trace.ts'
import { openWorld, type World } from '../server/fleet/trace/world.ts'
import { openXapi } from '../xapi/xapi.ts'
import { anyEvents, anyPlan, anyQuestion } from './any-pbx-plan.ts'
import { rowsOf, type PbxRow } from './pbx-plan-rows.ts'
import { DIDS, hoursOf, play, ruleOf, type Asked, type Event, type Plan, type Rest } from './pbx-plans.ts'

const RESOURCES: Record<string, string> = {
  Users: 'users',
  Queues: 'queues',
  RingGroups: 'ring_groups',
  Receptionists: 'ivrs',
  InboundRules: 'inbound_rules',
  Holidays: 'holidays',
  OfficeHours: 'settings.OfficeHours',
}
const TRUNK = { Number: '10000', DidNumbers: DIDS, Gateway: { Name: 'Carrier' } }

function worldOf(plan: Plan): World {
  const rows = Object.entries(rowsOf(plan, '1')).map(([set, list]): [string, Row[]] => [
    RESOURCES[set] ?? set,
    list.map(canonicalRow),
  ])
  const resources = {
    trunks: [canonicalRow(TRUNK)],
    outbound_rules: [{ Name: 'All' }],
    time_zones: [{ Id: '1', IanaName: plan.zone }],
    groups: [],
    faxes: [],
    ...Object.fromEntries(rows),
  }
  return openWorld({ format: 1, version: null, resources, unreadable: {} }, 'UTC')
}

/** Follows a trace as a call goes on by these events. */
function follow(world: World, asked: Asked, events: readonly Event[]): Rest {
  const found = trace(world, asked)
  const nodes = new Map(found.nodes.map((node) => [node.id, node]))
  const settle = (node: TraceNode): TraceNode => {
    if (node.kind !== 'number' && node.kind !== 'rule') return node
    return settle(nodes.get(node.ways[0]!.to)!)
  }
  let node = settle(found.nodes[0]!)
  for (const event of events) {
    const on = event.does === 'press' ? `key ${event.key}` : 'no_answer'
    const isAsked = event.does === 'press' ? node.kind === 'ivr' : ['queue', 'ring_group'].includes(node.kind)
    const way = isAsked ? node.ways.find((one) => one.on === on) : undefined
    if (way) node = nodes.get(way.to)!
  }
  return { at: node.id, rings: node.rings.map(({ number }) => number).sort() }
}

const ZONES = [
  'Europe/Budapest',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
]

test('a trace goes where an independent reading of the same configuration goes', () => {
  fc.assert(
    fc.property(anyPlan(ZONES), anyQuestion, anyEvents, (plan, asked, events) => {
      assert.deepEqual(follow(worldOf(plan), asked, events), play(plan, asked, events))
    }),
    { numRuns: 2_000 },
  )
})

/** Sets a simulated PBX up as planned, through the same checks that its own door has. */
function setUp({ pbx }: Simulator, plan: Plan, zoneId: string): void {
  const { store } = pbx
  for (const set of ['Users', 'Queues', 'RingGroups', 'Receptionists', 'InboundRules', 'Holidays', 'Trunks'])
    for (const row of store.rows(set)) store.remove(set, row['Id'])
  const rows = rowsOf(plan, zoneId)
  const later: [string, PbxRow, PbxRow][] = []
  addRow(pbx, TRUNKS, { ...TRUNK, AuthPassword: { Value: 'x' } })
  for (const row of rows['Users'] ?? []) addRow(pbx, USER_SET, row)
  for (const [set, definition, field] of [
    ['Queues', QUEUES, 'ForwardNoAnswer'],
    ['RingGroups', RING_GROUPS, 'ForwardNoAnswer'],
    ['Receptionists', RECEPTIONISTS, 'Forwards'],
  ] as const)
    // They lead to each other: made without their destinations first.
    for (const row of rows[set] ?? []) {
      const made = addRow(pbx, definition, { ...row, [field]: field === 'Forwards' ? [] : undefined })
      later.push([set, made, { [field]: row[field] }])
    }
  for (const [, made, fields] of later) Object.assign(made, fields)
  for (const row of rows['Holidays'] ?? []) addRow(pbx, HOLIDAYS, row)
  // A PBX of this kind makes no rule for a mask of numbers, but has those of older days.
  for (const row of rows['InboundRules'] ?? [])
    store.put('InboundRules', row['Id'], { ...row, CustomData: '' })
  store.setSingle('OfficeHours', rows['OfficeHours']?.[0] ?? {})
}

const KINDS: Record<string, string> = {
  Queue: 'queue',
  RingGroup: 'ring_group',
  Extension: 'extension',
  IVR: 'ivr',
  VoiceMail: 'voicemail',
  ExternalLine: 'external',
}

/** Where a call of the simulator's own engine rests. */
function restOf(call: Call): Rest {
  if (call.endedAt !== null) return { at: 'end', rings: [] }
  const passage = call.passages.findLast((one) => one.endedAt === null && !one.isPolling)
  const rings = participantsOf(call, 'Ringing').map(({ dn }) => dn)
  return { at: `${KINDS[passage!.kind]}:${passage!.at.number}`, rings: rings.sort() }
}

/** Lets a call come in on the simulator through its control, and these things happen to it. */
async function letCall(
  simulator: Simulator,
  plan: Plan,
  asked: Asked,
  events: readonly Event[],
): Promise<Rest> {
  const rule = ruleOf(plan, asked)
  const steps = [
    {
      do: 'inbound',
      call: 'a',
      from: asked.caller,
      to: asked.did,
      hours: rule ? hoursOf(plan, rule, asked.at) : 'office',
    },
    ...events.map((event) =>
      event.does === 'press' ? { do: 'press', call: 'a', digits: event.key } : { do: 'noanswer', call: 'a' },
    ),
  ]
  const answer = await fetch(`${simulator.url}/simulator/calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${simulator.controlToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ steps, instant: true }),
  })
  const { calls } = (await answer.json()) as { calls: { callid: number }[] }
  assert.ok(answer.ok, JSON.stringify(calls))
  const { live, finished } = simulator.pbx.calls
  const call = live.get(calls[0]!.callid) ?? finished.find((one) => one.controlId === calls[0]!.callid)
  const rest = restOf(call!)
  live.clear()
  return rest
}

test('a trace of what is read from a PBX goes where its own call engine goes', async (t) => {
  const simulator = await openSimulator({ world: 'small', instant: true })
  t.after(() => simulator.close())
  const { url, clientId, clientSecret } = simulator
  await using pbx = openXapi({ url, clientId, clientSecret })
  const events = anyEvents.map((list) => list.slice(0, 3))
  const zones = { 'Europe/Budapest': '51', 'Europe/Paris': '52', 'Europe/London': '44' }
  await fc.assert(
    fc.asyncProperty(
      anyPlan(Object.keys(zones)),
      fc.array(fc.tuple(anyQuestion, events), { minLength: 4, maxLength: 8 }),
      async (plan, calls) => {
        setUp(simulator, plan, zones[plan.zone as keyof typeof zones])
        const world = openWorld(await readConfiguration(pbx), 'UTC')
        for (const [question, happens] of calls) {
          const asked = { ...question, caller: question.caller || 'anonymous' }
          const some = possible(plan, asked, happens)
          const traced = follow(world, asked, some)
          assert.deepEqual(traced, play(plan, asked, some))
          assert.deepEqual(traced, await letCall(simulator, plan, asked, some))
        }
      },
    ),
    { numRuns: 15 },
  )
})

/** Only a queue or ring group goes unanswered here: the simulator's engine ends every other call that does. */
function possible(plan: Plan, asked: Asked, events: readonly Event[]): Event[] {
  const done: Event[] = []
  for (const event of events) {
    const { at } = play(plan, asked, done)
    if (event.does === 'press' || /^(queue|ring_group):/.test(at)) done.push(event)
  }
  return done
}
