import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { writeAudit } from '../pbx-simulator/model/audit.ts'
import { openSimulator, type Simulator, type SimulatorOptions } from '../pbx-simulator/simulator.ts'
import { join } from 'node:path'
import type { FleetTables } from '../server/fleet/fleet.ts'
import { addTask } from '../server/platform/work/add.ts'
import type { WorkTables } from '../server/platform/work/work.ts'
import { openStore, type StoreAddress } from '../server/platform/database/store.ts'
import { until } from './wire.ts'
import { newMasterKey } from './vault.ts'
import { newHub, type Ask, type Json, type TestHub } from './hub.ts'
import { post } from './pbx-fleet.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'

const env = { CORDBOARD_SECRET_KEY: newMasterKey() }

type World = TestHub & {
  pbx: Simulator
  host: Json
  /** Speaks to `/api/v1/pbx3cx/{host}/…`. */
  at: Ask
  snapshot(): Promise<Json>
  audits(): Promise<Json[]>
  row(set: string, number: string): Record<string, unknown>
}

const hostFields = (pbx: Simulator) => ({
  host_name: 'pbx.example',
  xapi_url: pbx.url,
  xapi_client_id: pbx.clientId,
  xapi_client_secret: pbx.clientSecret,
  time_zone: 'Europe/Paris',
})

async function newPbx(t: TestContext, options: SimulatorOptions = {}): Promise<Simulator> {
  const pbx = await openSimulator({ port: 0, world: 'small', instant: true, ...options })
  t.after(() => pbx.close())
  return pbx
}

async function newWorld(t: TestContext, hub: TestHub): Promise<World> {
  const pbx = await newPbx(t)
  const host = await post(hub.ask, 'pbx3cx-hosts', { fetch_snapshots: false, ...hostFields(pbx) })
  const at: Ask = (method, path, more) => hub.ask(method, `/api/v1/pbx3cx/${host.code}/${path}`, more)
  return {
    ...hub,
    pbx,
    host,
    at,
    async snapshot() {
      const { status, json, text } = await at('POST', 'snapshots')
      assert.equal(status, 201, text)
      return json
    },
    async audits() {
      const { json } = await hub.ask(
        'GET',
        `/api/v1/pbx3cx-audits?kind=change&pbx3cx_host_id=${host.id}&per_page=200`,
      )
      return json.data
    },
    row(set, number) {
      const found = pbx.pbx.store.numbered(set, number)
      assert.ok(found, `${set} ${number}`)
      return found
    },
  }
}

/** Changes a row as an administrator does at the console: the PBX's own audit log says who it was. */
function change(pbx: Simulator, set: string, number: string, fields: Record<string, unknown>): void {
  const row = pbx.pbx.store.numbered(set, number)!
  const before = { ...row }
  Object.assign(row, fields)
  const caller = { clientId: 'Anna' } as Parameters<typeof writeAudit>[1]
  writeAudit(pbx.pbx, caller, { action: 'update', set, name: number, before, after: row })
}

