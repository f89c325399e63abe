import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openSimulator, type Simulator, type SimulatorOptions } from '../pbx-simulator/simulator.ts'
import { openXapi, type CallEvent, type XapiClient } from '../xapi/xapi.ts'

/** The client and the pretended PBX were written apart, from what is known of a 3CX: here they meet. */
async function newPair(
  t: TestContext,
  options: SimulatorOptions = {},
): Promise<{ simulator: Simulator; pbx: XapiClient }> {
  const simulator = await openSimulator({ port: 0, world: 'small', ...options })
  t.after(() => simulator.close())
  const { url, clientId, clientSecret } = simulator
  const pbx = openXapi({ url, clientId, clientSecret })
  t.after(() => pbx.close())
  return { simulator, pbx }
}

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = []
  for await (const row of rows) found.push(row)
  return found
}

test('the client finds every operation the simulator describes, and its lists are the simulator’s rows', async (t) => {
  const { simulator, pbx } = await newPair(t, { world: 'fleet-250' })
  const ids = (await pbx.operations()).map((operation) => operation.id)
  assert.ok(ids.length > 150 && new Set(ids).size === ids.length, `${ids.length} operations`)
  const users = await all(pbx.users.list({ $select: ['Id', 'Number'] }))
  const stored = simulator.pbx.store.rows('Users')
  assert.ok(stored.length > 200)
  assert.equal(users.length, stored.length)
  assert.deepEqual(new Set(users.map((user) => user.Number)), new Set(stored.map((row) => row['Number'])))
})

test('an inbound rule is made, read, changed and removed, and a wrong one is refused by field', async (t) => {
  const { simulator, pbx } = await newPair(t)
  const [trunk] = await all(pbx.trunks.list())
  const [user] = await all(pbx.users.list({ limit: 1 }))
  const used = new Set((await all(pbx.inboundRules.list())).map((rule) => rule.Data))
  const did = (await all(pbx.dids.list())).map((one) => one.Number).find((number) => !used.has(number))
  const rule = {
    RuleName: 'To the first of them',
    Condition: did ? ('BasedOnDID' as const) : ('BasedOnCallerID' as const),
    Data: did ?? '+36309998877',
    TrunkDN: { Id: trunk!.Id!, Number: trunk!.Number! },
    OfficeHoursDestination: { To: 'Extension' as const, Number: user!.Number!, External: '' },
  }
  const made = await pbx.inboundRules.create(rule)
  assert.equal((await pbx.inboundRules.get(made.Id!)).RuleName, rule.RuleName)
  await pbx.inboundRules.update(made.Id!, { RuleName: 'Renamed' })
  assert.equal((await pbx.inboundRules.get(made.Id!)).RuleName, 'Renamed')
  await pbx.inboundRules.remove(made.Id!)
  await assert.rejects(pbx.inboundRules.get(made.Id!), { kind: 'not_found' })

  const before = simulator.requests.list().length
  await assert.rejects(pbx.call('CreateInboundRule', { body: { RuleNam: 'x' } }), (error: unknown) => {
    const { kind, problems } = error as { kind: string; problems: { field: string }[] }
    assert.deepEqual([kind, problems.map((problem) => problem.field)], ['validation', ['body.RuleNam']])
    return true
  })
  assert.equal(simulator.requests.list().length, before, 'nothing was sent')
})

test('dead tokens and limits of a PBX are overcome without a word', async (t) => {
  const { simulator, pbx } = await newPair(t, { world: 'fleet-250' })
  assert.ok((await pbx.system.status()).Version)
  simulator.faults.set('top=20')
  const users = await all(pbx.users.list({ pageSize: 100 }))
  assert.equal(users.length, simulator.pbx.store.rows('Users').length)
  simulator.faults.clear()
  simulator.faults.set('429x2')
  assert.ok((await pbx.system.status()).Version)
})

test('a scripted call is ringing, answered and ended, once each, on the socket', async (t) => {
  const { simulator, pbx } = await newPair(t)
  const leave = new AbortController()
  t.after(() => leave.abort())
  const events = pbx.callControl.watch({ signal: leave.signal })[Symbol.asyncIterator]()
  const next = async (): Promise<CallEvent> => (await events.next()).value as CallEvent
  const first = next()
  // The socket has to be open before anything rings: the watcher asks for the state once it is.
  while (!simulator.requests.list().some(({ path }) => path.startsWith('/callcontrol')))
    await new Promise((resolve) => setTimeout(resolve, 5))
  await simulator.play(
    '0 inbound a from +36301234567 to +3615550112\n+1s answer a by 100\n+1s hangup a by callee',
    false,
  )
  const ringing = await first
  assert.deepEqual([ringing.type, ringing.direction, ringing.source], ['ringing', 'inbound', 'socket'])
  assert.equal(ringing.caller.number, '+36301234567')
  let event = ringing
  while (event.type !== 'answered') event = await next()
  assert.equal(event.agent, '100')
  while (event.type !== 'ended' || event.agent !== '100') event = await next()
  assert.equal(event.wasAnswered, true)
})
