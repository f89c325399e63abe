import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { addCalls, told, type PretendCalls } from '../testing/calls.ts'
import { makeCertificate } from '../testing/certificate.ts'
import { openClient, openPretendPbx } from '../testing/pbx.ts'
import {
  isXapiError,
  XapiError,
  type CallEvent,
  type WatchCallsOptions,
  type XapiClient,
  type XapiOptions,
} from '../xapi.ts'

/** Somebody who reads the stream, and can be waited for. */
function watch(t: TestContext, client: XapiClient, options: WatchCallsOptions = {}) {
  const events: CallEvent[] = []
  const problems: unknown[] = []
  const leave = new AbortController()
  const waiting: { until: () => boolean; resolve: () => void }[] = []
  let ready = 0
  const look = () => {
    for (const one of waiting.filter(({ until }) => until())) {
      waiting.splice(waiting.indexOf(one), 1)
      one.resolve()
    }
  }
  const when = (until: () => boolean) =>
    new Promise<void>((resolve) => {
      waiting.push({ until, resolve })
      look()
    })
  const reading = (async () => {
    const stream = client.callControl.watch({
      signal: leave.signal,
      graceMs: 0,
      reconnect: { firstMs: 1, mostMs: 1 },
      ...options,
      onReady: () => {
        ready++
        look()
      },
      onProblem: (error) => problems.push(error),
    })
    for await (const event of stream) {
      events.push(event)
      look()
    }
  })()
  reading.catch(() => {})
  t.after(async () => {
    leave.abort()
    await reading.catch(() => {})
  })
  return {
    events,
    problems,
    reading,
    leave,
    told: () => events.map(told),
    when,
    count: (n: number) => when(() => events.length >= n),
    ready: (n = 1) => when(() => ready >= n),
  }
}

async function world(
  t: TestContext,
  options: WatchCallsOptions = {},
  clientOptions: Partial<XapiOptions> = {},
) {
  const pbx = await openPretendPbx(t)
  const calls = addCalls(t, pbx)
  const client = openClient(t, pbx, clientOptions)
  const seen = watch(t, client, options)
  await seen.ready()
  return { pbx, calls, client, seen }
}

test('a call rings, is answered and ends, once each, however often the PBX repeats itself', async (t) => {
  const { calls, seen } = await world(t)
  for (let i = 0; i < 5; i++)
    calls.put({ dn: '100', id: 7, callid: 42, party_caller_name: 'Ann', party_did: '+361999' })
  await seen.count(1)
  for (let i = 0; i < 5; i++) calls.put({ dn: '100', id: 7, status: 'Connected' })
  await seen.count(2)
  for (let i = 0; i < 5; i++) calls.remove('100', 7)
  await seen.count(3)
  calls.put({ dn: '101', id: 1, callid: 43 })
  await seen.count(4)
  assert.deepEqual(seen.told(), [
    'ringing 100 +3612345678',
    'answered 100 +3612345678',
    'ended 100 +3612345678',
    'ringing 101 +3612345678',
  ])
  assert.deepEqual(seen.events[0], {
    type: 'ringing',
    callId: '42',
    dn: '100',
    agent: '100',
    direction: 'inbound',
    caller: { number: '+3612345678', name: 'Ann' },
    did: '+361999',
    via: null,
    wasAnswered: false,
    source: 'socket',
  })
  assert.deepEqual(
    seen.events.map(({ wasAnswered }) => wasAnswered),
    [false, true, true, false],
  )
})

test('legs that the PBX attaches are not asked for, whatever wraps them', async (t) => {
  const { pbx, calls, seen } = await world(t)
  calls.put({ dn: '100', id: 1, callid: 1 }, 'leg')
  const leg = { id: 2, dn: '101', callid: 2, status: 'Ringing' }
  calls.put(leg, { StatusCode: 200, Response: leg })
  await seen.count(2)
  assert.equal(pbx.heard.filter(({ path }) => path.includes('/participants/')).length, 0)
})

