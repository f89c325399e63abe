import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openSimulator } from '../pbx-simulator/simulator.ts'
import { canonicalRow, type Row } from '../server/fleet/snapshots/canonical.ts'
import { readConfiguration } from '../server/fleet/snapshots/reading.ts'
import { trace, type Trace, type TraceNode } from '../server/fleet/trace/trace.ts'
import { openWorld, type World } from '../server/fleet/trace/world.ts'
import { openXapi } from '../xapi/xapi.ts'
import { anyEvents, anyPlan, anyQuestion } from './any-pbx-plan.ts'
import { newHub } from './hub.ts'
import { rowsOf } from './pbx-plan-rows.ts'
import { letCall, setUp } from './pbx-plan-simulator.ts'
import { play, type Event, type Plan, type Rest } from './pbx-plans.ts'
import { post } from './pbx-fleet.ts'
import { newMasterKey } from './vault.ts'

const ZONES = [
  'Europe/Budapest',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
]
const RESOURCES: Record<string, string> = {
  Users: 'users',
  Groups: 'groups',
  Queues: 'queues',
  RingGroups: 'ring_groups',
  Receptionists: 'ivrs',
  Fax: 'faxes',
  CallFlowApps: 'call_flows',
  Trunks: 'trunks',
  InboundRules: 'inbound_rules',
  OutboundRules: 'outbound_rules',
  Holidays: 'holidays',
  OfficeHours: 'settings.OfficeHours',
}
const runs = (some: number) => ({ numRuns: Number(process.env['CORDBOARD_TEST_RUNS'] ?? some) })

function worldOf(plan: Plan): World {
  const ids = {
    zone: (name: string) => String(ZONES.indexOf(name)),
    department: (number: string) => Number(number.slice(-1)) + 500,
  }
  const rows = Object.entries(rowsOf(plan, ids)).map(([set, list]): [string, Row[]] => [
    RESOURCES[set] ?? set,
    list.map(canonicalRow),
  ])
  const time_zones = ZONES.map((IanaName, index) => ({ Id: String(index), IanaName }))
  const resources = { parkings: [], time_zones, ...Object.fromEntries(rows) }
  return openWorld({ format: 1, version: null, resources, unreadable: {} }, 'UTC')
}

const END: Rest = { at: 'end', rings: [] }

/** Follows the ways of a trace as a call goes, with what no configuration tells: statuses, phones, who is busy. */
function follow({ nodes: list }: Pick<Trace, 'nodes'>, plan: Plan, events: readonly Event[]): Rest {
  const nodes = new Map(list.map((node) => [node.id, node]))
  const stateOf = (number: string | null) => plan.people.find((person) => person.number === number)?.now
  const statusOf = ({ number }: TraceNode) => {
    const status = stateOf(number)?.status ?? 'Available'
    return status === 'Available' ? '' : `status ${status} `
  }
  const passing = (node: TraceNode): string[] => {
    if (node.kind === 'number' || node.kind === 'rule') return [node.ways[0]?.on ?? '']
    const status = statusOf(node)
    const now = node.kind === 'extension' ? stateOf(node.number) : undefined
    return [
      'always',
      'hours',
      ...(status === '' ? [] : [status.trim()]),
      ...(now && !now.hasPhone ? [`${status}not_registered`] : []),
      ...(now?.isBusy ? [`${status}busy`] : []),
    ]
  }
  /** The place where a call comes to rest; one it has passed already is a circle. */
  const settle = (id: string, passed: readonly string[] = []): TraceNode | null => {
    const node = nodes.get(id)
    if (!node || passed.includes(id)) return null
    for (const on of passing(node)) {
      const way = node.ways.find((one) => one.on === on)
      if (way) return settle(way.to, [...passed, id])
    }
    return node.takes || node.ways.length > 0 ? node : null
  }
  let node = settle(list[0]!.id)
  for (const event of events) {
    const at = node
    const wanted = {
      noanswer: at?.kind === 'ivr' ? ['timeout'] : [`${at ? statusOf(at) : ''}no_answer`],
      reject: [`${at ? statusOf(at) : ''}busy`],
      press: [`key ${event.does === 'press' ? event.key : ''}`, 'invalid_key'],
    }[event.does]
    const ways = wanted.map((on) => at?.ways.find((one) => one.on === on))
    const way = ways.find((one) => one !== undefined)
    if (way) node = settle(way.to)
  }
  if (!node) return END
  const isHunt = node.kind === 'queue' || node.kind === 'ring_group'
  const ringing = node.rings.filter(({ number }) => {
    const now = stateOf(number)
    return !isHunt || (now?.hasPhone && !now.isBusy && (now.isLoggedIn || node.kind === 'ring_group'))
  })
  return { at: node.id, rings: ringing.map(({ number }) => number).sort() }
}

test('a trace goes where an independent reading of the same configuration goes', () => {
  fc.assert(
    fc.property(anyPlan(ZONES), anyQuestion, anyEvents, (plan, asked, events) => {
      const { rest, happened } = play(plan, asked, events)
      assert.deepEqual(follow(trace(worldOf(plan), asked), plan, happened), rest)
    }),
    runs(800),
  )
})

const calls = fc.array(fc.tuple(anyQuestion, anyEvents), { minLength: 6, maxLength: 10 })

test('a trace of what is read from a PBX goes where calls on that PBX go', async (t) => {
  const simulator = await openSimulator({ world: 'small', instant: true })
  t.after(() => simulator.close())
  const { url, clientId, clientSecret } = simulator
  await using pbx = openXapi({ url, clientId, clientSecret })
  await fc.assert(
    fc.asyncProperty(anyPlan(ZONES), calls, async (plan, some) => {
      setUp(simulator, plan)
      const world = openWorld(await readConfiguration(pbx), 'UTC')
      for (const [asked, events] of some) {
        const { rest, happened } = play(plan, asked, events)
        const traced = follow(trace(world, asked), plan, happened)
        assert.deepEqual(await letCall(simulator, plan, asked, happened), traced)
        assert.deepEqual(traced, rest)
      }
    }),
    runs(12),
  )
})

test('what a hub answers about a call is where the call goes on its PBX', async (t) => {
  const simulator = await openSimulator({ world: 'small', instant: true })
  t.after(() => simulator.close())
  const { ask } = await newHub(t, 'sqlite', { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
  const host = await post(ask, 'pbx3cx-hosts', {
    host_name: 'pbx.example',
    xapi_url: simulator.url,
    xapi_client_id: simulator.clientId,
    xapi_client_secret: simulator.clientSecret,
    fetch_snapshots: false,
  })
  await fc.assert(
    fc.asyncProperty(anyPlan(ZONES), calls, async (plan, some) => {
      setUp(simulator, plan)
      assert.equal((await ask('POST', `/api/v1/pbx3cx/${host.code}/snapshots`)).status, 201)
      for (const [asked, events] of some) {
        const { did, caller, trunk, at } = asked
        const query = new URLSearchParams({ did, caller, at: new Date(at).toISOString() })
        if (trunk !== null) query.set('trunk', trunk)
        const { status, json, text } = await ask(
          'GET',
          `/api/v1/pbx3cx/${host.code}/trace?${query.toString()}`,
        )
        assert.equal(status, 200, text)
        const { happened } = play(plan, asked, events)
        assert.deepEqual(follow(json, plan, happened), await letCall(simulator, plan, asked, happened))
      }
    }),
    runs(4),
  )
})
