import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { ADMIN_TOKEN, newHub, type Ask, type Json } from './hub.ts'
import { addHost, liveOf, newAgent, newHome, newPbx, signIn, untilWatched, watchLive } from './live.ts'
import { post } from './pbx-fleet.ts'
import { onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'
import { pruneLiveCalls } from '../server/live/forget.ts'
import type { LiveTables } from '../server/live/live.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import { openStore } from '../server/platform/database/store.ts'
import { until } from './wire.ts'

const CALLER = '+36301234567'
/** The number that rings at 101. */
const BELA = '+3615550113'
/** The number of the queue 800, which rings at 101 and 102. */
const QUEUE = '+3615550111'

/** A hub that watches a pretended PBX. */
async function newWorld(t: TestContext, engine: Engine, more: Json = {}) {
  const env = { CORDBOARD_COUNTRY: 'HU', CORDBOARD_SECRET_KEY: newMasterKey() }
  const home = await newHome(t, engine)
  const opened = await newHub(t, engine, { env, ...home })
  const pbx = await newPbx(t)
  const host = await addHost(opened.ask, pbx, more)
  return { ...opened, ...home, pbx, host, url: opened.hub.url }
}

/** What was written down of calls, oldest first: `ringing 101`, `missed`. */
async function noted(ask: Ask, token = ADMIN_TOKEN): Promise<string[]> {
  const { json } = await ask('GET', '/api/v1/events?limit=1000', { token })
  return json.data.map(({ kind, data }: Json) => {
    const isOfPhone = kind === 'call.ringing' || kind === 'call.answered'
    return `${kind.replace('call.', '')}${isOfPhone ? ` ${data.agent_extension}` : ''}`
  })
}

/** The call logs that will be read. */
async function readings(ask: Ask): Promise<Json[]> {
  const { json } = await ask('GET', '/api/v1/work?filter[kind]=pbx_call_log')
  return json.data.map(({ payload }: Json) => payload)
}

onEachStore('live calls', (engine) => {
  test('a call pops at the phone that rings and at no other, with who it is, and is followed to its end', async (t) => {
    const { ask, importBook, pbx, host, url } = await newWorld(t, engine)
    await importBook('account;customer;phone;vip\nCL7;Kiss Kft.;+36301234567;1\n')
    const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
    const bob = await newAgent(ask, 'bob@example.com', [{ host_id: host, extension: '100' }])
    await untilWatched(ask, host)
    const [atAnn, atBob] = [await watchLive(t, url, ann.token), await watchLive(t, url, bob.token)]

    pbx.step(`inbound a from ${CALLER} to ${BELA} name Anna`)
    await atAnn.count(1)
    const [pop] = atAnn.events
    const { id, call, at, started_at, customer, call_id, ...told } = pop!
    assert.ok(id > 0 && call > 0 && at === started_at && /^\d+$/.test(call_id))
    assert.deepEqual(told, {
      event: 'pop',
      host_id: host,
      extension: '101',
      direction: 'inbound',
      state: 'ringing',
      number: CALLER,
      e164: CALLER,
      caller_name: 'Anna',
      called_number: BELA,
      queue: null,
      known: true,
      vip: true,
      contact: null,
      answered_at: null,
      ended_at: null,
      to: [],
      missed: false,
    })
    assert.deepEqual([customer?.account, customer?.name, customer?.vip], ['CL7', 'Kiss Kft.', true])
    const { calls, source, last_error, watch_calls } = await liveOf(ask, host)
    assert.deepEqual([watch_calls, source, last_error], [true, 'socket', null])
    assert.deepEqual(
      calls.map((one: Json) => [one.extension, one.state]),
      [['101', 'ringing']],
    )

    pbx.step('answer a by 101')
    await atAnn.count(2)
    pbx.step('hangup a')
    await atAnn.count(3)
    assert.deepEqual(atAnn.told(), [`pop 101 ${CALLER}`, `answered 101 ${CALLER}`, `ended 101 ${CALLER}`])
    assert.equal(atAnn.events[2]?.missed, false)
    assert.ok(atAnn.events.every((one, i) => one.call === call && one.id > (atAnn.events[i - 1]?.id ?? 0)))
    assert.deepEqual(atBob.told(), [])
    assert.deepEqual((await liveOf(ask, host)).calls, [])

    const { json } = await ask('GET', '/api/v1/events')
    assert.deepEqual(await noted(ask), ['ringing 101', 'answered 101', 'ended'])
    const [, , ended] = json.data
    assert.deepEqual(
      [
        ended.data.status,
        ended.data.caller_e164,
        ended.data.called_e164,
        ended.data.customer_name,
        ended.data.vip,
      ],
      ['answered', CALLER, BELA, 'Kiss Kft.', true],
    )
    // What the PBX itself says of the call is read once it had the time to write it down.
    assert.deepEqual(await readings(ask), [{ host_id: host }])
  })

  test('a call nobody answers is missed, once, however many phones rang; whoever answers is named to the others', async (t) => {
    const { ask, pbx, host, url } = await newWorld(t, engine, { cl_calls_is_sync: false })
    const phones = ['101', '102'].map((extension) => ({ host_id: host, extension }))
    const token = await post(ask, 'tokens', { name: 'wall', scopes: ['calls:read'] })
    const ann = await newAgent(ask, 'ann@example.com', phones.slice(0, 1))
    await untilWatched(ask, host)
    const wall = await watchLive(t, url, token.token, { query: `?host=${host}` })
    const atAnn = await watchLive(t, url, ann.token)

    pbx.step(`inbound a from ${CALLER} to ${QUEUE}`)
    await wall.count(2)
    pbx.step('miss a')
    await wall.count(4)
    assert.deepEqual(wall.told().sort(), [
      `ended 101 ${CALLER}`,
      `ended 102 ${CALLER}`,
      `pop 101 ${CALLER}`,
      `pop 102 ${CALLER}`,
    ])
    assert.ok(
      wall.events.every(({ event, missed, queue }) => queue === '800' && missed === (event === 'ended')),
    )
    assert.deepEqual(
      (await noted(ask)).filter((one) => !one.startsWith('ringing')),
      ['ended', 'missed'],
    )

    pbx.step(`inbound b from ${CALLER} to ${QUEUE}`)
    await wall.count(6)
    pbx.step('answer b by 102')
    await atAnn.count(4)
    const [, , , moved] = atAnn.events
    assert.deepEqual([moved?.event, moved?.to, moved?.state], ['moved', ['102'], 'ended'])
    pbx.step('hangup b')
    await until('it is over', async () => (await liveOf(ask, host)).calls.length === 0)
    assert.deepEqual(
      (await noted(ask)).slice(-2).map((one) => one.split(' ')[0]),
      ['answered', 'ended'],
    )
    assert.deepEqual(atAnn.told().length, 4)
    assert.deepEqual(await readings(ask), [])
  })

  test('a transferred call pops where it goes, and the former one is told where that is', async (t) => {
    const { ask, pbx, host, url } = await newWorld(t, engine)
    const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
    const bob = await newAgent(ask, 'bob@example.com', [{ host_id: host, extension: '103' }])
    await untilWatched(ask, host)
    const [atAnn, atBob] = [await watchLive(t, url, ann.token), await watchLive(t, url, bob.token)]
    pbx.step(`inbound a from ${CALLER} to ${BELA}`)
    await atAnn.count(1)
    pbx.step('answer a by 101')
    await atAnn.count(2)
    pbx.step('transfer a to 103')
    await atBob.count(1)
    assert.deepEqual(atBob.told(), [`pop 103 ${CALLER}`])
    assert.equal(atBob.events[0]?.call, atAnn.events[0]?.call)
    pbx.step('answer a by 103')
    await atAnn.count(3)
    assert.deepEqual(
      [atAnn.events[2]?.event, atAnn.events[2]?.to, atAnn.events[2]?.missed],
      ['moved', ['103'], false],
    )
    pbx.step('hangup a')
    await atBob.count(3)
    assert.deepEqual(atBob.told(), [`pop 103 ${CALLER}`, `answered 103 ${CALLER}`, `ended 103 ${CALLER}`])
    assert.equal(atAnn.events.length, 3)
    assert.deepEqual(await noted(ask), [
      'ringing 101',
      'answered 101',
      'ringing 103',
      'answered 103',
      'ended',
    ])
  })

  test('who dials is told so; between colleagues the one who is called pops, and nobody is a customer', async (t) => {
    const { ask, importBook, pbx, host, url } = await newWorld(t, engine)
    await importBook(`account;customer;phone;extensions\nCL7;Kiss Kft.;${CALLER};103\n`)
    const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
    const bob = await newAgent(ask, 'bob@example.com', [{ host_id: host, extension: '103' }])
    await untilWatched(ask, host)
    const [atAnn, atBob] = [await watchLive(t, url, ann.token), await watchLive(t, url, bob.token)]
    pbx.step(`outbound a from 101 to ${CALLER}`)
    await atAnn.count(1)
    assert.deepEqual(
      atAnn.events.map(({ event, direction, customer }) => [event, direction, customer?.account]),
      [['dialing', 'outbound', 'CL7']],
    )
    pbx.step('hangup a')
    await atAnn.count(2)
    pbx.step('internal b from 101 to 103')
    await atBob.count(1)
    assert.deepEqual(atBob.told(), ['pop 103 101'])
    assert.deepEqual([atBob.events[0]?.direction, atBob.events[0]?.customer], ['internal', null])
    await atAnn.count(3)
    assert.deepEqual([atAnn.events[2]?.event, atAnn.events[2]?.customer], ['dialing', null])
    pbx.step('answer b by 103')
    await Promise.all([atAnn.count(4), atBob.count(2)])
    pbx.step('hangup b')
    await Promise.all([atAnn.count(5), atBob.count(3)])
    assert.deepEqual([atAnn.events[4]?.event, atBob.events[2]?.event], ['ended', 'ended'])
    const { json } = await ask('GET', '/api/v1/events')
    assert.deepEqual(
      json.data.map(({ kind, data }: Json) => [kind, data.direction, data.caller_number, data.called_number]),
      [
        ['call.ringing', 'outbound', '101', CALLER],
        ['call.ended', 'outbound', '101', CALLER],
        ['call.ringing', 'internal', '101', null],
        ['call.answered', 'internal', '101', null],
        ['call.ended', 'internal', '101', null],
      ],
    )
  })

  test('a viewer that comes back is told what it missed of calls it knew, and of no call twice', async (t) => {
    const { ask, pbx, host, url } = await newWorld(t, engine)
    const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
    await untilWatched(ask, host)
    const first = await watchLive(t, url, ann.token)
    pbx.step(`inbound a from ${CALLER} to ${BELA}`)
    await first.count(1)
    first.leave()
    await first.ended
    pbx.step('answer a by 101')
    pbx.step('inbound gone from +36301111111 via 101')
    await until('both are seen', async () => (await liveOf(ask, host)).calls.length === 2)
    pbx.step('miss gone')
    await until('one is over', async () => (await liveOf(ask, host)).calls.length === 1)

    const id = first.events[0]?.id ?? 0
    const again = await watchLive(t, url, ann.token, { lastEventId: id })
    await again.count(1)
    pbx.step('inbound c from +36302222222 via 101')
    await again.count(2)
    assert.deepEqual(again.told(), [`answered 101 ${CALLER}`, 'pop 101 +36302222222'])
    // Another screen, or this one loaded anew, begins with what goes on.
    const fresh = await watchLive(t, url, ann.token)
    await fresh.count(2)
    assert.deepEqual(fresh.told(), again.told())
    // An id of another database is none of ours.
    const foreign = await watchLive(t, url, ann.token, { lastEventId: 999_999_999 })
    await foreign.count(2)
    assert.deepEqual(foreign.told(), again.told())
  })

  test('a stream ends with the session, at once when it is revoked, and with the membership', async (t) => {
    const { ask, host, url } = await newWorld(t, engine, { watch_calls: false })
    const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
    const stream = await watchLive(t, url, ann.token)
    const other = await signIn(ask, 'ann@example.com')
    const kept = await watchLive(t, url, other)
    assert.equal((await ask('DELETE', '/api/v1/session', { token: ann.token })).status, 204)
    assert.equal(await stream.ended, 'session_ended')
    assert.equal((await ask('GET', '/api/v1/live', { token: ann.token })).status, 401)
    const disabled = await ask('PATCH', `/api/v1/users/${ann.id}`, { body: { active: false } })
    assert.equal(disabled.status, 200, disabled.text)
    assert.equal(await kept.ended, 'session_ended')
    const made = await post(ask, 'tokens', { name: 'wall', scopes: ['calls:read'] })
    const wall = await watchLive(t, url, made.token)
    await ask('DELETE', `/api/v1/tokens/${made.id}`)
    assert.equal(await wall.ended, 'session_ended')
  })

  test('phones are a membership’s: kept when it is changed without them, shown to their owner, none of another tenant', async (t) => {
    const { ask, host, hub } = await newWorld(t, engine, { watch_calls: false })
    const phones = [
      { host_id: host, extension: '101' },
      { host_id: host, extension: '102' },
    ]
    const ann = await newAgent(ask, 'ann@example.com', phones)
    const whoAmI = async () => (await ask('GET', '/api/v1/session', { token: ann.token })).json
    assert.deepEqual((await whoAmI()).phones, phones)
    const user = `/api/v1/users/${ann.id}`
    const read = async () => (await ask('GET', user)).json.memberships
    const membership = { tenant_id: hub.operatorTenantId, role: 'agent', departments: null, phones }
    assert.deepEqual(await read(), [membership])
    const role = await ask('PATCH', user, { body: { memberships: [{ role: 'manager' }] } })
    assert.deepEqual(role.json.memberships[0].phones, phones)
    assert.deepEqual([(await whoAmI()).role, (await whoAmI()).phones], ['manager', phones])

    const child = await post(ask, 'tenants', { name: 'Child', country: 'HU' })
    const headers = { 'cordboard-tenant': String(child.id) }
    const made = await ask('POST', '/api/v1/pbx3cx-hosts', { body: { host_name: 'x.example' }, headers })
    for (const host_id of [made.json.id, 999]) {
      const memberships = [{ role: 'agent', phones: [{ host_id, extension: '101' }] }]
      const foreign = await ask('PATCH', user, { body: { memberships } })
      assert.deepEqual([foreign.status, Object.keys(foreign.json.errors)], [422, ['memberships']])
    }
    assert.deepEqual((await read())[0].phones, phones)
    assert.equal((await ask('DELETE', `/api/v1/pbx3cx-hosts/${host}`)).status, 201)
    assert.deepEqual((await whoAmI()).phones, [])
  })

  test('nothing of one tenant’s calls is seen in another', async (t) => {
    const env = {
      CORDBOARD_COUNTRY: 'HU',
      CORDBOARD_SECRET_KEY: newMasterKey(),
      CORDBOARD_ALLOW_PRIVATE: '127.0.0.1',
    }
    const { ask, hub } = await newHub(t, engine, { env })
    const tokens: string[] = []
    for (const name of ['One', 'Two']) {
      const { id } = await post(ask, 'tenants', { name, country: 'HU' })
      const headers = { 'cordboard-tenant': String(id) }
      const made = await ask('POST', '/api/v1/tokens', { body: { name, scopes: ['admin'] }, headers })
      tokens.push(made.json.token)
    }
    const [one = '', two = ''] = tokens
    const [theirs, ours] = [await newPbx(t), await newPbx(t)]
    const [host, mine] = [await addHost(ask, theirs, {}, one), await addHost(ask, ours, {}, two)]
    for (const [token, id] of [
      [one, host],
      [two, mine],
    ] as const)
      await untilWatched(ask, id, token)
    const bob = await newAgent(ask, 'bob@example.com', [{ host_id: mine, extension: '101' }], { as: two })
    const atBob = await watchLive(t, hub.url, bob.token)
    const wall = await watchLive(t, hub.url, two)
    const seen = await watchLive(t, hub.url, one)
    theirs.step(`inbound a from ${CALLER} to ${BELA}`)
    await seen.count(1)
    ours.step(`inbound b from +36302222222 to ${BELA}`)
    await wall.count(1)
    await atBob.count(1)
    for (const { events } of [wall, atBob])
      assert.deepEqual([events.length, events[0]?.number], [1, '+36302222222'])
    for (const path of [`live?host=${host}`, `pbx3cx/${host}/live`]) {
      const answer = await ask('GET', `/api/v1/${path}`, { token: two })
      assert.equal(answer.status, 404, `${path}: ${answer.text}`)
    }
    const body = { number: CALLER, host_id: host, extension: '101' }
    const refused = await ask('POST', '/api/v1/click-to-call', { body, token: two })
    assert.equal(refused.status, 404, refused.text)
    assert.ok(!theirs.simulator.requests.list().some(({ path }) => path.includes('MakeCall')))
    const narrow = await post(ask, 'tokens', { name: 'x', scopes: ['calls:read'], host_id: mine }, two)
    assert.equal((await ask('GET', `/api/v1/pbx3cx/${mine}/live`, { token: narrow.token })).status, 200)
  })

  test('a number that is erased is in no live call; calls of long ago are forgotten with what was told of them', async (t) => {
    const { ask, pbx, host, url, address } = await newWorld(t, engine)
    await untilWatched(ask, host)
    const wall = await watchLive(t, url, ADMIN_TOKEN)
    pbx.step(`inbound a from ${CALLER} to ${BELA} name Anna`)
    pbx.step('inbound b from +36302222222 via 103')
    await wall.count(2)
    const store = await openStore<LiveTables>({ address })
    t.after(() => store.close())
    const kept = async () => {
      const calls = await store.read.selectFrom('live_calls').selectAll().execute()
      const events = await store.read.selectFrom('live_events').select('live_call_id').execute()
      assert.deepEqual(
        events.map((row) => row.live_call_id),
        calls.map((row) => row.id),
      )
      return calls
    }
    assert.equal((await kept()).length, 2)
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '06 30 123 4567' } })
    assert.equal(erased.json.removed.live_calls, 1, erased.text)
    const left = await kept()
    assert.deepEqual(
      left.map((row) => row.number_raw),
      ['+36302222222'],
    )
    assert.ok(!JSON.stringify(left).includes('Anna'))
    const began = left[0]?.started_at ?? 0
    assert.equal(await pruneLiveCalls(store)(began, 10), 0)
    assert.equal(await pruneLiveCalls(store)(began + 1, 10), 1)
    assert.deepEqual(await kept(), [])
  })

  test('a PBX that lets nobody control calls is polled; one that is away is told of and comes back', async (t) => {
    const { ask, hub, pbx, host, url } = await newWorld(t, engine, { watch_calls: false })
    const wall = await watchLive(t, url, ADMIN_TOKEN)
    assert.equal((await liveOf(ask, host)).status, 'idle')
    for (const row of pbx.simulator.pbx.store.rows('ServicePrincipals')) row['CallControlEnabled'] = false
    pbx.step(`inbound a from ${CALLER} to ${BELA}`)
    await ask('PATCH', `/api/v1/pbx3cx-hosts/${host}`, { body: { watch_calls: true } })
    await untilWatched(ask, host)
    const state = await liveOf(ask, host)
    assert.equal(state.source, 'polling')
    assert.match(state.last_error, /call control|not allow|403/i)
    await wall.count(1)
    pbx.step('hangup a')
    await wall.count(2)
    assert.deepEqual(wall.told(), [`pop 101 ${CALLER}`, `ended 101 ${CALLER}`])

    await ask('PATCH', `/api/v1/pbx3cx-hosts/${host}`, { body: { xapi_client_secret: 'wrong' } })
    await until('the PBX is away', async () => (await liveOf(ask, host)).status === 'away')
    assert.match((await liveOf(ask, host)).last_error, /secret/)
    await ask('PATCH', `/api/v1/pbx3cx-hosts/${host}`, { body: { watch_calls: false } })
    await until('nobody watches it', async () => (await liveOf(ask, host)).status === 'idle')
    assert.equal(hub.operatorTenantId > 0, true)
  })
})