for (const [what, leg, wanted] of [
  [
    'from inside',
    { party_dn_type: 'Wextension', party_caller_id: '', party_dn: '101' },
    ['internal', '101', null],
  ],
  ['to outside', { status: 'Dialing', party_caller_id: '+36201' }, ['outbound', '+36201', null]],
  ['that the extension itself began', { originated_by_dn: '100' }, ['outbound', '+3612345678', null]],
  ['through a queue', { on_behalf_of_dn: '800' }, ['inbound', '+3612345678', '800']],
  ['from nobody who says so', { party_caller_id: null }, ['inbound', null, null]],
] as const) {
  test(`a call ${what} is told as such`, async (t) => {
    const { calls, seen } = await world(t)
    calls.put({ dn: '100', id: 1, ...leg })
    await seen.count(1)
    const [event] = seen.events
    assert.deepEqual([event?.direction, event?.caller.number, event?.via], wanted)
  })
}

test('a call at two extensions rings at both and ends at each', async (t) => {
  const { calls, seen } = await world(t)
  calls.put({ dn: '100', id: 1, callid: 9 })
  calls.put({ dn: '101', id: 2, callid: 9 })
  await seen.count(2)
  calls.remove('101', 2)
  await seen.count(3)
  calls.put({ dn: '100', id: 1, status: 'Connected' })
  await seen.count(4)
  assert.deepEqual(
    seen.told().map((line) => line.slice(0, 12).trim()),
    ['ringing 100', 'ringing 101', 'ended 101 +3', 'answered 100'],
  )
  assert.equal(seen.events[2]?.wasAnswered, false)
})

test('a transfer that takes the leg away and brings another is no end', async (t) => {
  const { calls, seen } = await world(t, { graceMs: 300 })
  calls.put({ dn: '100', id: 1, callid: 9, status: 'Connected' }, 'leg')
  calls.remove('100', 1)
  calls.put({ dn: '100', id: 2, callid: 9, status: 'Connected' }, 'leg')
  // Another call ends as long after: by then the first would have ended too.
  calls.put({ dn: '101', id: 3, callid: 10 }, 'leg')
  calls.remove('101', 3)
  await seen.count(3)
  assert.deepEqual(seen.told(), [
    'answered 100 +3612345678',
    'ringing 101 +3612345678',
    'ended 101 +3612345678',
  ])
})

test('what is there already when one begins to watch is told first', async (t) => {
  const pbx = await openPretendPbx(t)
  const calls = addCalls(t, pbx, ['800'])
  calls.put({ dn: '800', id: 1, status: 'Connected' })
  const seen = watch(t, openClient(t, pbx))
  await seen.count(1)
  assert.deepEqual([seen.told(), seen.events[0]?.agent], [['answered 800 +3612345678'], null])
})

test('frames of no concern, broken ones and hostile ones change nothing', async (t) => {
  const { calls, seen } = await world(t)
  for (const frame of [
    'no JSON',
    'null',
    '[]',
    '{"event":{"event_type":2,"entity":"/callcontrol/100/participants/7","attached_data":{"dtmf_input":"5"}}}',
    '{"event":{"event_type":0,"entity":"/callcontrol/100/devices/x"}}',
    '{"event":{"event_type":0,"entity":"/callcontrol/../../connect/token"}}',
    '{"event":{"event_type":0,"entity":"/callcontrol/%2e%2e/participants/1e9999"}}',
    '{"event":{"event_type":0,"entity":7}}',
    '{"RequestID":"1","Path":"/callcontrol","StatusCode":200,"Response":[]}',
  ]) {
    calls.send(frame)
  }
  calls.put({ dn: '100', id: 1 })
  await seen.count(1)
  assert.deepEqual(seen.told(), ['ringing 100 +3612345678'])
})

test('what changed while the socket was away is told when it is back', async (t) => {
  const { calls, seen } = await world(t)
  calls.put({ dn: '100', id: 1, callid: 1 })
  await seen.count(1)
  calls.cut()
  calls.remove('100', 1)
  calls.put({ dn: '101', id: 2, callid: 2 })
  await seen.count(3)
  assert.deepEqual(seen.told(), [
    'ringing 100 +3612345678',
    'ended 100 +3612345678',
    'ringing 101 +3612345678',
  ])
})

test('a flood of changes is given up for a look at everything', async (t) => {
  const { calls, seen } = await world(t)
  for (let id = 1; id <= 3000; id++) calls.put({ dn: '100', id, callid: id })
  for (let id = 1; id < 3000; id++) calls.remove('100', id)
  await seen.when(() => seen.events.some(({ callId }) => callId === '3000'))
  assert.ok(calls.looks >= 2)
  assert.ok(seen.events.length < 3000)
})

