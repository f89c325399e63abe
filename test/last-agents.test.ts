import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openStore } from '../server/platform/database/store.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import type { LastAgentTables } from '../server/journal/last-agents/tables.ts'
import { pruneLastAgents } from '../server/journal/last-agents/forgetting.ts'
import { askEverywhere } from './fresh-questions.ts'
import { newHub, type Ask, type Json, type TestHubOptions } from './hub.ts'
import { addHost, newHome, newPbx, untilWatched } from './live.ts'
import { post } from './pbx-fleet.ts'
import { newReadyAddress, onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'
import { newWire, until } from './wire.ts'

const ANN = '+33628773862'
const DAY_MS = 86_400_000
const NOW = Date.parse('2026-11-23T12:00:00Z')
const ago = (ms: number) => new Date(NOW - ms).toISOString()

const PROFILE = {
  name: 'All',
  rules: [
    {
      name: 'back',
      when: { last_agent: { within_days: 7 } },
      destination: { type: 'last_agent', value: '' },
    },
    { name: 'rest', when: {}, destination: { type: 'queue', value: '800' } },
  ],
}

/** A call that began so long ago and was talked in a few seconds later. */
const line = (host: number, began: number, more: Json = {}): Json => ({
  pbx3cx_host_id: host,
  direction: 'inbound',
  started_at: ago(began),
  answered_at: ago(began - 5_000),
  ended_at: ago(began - 60_000),
  caller_number: '06 28 77 38 62',
  called_number: '0199000000',
  queue: '800',
  agent_extension: '101',
  ...more,
})

const newHost = async (ask: Ask): Promise<number> =>
  (await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', time_zone: 'Europe/Paris' })).id

/** Where a call goes, in a word, as each question is asked. */
const goesTo = async (ask: Ask, query: string): Promise<string> => {
  const { status, json, text } = await ask('GET', `/api/v1/route?${query}`)
  assert.equal(status, 200, text)
  return `${json.destination.type} ${json.destination.value}`
}

async function newWorld(t: TestContext, engine: Engine, options: TestHubOptions = {}) {
  const opened = await newHub(t, engine, { clock: { now: () => NOW }, ...options })
  const { ask } = opened
  await post(ask, 'profiles', PROFILE)
  const host = await newHost(ask)
  const told = (query = `number=${encodeURIComponent(ANN)}&host=${host}`) => goesTo(ask, query)
  const call = (began: number, more: Json = {}) => post(ask, 'pbx3cx_calls', line(host, began, more))
  return { ...opened, host, told, call }
}

onEachStore('the last agent', (engine) => {
  test('a caller goes back to who talked with him last, by whatever was stored of it and however late', async (t) => {
    const { ask, host, told, call } = await newWorld(t, engine)
    assert.equal(await told(), 'queue 800')
    await call(3_600_000)
    assert.equal(await told(), 'extension 101')
    const { json } = await ask('POST', '/api/v1/route/simulate', {
      body: { number: '0628773862', host, at: ago(0) },
    })
    assert.equal(
      json.reasons[3],
      `Extension 101 of PBX ${host} talked with the caller last, at ${ago(3_600_000 - 5_000)}.`,
    )
    assert.deepEqual([json.rule, json.destination], ['back', { type: 'extension', value: '101' }])

    // Late news of earlier calls, and calls in which none of our phones talked with him.
    await call(7_200_000, { agent_extension: '102' })
    await call(60_000, { agent_extension: '103', answered_at: null, status: 'missed' })
    await call(50_000, { agent_extension: '104', status: 'voicemail' })
    await call(40_000, { agent_extension: '800' })
    await call(30_000, { agent_extension: 'reception' })
    await call(20_000, { direction: 'internal', caller_number: '105', agent_extension: '106' })
    await call(10_000, { caller_number: 'anonymous', agent_extension: '107' })
    assert.equal(await told(), 'extension 101')

    // Called back by another one; transferred from the first to the second.
    await call(1_800_000, {
      direction: 'outbound',
      caller_number: '108',
      called_number: ANN,
      agent_extension: '108',
    })
    assert.equal(await told(), 'extension 108')
    const parts = { call_history_id: 'c1', queue: null }
    await call(900_000, { ...parts, agent_extension: '109', external_id: 'r1', ended_at: ago(880_000) })
    await call(870_000, { ...parts, agent_extension: '110', external_id: 'r2' })
    assert.equal(await told(), 'extension 110')
  })

  test('it is the one of the PBX that asks; of several it is none where none is said to ask', async (t) => {
    const { ask, host, told, call } = await newWorld(t, engine)
    const other = await newHost(ask)
    await call(3_600_000)
    const number = `number=${encodeURIComponent(ANN)}`
    assert.equal(await told(number), 'extension 101')
    assert.equal(await told(`${number}&host=${other}`), 'queue 800')
    await post(ask, 'pbx3cx_calls', line(other, 60_000, { agent_extension: '201' }))
    assert.deepEqual(
      [await told(), await told(`${number}&host=${other}`), await told(number)],
      ['extension 101', 'extension 201', 'queue 800'],
    )
    assert.equal((await ask('DELETE', `/api/v1/pbx3cx-hosts/${other}`)).status, 201)
    assert.equal(await told(number), 'extension 101')
    assert.equal(await told(`${number}&host=${host}&at=${ago(-8 * DAY_MS)}`), 'queue 800')
    assert.equal(await told(`${number}&host=${host}&at=${ago(-6 * DAY_MS)}`), 'extension 101')
  })

  test('a person who calls from another number is the same caller; another person of the company is not', async (t) => {
    const { ask, told, call, host, importBook } = await newWorld(t, engine)
    await importBook(
      'customer_account,customer_name,customer_phone,contact_id,first_name,last_name,contact_phones\n' +
        `CL1,Acme,0199000001,X1,Ann,Lee,${ANN} / 0699000002\nCL1,Acme,0199000001,X2,Bob,Lee,0699000003\n`,
    )
    await call(3_600_000)
    const from = (number: string) => told(`number=${number}&host=${host}`)
    assert.deepEqual(
      [await from('0699000002'), await from('0699000003'), await from('0199000001')],
      ['extension 101', 'queue 800', 'queue 800'],
    )
    // The company's own line, and whoever keys its account.
    await call(60_000, { caller_number: '0199000001', agent_extension: '102' })
    assert.equal(await told(`account=CL1&host=${host}`), 'extension 102')
    // Dialects ask the same.
    const { json } = await ask('GET', `/api/caller-data?telephone=0699000002&host=${host}`)
    assert.equal(json.direct_line, '101')
  })

  test('a PBX reports the talk itself, or is seen to talk before any record tells of it', async (t) => {
    const env = { CORDBOARD_COUNTRY: 'HU', CORDBOARD_SECRET_KEY: newMasterKey() }
    const { ask } = await newHub(t, engine, { env })
    await post(ask, 'profiles', PROFILE)
    const pbx = await newPbx(t)
    const host = await addHost(ask, pbx)
    await untilWatched(ask, host)
    const told = () => goesTo(ask, `number=%2B36301234567&host=${host}`)
    pbx.step('inbound a from +36301234567 to +3615550113')
    pbx.step('answer a by 101')
    await until('the talk is known', async () => (await told()) === 'extension 101')
    const report = {
      CallType: 'Outbound',
      Number: '+36301234567',
      Agent: '102',
      Duration: '00:01:00',
      CallStartTimeUTC: new Date(Date.now() + 60_000).toISOString(),
    }
    const reported = await ask('POST', '/3cx/crm/report-call', { body: { ...report, host } })
    assert.equal(reported.status, 200, reported.text)
    assert.equal(await told(), 'extension 102')
  })

  test('nobody is sent back to a phone that the PBX no longer has', async (t) => {
    const env = { CORDBOARD_COUNTRY: 'HU', CORDBOARD_SECRET_KEY: newMasterKey() }
    const { ask, host: _, ...world } = await newWorld(t, engine, { env })
    const pbx = await newPbx(t)
    const host = await addHost(ask, pbx, { watch_calls: false })
    const told = (number: string) => world.told(`number=${encodeURIComponent(number)}&host=${host}`)
    await post(ask, 'pbx3cx_calls', line(host, 60_000, { caller_number: ANN }))
    await post(
      ask,
      'pbx3cx_calls',
      line(host, 50_000, { caller_number: '+3612345678', agent_extension: '777' }),
    )
    assert.deepEqual([await told(ANN), await told('+3612345678')], ['extension 101', 'extension 777'])
    const built = await ask('POST', `/api/v1/pbx3cx-hosts/${host}/map`, { body: {} })
    assert.equal(built.status, 200, built.text)
    await until('it is gone', async () => (await told('+3612345678')) === 'queue 800')
    assert.equal(await told(ANN), 'extension 101')
  })

  test('profiles ask for it in words that can be meant', async (t) => {
    const { ask } = await newHub(t, engine)
    const rule = (when: Json, destination: Json) => ({ name: 'r', when, destination })
    const last = { type: 'last_agent', value: '' }
    const refused = async (...rules: Json[]) => {
      const { status, json } = await ask('POST', '/api/v1/profiles', { body: { name: 'x', rules } })
      return [status, ...Object.keys(json.errors ?? {})]
    }
    assert.deepEqual(await refused(rule({}, last)), [422, 'rules.0.when.last_agent'])
    assert.deepEqual(await refused(rule({ last_agent: {} }, { ...last, value: '101' })), [
      422,
      'rules.0.destination.value',
    ])
    assert.deepEqual(await refused(rule({ last_agent: { within_days: 0 } }, last)), [
      422,
      'rules.0.when.last_agent.within_days',
    ])
    assert.deepEqual(
      await refused(rule({ last_agent: {} }, last), rule({ last_agent: { within_days: 7 } }, last)),
      [422, 'rules.1'],
    )
    const made = await post(ask, 'profiles', { name: 'x', rules: [rule({ last_agent: {} }, last)] })
    assert.deepEqual(made.rules, [rule({ last_agent: {} }, last)])
  })

  test('whoever is erased was talked with by nobody, in memory, in the store and in the snapshot', async (t) => {
    const home = await newHome(t, engine)
    const { ask, host, told, call, hub } = await newWorld(t, engine, home)
    const { id } = await post(ask, 'contacts', { first_name: 'Ann', phones: [ANN, '0699000002'] })
    await call(3_600_000)
    await call(60_000, { caller_number: '0699000009', agent_extension: '102' })
    await call(60_000, { caller_number: '0699000008', agent_extension: '103' })
    const from = (number: string) => told(`number=${number}&host=${host}`)
    assert.equal(await from('0699000002'), 'extension 101')
    const erased = await ask('POST', '/api/v1/erase', { body: { contact_id: id } })
    assert.equal(erased.status, 200, erased.text)
    assert.equal((await ask('POST', '/api/v1/erase', { body: { number: '0699000009' } })).status, 200)
    for (const number of [encodeURIComponent(ANN), '0699000002', '0699000009'])
      assert.equal(await from(number), 'queue 800', number)
    assert.equal(await from('0699000008'), 'extension 103')

    const store = await openStore<LastAgentTables>({ address: home.address })
    t.after(() => store.close())
    const rows = await store.read.selectFrom('last_agents').selectAll().execute()
    assert.deepEqual(
      rows.map((row) => [row.e164, row.extension]),
      [['+33699000008', '103']],
    )
    const snapshot = await readFile(join(home.dataDir, 'memory.snapshot'))
    assert.deepEqual(
      ['+33628773862', '+33699000009', '+33699000008'].map((e164) => {
        const key = Buffer.alloc(8)
        key.writeDoubleLE(Number(e164))
        return snapshot.includes(key)
      }),
      [false, false, true],
    )

    // What is too old goes from memory as well.
    assert.equal(await pruneLastAgents(store)(NOW, 10), 1)
    await hub.renewSnapshot()
    await until('forgotten', async () => (await from('0699000008')) === 'queue 800')
  })

  test('several threads answer alike', async (t) => {
    const { hub, host, call } = await newWorld(t, engine, { env: { CORDBOARD_WORKERS: '2' } })
    await call(3_600_000)
    const number = encodeURIComponent(ANN)
    const answers = await askEverywhere(hub.url, `/api/v1/route?number=${number}&host=${host}`)
    assert.equal(answers.length, 1)
    assert.match(answers[0]!, /^200 .*"destination":\{"type":"extension","value":"101"\}/)
  })

  if (engine === 'postgres')
    test('what one hub stores every other one knows, and one that starts without the database', async (t) => {
      const address = await newReadyAddress(t, engine)
      assert.ok(address.kind === 'postgres')
      const wire = await newWire(t, address.url)
      const first = await newWorld(t, engine, { address })
      const home = await newHome(t, engine)
      const away = { dataDir: home.dataDir, address: { kind: 'postgres' as const, url: wire.url } }
      const second = await newHub(t, engine, { clock: { now: () => NOW }, ...away })
      const query = `number=${encodeURIComponent(ANN)}&host=${first.host}`
      await first.call(3_600_000)
      const at = (ask: Ask) => goesTo(ask, query)
      await until('the other one knows', async () => (await at(second.ask)) === 'extension 101')
      await Promise.all(
        [...Array(20).keys()].map((n) =>
          post(n % 2 ? first.ask : second.ask, 'pbx3cx_calls', {
            ...line(first.host, 2_000_000 - n * 60_000),
            agent_extension: `2${10 + n}`,
          }),
        ),
      )
      for (const { ask } of [first, second])
        await until('both know the last of them', async () => (await at(ask)) === 'extension 229')
      await second.hub.close()

      wire.cut()
      const third = await newHub(t, engine, { clock: { now: () => NOW }, ...away })
      assert.equal((await third.ask('GET', '/health/ready')).json.status, 'degraded')
      assert.equal(await at(third.ask), 'extension 229')
      await first.call(60_000, { agent_extension: '102' })
      wire.mend()
      await until('what happened meanwhile is known', async () => (await at(third.ask)) === 'extension 102')
    })
})