onEachStore('snapshots of a PBX', (engine) => {
  const closers: (() => Promise<void>)[] = []
  const context = {
    after: (close: () => Promise<void>) => void closers.push(close),
  } as unknown as TestContext
  let hub: TestHub
  // One hub for all: each test has a PBX of its own on it.
  before(async () => {
    hub = await newHub(context, engine, { env })
  })
  after(async () => {
    for (const close of closers.reverse()) await close()
  })

  test('the same configuration is stored once, and holds neither secrets nor states', async (t) => {
    const { pbx, at, snapshot, host, row } = await newWorld(t, hub)
    const first = await snapshot()
    assert.deepEqual([first.unchanged, first.changes, first.source], [null, 0, 'demand'])
    assert.deepEqual([first.counts.users, first.counts.queues, first.counts.inbound_rules], [6, 1, 5])

    row('Users', '100')['IsRegistered'] = false
    row('Users', '101')['CurrentProfileName'] = 'Away'
    row('Users', '102')['QueueStatus'] = 'LoggedOut'
    const second = await snapshot()
    assert.deepEqual([second.unchanged, second.changes, second.sha256], [true, 0, first.sha256])
    assert.notEqual(second.id, first.id)

    const { json, text } = await at('GET', `snapshots/${first.id}`)
    assert.equal(json.resources.users[0].AuthPassword, '********')
    assert.ok(!text.includes(String(row('Users', '100')['AuthPassword'])))
    assert.ok(!text.includes(pbx.clientSecret))
    assert.deepEqual(
      json.resources.users.map((user: Json) => user.Number),
      ['100', '101', '102', '103', '104', '110'],
    )
    const list = (await at('GET', 'snapshots?per_page=1')).json
    assert.deepEqual([list.total, list.data[0].id, list.last_page], [2, second.id, 2])
    assert.equal(host.snapshots_frequency, 1440)
  })

  test('a change becomes one audit, with who the PBX says it was', async (t) => {
    const { pbx, at, snapshot, audits, row } = await newWorld(t, hub)
    const first = await snapshot()
    const [agent] = row('Queues', '800')['Agents'] as Json[]
    change(pbx, 'Queues', '800', { MasterTimeout: 45, Agents: [agent] })
    row('RingGroups', '600')['Name'] = 'Nobody told'
    const second = await snapshot()
    assert.deepEqual([second.unchanged, second.changes], [false, 2])

    const { changes } = (await at('GET', 'snapshots/diff')).json
    const queue = changes.find((change: Json) => change.key === '800')
    assert.deepEqual([queue.kind, queue.object], ['changed', 'queue 800 "Support"'])
    assert.deepEqual(
      queue.fields.map(({ path, before, after }: Json) => [path, before, after]),
      [
        ['Agents[102]', { Id: queue.before.Agents[1].Id, Number: '102' }, null],
        ['MasterTimeout', 300, 45],
      ],
    )
    const byIds = (await at('GET', `snapshots/diff?from=${second.id}&to=${first.id}`)).json
    assert.deepEqual([byIds.from.id, byIds.to.id, byIds.changes.length], [second.id, first.id, 2])
    const byTimes = (await at('GET', `snapshots/diff?from=${first.taken_at}&to=${second.taken_at}`)).json
    assert.deepEqual(byTimes.changes, changes)

    const found = await audits()
    const of = (object: string) => found.filter((audit) => audit.object.startsWith(object))
    assert.equal(found.length, 2)
    const [told, untold] = [of('queue 800')[0], of('ring group 600')[0]]
    assert.deepEqual(
      [told.who, told.source, told.before.MasterTimeout, told.after.MasterTimeout],
      ['Anna', 'snapshot', 300, 45],
    )
    assert.deepEqual(
      [untold.who, untold.before, untold.after],
      [null, { Name: 'Sales' }, { Name: 'Nobody told' }],
    )

    await snapshot()
    assert.equal((await audits()).length, 2)
    change(pbx, 'Queues', '800', { MasterTimeout: 46 })
    await Promise.all([snapshot(), snapshot(), snapshot()])
    assert.equal((await audits()).length, 3)
  })

  test('rules that change places have moved, and nothing else has', async (t) => {
    const { pbx, at, snapshot } = await newWorld(t, hub)
    await snapshot()
    const { store } = pbx.pbx
    const rules = store.rows('InboundRules')
    const [first, second] = rules
    const [firstId, secondId] = [first?.['Id'], second?.['Id']]
    store.put('InboundRules', firstId, { ...second, Id: firstId })
    store.put('InboundRules', secondId, { ...first, Id: secondId })
    await snapshot()
    const { changes } = (await at('GET', 'snapshots/diff')).json
    const moved = changes.filter((change: Json) => change.kind === 'moved')
    assert.equal(moved.length, 1)
    assert.deepEqual(
      moved[0].fields.map(({ path, before, after }: Json) => [path, before, after]),
      [['position', 2, 1]],
    )
  })

  test('what a role may not see is unreadable, never removed, and told once when it is seen again', async (t) => {
    const { pbx, at, snapshot, audits, row } = await newWorld(t, hub)
    await snapshot()
    pbx.faults.set('500@/Queues')
    row('Queues', '800')['SLATime'] = 99
    const blind = await snapshot()
    assert.equal(blind.unreadable.queues, 'The PBX failed over it.')
    assert.deepEqual([blind.changes, blind.counts.queues], [0, undefined])
    const { changes, not_compared } = (await at('GET', 'snapshots/diff')).json
    assert.deepEqual(changes, [])
    assert.ok(not_compared.includes('queues'))
    assert.equal((await at('GET', `snapshots/${blind.id}`)).json.resources.queues, undefined)

    pbx.faults.clear()
    assert.equal((await snapshot()).changes, 1)
    assert.equal((await snapshot()).changes, 0)
    const found = await audits()
    assert.deepEqual(
      found.map((audit) => [audit.object, audit.before, audit.after]),
      [['queue 800 "Support"', { SLATime: 30 }, { SLATime: 99 }]],
    )
  })

  test('a PBX that is away is no empty PBX', async (t) => {
    const { pbx, at, snapshot, audits } = await newWorld(t, hub)
    const first = await snapshot()
    await pbx.close()
    const away = await at('POST', 'snapshots')
    assert.deepEqual([away.status, away.json.code], [502, 'pbx_unreachable'])
    assert.equal((await at('GET', 'snapshots')).json.total, 1)
    assert.deepEqual(await audits(), [])
    const traced = await at('GET', 'trace?did=%2B3615550111&fresh=1')
    assert.equal(traced.status, 200, traced.text)
    assert.deepEqual([traced.json.read.source, traced.json.read.snapshot_id], ['snapshot', first.id])
    assert.match(traced.json.read.failure, /^pbx_unreachable: /)
    assert.ok(traced.json.read.age_seconds >= 0)
  })

  test('two PBXs are compared by what their objects are, not by their ids', async (t) => {
    const { ask, at, snapshot } = await newWorld(t, hub)
    const other = await newPbx(t, { seed: 'another' })
    const twin = await post(ask, 'pbx3cx-hosts', { ...hostFields(other), fetch_snapshots: false })
    other.pbx.store.nextId('Users')
    other.pbx.store.numbered('Users', '104')!['FirstName'] = 'Flóra Mária'
    await snapshot()
    assert.equal((await ask('POST', `/api/v1/pbx3cx/${twin.id}/snapshots`)).status, 201)
    const { changes } = (await at('GET', `snapshots/diff?other_host=${twin.code}`)).json
    const users = changes.filter((change: Json) => change.resource === 'users')
    assert.deepEqual(
      users.map((change: Json) => [change.key, change.fields.map((field: Json) => field.path)]),
      [['104', ['FirstName']]],
    )
  })

  test('a host is read on schedule as often as it says, and one that was away an hour later', async (t) => {
    const pbx = await newPbx(t)
    let now = Date.parse('2026-05-01T10:00:00Z')
    const clock = { now: () => now }
    const dataDir = await newDirectory(t)
    const address: StoreAddress =
      engine === 'sqlite'
        ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
        : await newReadyAddress(t, engine)
    const { ask } = await newHub(t, engine, { address, dataDir, clock, env })
    const store = await openStore<WorkTables & FleetTables>({ address })
    t.after(() => store.close())
    const host = await post(ask, 'pbx3cx-hosts', hostFields(pbx))
    await post(ask, 'pbx3cx-hosts', { ...hostFields(pbx), fetch_snapshots: false })
    await post(ask, 'pbx3cx-hosts', { host_name: 'no client.example' })
    const tries = () => store.read.selectFrom('pbx_snapshot_tries').selectAll().execute()
    const tasks = () => store.read.selectFrom('work').selectAll().execute()
    const isIdle = async () => {
      const [planned, ...rest] = (await tasks()).filter(({ kind }) => kind.startsWith('pbx_snapshot'))
      return rest.length === 0 && planned?.lease_owner === null && (planned.ready_at ?? 0) > Date.now()
    }
    /** Lets the schedule look once, and waits until everything it made due is done. */
    const look = async () => {
      await until('the schedule rests', isIdle)
      await store.write.updateTable('work').set({ ready_at: 1 }).where('kind', '=', 'pbx_snapshots').execute()
      await until('the schedule has looked', isIdle)
    }
    const hours = (count: number) => void (now += count * 3_600_000)
    const taken = async () => {
      const { json } = await ask('GET', `/api/v1/pbx3cx/${host.id}/snapshots`)
      return json.data.map(({ source, unchanged }: Json) => [source, unchanged])
    }
    await look()
    assert.deepEqual(await taken(), [['schedule', null]])
    assert.deepEqual(
      (await tries()).map((one) => one.pbx_host_id),
      [host.id],
    )
    hours(23)
    await look()
    assert.equal((await taken()).length, 1)
    hours(1)
    pbx.faults.set('500')
    await look()
    assert.equal((await taken()).length, 1)
    const [{ failure, pbx_host_id } = { failure: null, pbx_host_id: 0 }] = await tries()
    assert.deepEqual([pbx_host_id, typeof failure], [host.id, 'string'])
    pbx.faults.clear()
    await look()
    assert.equal((await taken()).length, 1)
    hours(1)
    await look()
    assert.deepEqual(await taken(), [
      ['schedule', true],
      ['schedule', null],
    ])
    assert.equal((await tries())[0]?.failure, null)
    // A PBX that was asked for again while it was being read has just been read.
    pbx.requests.clear()
    const tenantId = (await tries())[0]?.tenant_id ?? 0
    await store.transact((tx) =>
      addTask(tx as never, { tenantId, kind: 'pbx_snapshot', payload: { host: host.id } }),
    )
    await until('the task is done', isIdle)
    assert.deepEqual(pbx.requests.list(), [])
    assert.equal((await taken()).length, 2)
  })

  test('a caller is erased from what was read, and old snapshots go but the last', async (t) => {
    const { ask, at, pbx, snapshot } = await newWorld(t, hub)
    const rule = pbx.pbx.store.rows('InboundRules')[0]!
    Object.assign(rule, { RuleName: 'For +33628773862' })
    await snapshot()
    Object.assign(rule, { RuleName: 'For 06 28 77 38 62' })
    const { id } = await snapshot()
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '+33628773862' } })
    assert.equal(erased.status, 200, erased.text)
    const { json, text } = await at('GET', `snapshots/${id}`)
    assert.ok(!/62877|28 77 38/.test(text))
    assert.equal(json.resources.inbound_rules.length, 5)
    const list = (await at('GET', 'snapshots')).json
    assert.equal(list.data[0].sha256, list.data[1].sha256)

    const prune = hub.hub.fleet.prune.snapshots
    assert.ok((await prune(Date.now() + 1_000, 1_000)) >= 1)
    assert.equal(await prune(Date.now() + 1_000, 1_000), 0)
    assert.deepEqual(
      (await at('GET', 'snapshots')).json.data.map((one: Json) => one.id),
      [id],
    )
    assert.equal((await at('GET', `snapshots/${id}`)).json.counts.users, 6)
  })

  test('a trace and its picture come through the door', async (t) => {
    const { at, snapshot, row } = await newWorld(t, hub)
    row('Queues', '800')['Name'] = '<script>alert("x")</script> & Söhne'
    const { id } = await snapshot()
    const asked = 'trace?did=%2B3615550111&caller=%2B33612345678&at=2026-05-06T10:00:00%2B02:00'
    const { status, json, text } = await at('GET', asked)
    assert.equal(status, 200, text)
    assert.deepEqual(
      [json.read.source, json.read.snapshot_id, json.at],
      ['snapshot', id, '2026-05-06T08:00:00.000Z'],
    )
    assert.deepEqual(
      json.steps.map((step: Json) => step.node),
      ['number:+3615550111', `rule:${json.considered.at(-1).id}`, 'queue:800', 'voicemail:101'],
    )
    assert.equal((await at('GET', 'trace?did=+3615550111')).json.did, '+3615550111')
    for (const picture of [
      await at('GET', `${asked}&format=svg`),
      await at('GET', asked, { headers: { accept: 'image/svg+xml' } }),
    ]) {
      assert.match(picture.headers.get('content-type') ?? '', /^image\/svg\+xml/)
      assert.match(picture.text, /^<svg .*&lt;script&gt;.*&amp; Söhne.*<\/svg>$/s)
      assert.ok(!/<script|on\w+=|href/.test(picture.text))
    }
    const ways = (await at('GET', 'trace?extension=101')).json
    assert.ok(ways.directly.some(({ node, on }: Json) => node === 'queue:800' && on === 'agent'))
    assert.deepEqual(
      new Set(ways.ways.map((way: Json) => way.rule.name)),
      new Set(['Main number', 'Support', 'Béla']),
    )
    assert.equal((await at('GET', 'trace?extension=999')).status, 404)
    const { findings } = (await at('GET', 'trace/report')).json
    assert.deepEqual(
      findings.map(({ kind, node }: Json) => [kind, node]),
      [['did_without_rule', 'number:+3615550115']],
    )
    row('Queues', '800')['ForwardNoAnswer'] = { To: 'Queue', Number: '800' }
    const fresh = (await at('GET', 'trace/report?fresh=1')).json
    assert.equal(fresh.read.source, 'pbx')
    assert.ok(fresh.findings.some(({ kind, node }: Json) => kind === 'loop' && node === 'queue:800'))
  })

  test('questions that make no sense are refused by field, and nobody sees another tenant’s PBX', async (t) => {
    const { ask, at, snapshot, host } = await newWorld(t, hub)
    for (const path of ['snapshots/diff', 'snapshots/1', 'snapshots/diff?from=2026-01-01']) {
      const { status, json } = await at('GET', path)
      assert.deepEqual([status, json.code], [404, 'not_found'], path)
    }
    await snapshot()
    for (const [path, field] of [
      ['snapshots/diff?from=yesterday', 'from'],
      ['trace', 'did'],
      ['trace?did=1&extension=2', 'extension'],
      ['trace?did=1&at=never', 'at'],
    ] as const) {
      const { status, json } = await at('GET', path)
      assert.deepEqual([status, Object.keys(json.errors)], [422, [field]], path)
    }
    const child = await post(ask, 'tenants', { name: 'Child', country: 'FR' })
    const made = await ask('POST', '/api/v1/tokens', {
      body: { name: 'child', scopes: ['admin'] },
      headers: { 'cordboard-tenant': String(child.id) },
    })
    for (const [method, path] of [
      ['GET', 'snapshots'],
      ['POST', 'snapshots'],
      ['GET', 'snapshots/1'],
      ['GET', 'snapshots/diff'],
      ['GET', 'trace?did=1'],
      ['GET', 'trace/report'],
    ] as const)
      for (const reference of [host.id, host.code]) {
        const { status } = await ask(method, `/api/v1/pbx3cx/${reference}/${path}`, {
          token: made.json.token,
        })
        assert.equal(status, 404, `${method} ${path}`)
      }
  })
})