test('a token that died makes the next connection with another', async (t) => {
  const { pbx, calls, seen } = await world(t)
  const start = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: start + 60_000 })
  pbx.tokens.kill()
  calls.cut(4401)
  await seen.ready(2)
  assert.equal(pbx.tokens.issued, 2)
  assert.equal(calls.upgrades.length, 2)
  assert.equal(new Set(calls.upgrades).size, 2)
})

test('an upgrade that is refused for its token is tried with another', async (t) => {
  const pbx = await openPretendPbx(t)
  const calls = addCalls(t, pbx)
  const client = openClient(t, pbx)
  await client.callControl.state()
  const start = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: start + 60_000 })
  pbx.tokens.kill()
  const seen = watch(t, client)
  await seen.ready()
  assert.equal(pbx.tokens.issued, 2)
  assert.equal(calls.upgrades.length, 2)
})

test('without the right to control calls the active calls are polled', async (t) => {
  const pbx = await openPretendPbx(t)
  addCalls(t, pbx).refuseWith = 403
  const rows = [
    [{ Id: 1, Caller: '+3612345678 Ann', Callee: '100 Bob', Status: 'Routing' }],
    [
      { Id: 1, Caller: '+3612345678 Ann', Callee: '100 Bob', Status: 'Talking' },
      { Id: 2, Caller: 'Bob (100)', Callee: '0036201', Status: 'Talking' },
    ],
    [],
  ]
  pbx.on('/ActiveCalls', () => ({ body: { value: (rows.length > 1 ? rows.shift() : rows[0]) ?? [] } }))
  const seen = watch(t, openClient(t, pbx), { pollMs: 1 })
  await seen.count(5)
  assert.deepEqual(seen.told(), [
    'ringing 100 +3612345678',
    'answered 100 +3612345678',
    'answered 100 0036201',
    'ended 100 +3612345678',
    'ended 100 0036201',
  ])
  assert.deepEqual(
    seen.events.map(({ direction }) => direction),
    ['inbound', 'inbound', 'outbound', 'inbound', 'outbound'],
  )
  assert.equal(seen.events[0]?.caller.name, 'Ann')
  assert.equal(seen.events[0]?.source, 'polling')
})

test('a call that is polled at another number than before went there', async (t) => {
  const pbx = await openPretendPbx(t)
  addCalls(t, pbx).refuseWith = 403
  const rows = ['800 Sales', '101 Bob', '102 Eve'].map((Callee, i) => [
    { Id: 1, Caller: '+3612345678 Ann', Callee, Status: i === 0 ? 'Routing' : 'Talking' },
  ])
  pbx.on('/ActiveCalls', () => ({ body: { value: rows.shift() ?? [] } }))
  const seen = watch(t, openClient(t, pbx), { pollMs: 1 })
  await seen.count(6)
  assert.deepEqual(seen.told(), [
    'ringing 800 +3612345678',
    'answered 101 +3612345678',
    'ended 800 +3612345678',
    'answered 102 +3612345678',
    'ended 101 +3612345678',
    'ended 102 +3612345678',
  ])
})

test('when only the socket will do, its refusal is told', async (t) => {
  const pbx = await openPretendPbx(t)
  addCalls(t, pbx).refuseWith = 403
  const seen = watch(t, openClient(t, pbx), { via: 'socket' })
  await assert.rejects(seen.reading, (error) => isXapiError(error, 'permission'))
})

test('a secret that is refused ends the stream, and is not tried again and again', async (t) => {
  const pbx = await openPretendPbx(t)
  addCalls(t, pbx)
  pbx.tokens.reply = { status: 401, body: { error: 'invalid_client' } }
  const seen = watch(t, openClient(t, pbx))
  await assert.rejects(seen.reading, (error) => isXapiError(error, 'authentication'))
  assert.equal(pbx.heard.length, 1)
})

test('leaving the loop or ending the signal closes the socket and ends quietly', async (t) => {
  const { pbx, calls, client, seen } = await world(t)
  const closed = new Promise((resolve) => [...calls.sockets][0]?.on('close', resolve))
  seen.leave.abort()
  await seen.reading
  await closed
  calls.put({ dn: '100', id: 1 })
  for await (const _event of client.callControl.watch()) break
  assert.equal(pbx.tokens.issued, 1)
})

const certificate = makeCertificate()
const skip = certificate === null ? 'no openssl to make a certificate with' : false

test('the socket is under the same proof as every request', { skip }, async (t) => {
  const pbx = await openPretendPbx(t, certificate!)
  const calls = addCalls(t, pbx)
  const seen = watch(t, openClient(t, pbx, { tls: { fingerprint: certificate!.fingerprint } }))
  await seen.ready()
  calls.put({ dn: '100', id: 1 })
  await seen.count(1)
  assert.deepEqual(seen.told(), ['ringing 100 +3612345678'])
})

test('orders go to the leg they are for, and their outcome is read as number or word', async (t) => {
  const { pbx, client } = await world(t)
  const { callControl } = client
  const last = () => `${pbx.heard.at(-1)?.method} ${pbx.heard.at(-1)?.url} ${pbx.heard.at(-1)?.body}`
  const result = await callControl.act('100', 7, 'routeto', { destination: '101', timeout: 30 })
  assert.equal(last(), 'POST /callcontrol/100/participants/7/routeto {"destination":"101","timeout":30}')
  assert.deepEqual(result, { ok: true, status: '1', reason: 'None', participant: null })
  await callControl.makeCall('100', { destination: '101', device: 'sip:100@1.2.3.4:5060' })
  assert.equal(
    last(),
    'POST /callcontrol/100/devices/sip%3A100%401.2.3.4%3A5060/makecall {"destination":"101"}',
  )
  for (const [finalstatus, ok] of [
    ['Success', true],
    [0, false],
    [-1, false],
    ['Rejected', false],
  ] as const) {
    pbx.on('/callcontrol/100/makecall', { body: { finalstatus, reasontext: 'why' } })
    assert.equal((await callControl.makeCall('100', { destination: '1' })).ok, ok)
  }
  assert.equal(await callControl.participant('100', 99), null)
})

/** Numbers that look random and are the same in every run. */
function randomNumbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

test('sockets that drop at any moment lose no ringing and no end that the state still shows', async (t) => {
  const { calls, seen } = await world(t, {}, { concurrency: 4 })
  await dropSockets(calls, seen, 60)
})

async function dropSockets(
  calls: PretendCalls,
  seen: Awaited<ReturnType<typeof world>>['seen'],
  drops: number,
) {
  const random = randomNumbers(7)
  let nextCall = 1
  for (let drop = 1; drop <= drops; drop++) {
    for (let step = random(6); step >= 0; step--) {
      const dn = ['100', '101'][random(2)] ?? '100'
      const legs = calls.state.get(dn)?.participants ?? []
      if (legs.length === 0 || random(2) === 0) {
        const status = random(2) === 0 ? 'Ringing' : 'Connected'
        calls.put({ dn, id: nextCall, callid: nextCall++, status })
      } else calls.remove(dn, legs[random(legs.length)]?.id ?? 0)
      // Now and then the client gets to work in between, or the socket drops there.
      if (random(4) === 0) await new Promise((resolve) => setImmediate(resolve))
      if (random(8) === 0) calls.cut(random(2) === 0 ? 1011 : undefined)
    }
    calls.cut()
    // A last call by the next connection: when it is heard, so is everything before it.
    await seen.ready(calls.looks + 1)
    const mark = nextCall++
    calls.put({ dn: '100', id: mark, callid: mark })
    await seen.when(() => seen.events.some(({ callId }) => callId === String(mark)))
    const open = new Set<string>()
    for (const { type, callId, dn } of seen.events) {
      if (type === 'ended') assert.ok(open.delete(`${callId} ${dn}`), `${callId} ended before it began`)
      else open.add(`${callId} ${dn}`)
    }
    const shown = [...calls.state.values()].flatMap(({ dn, participants }) =>
      participants.map((leg) => `${leg.callid} ${dn}`),
    )
    assert.deepEqual([...open].sort(), shown.sort())
  }
  const starts = seen.events
    .filter(({ type }) => type === 'ringing')
    .map(({ callId, dn }) => `${callId} ${dn}`)
  assert.equal(new Set(starts).size, starts.length)
  assert.ok(seen.problems.every((error) => error instanceof XapiError))
}
