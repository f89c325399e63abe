import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SimulatorOptions } from '../../../pbx-simulator/simulator.ts'
import { newHub, type Ask, type Json } from '../../../test/hub.ts'
import { newOtherTransaction } from '../../../test/other-transaction.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { makeDue, newPlace, newSimulatedHost, until } from '../../../test/simulated-pbx.ts'
import { onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'
import type { Engine } from '../../platform/database/engine.ts'

const LOGS = '/api/v1/pbx3cx-call-logs'
const RECORDS = '/api/v1/pbx3cx_calls'

async function newPair(
  t: TestContext,
  engine: Engine,
  { options = {}, more = {} }: { options?: SimulatorOptions; more?: Json } = {},
) {
  const place = await newPlace(t, engine)
  const env = { CORDBOARD_SECRET_KEY: newMasterKey() }
  const { ask } = await newHub(t, engine, { env, ...place })
  const { simulator, id } = await newSimulatedHost(t, ask, { options, more })
  const state = async (): Promise<Json> => (await ask('GET', `/api/v1/pbx3cx-hosts/${id}/call-log`)).json
  /** Waits for a reading that ended after the one before. */
  const readAfter = (before: Json) =>
    until(async () => {
      const now = await state()
      const ended = (one: Json) => `${one.succeeded_at} ${one.failed_at}`
      return ended(now) !== ended(before) && now
    })
  /** Has the log read, and waits until it was. */
  const refresh = async (): Promise<Json> => {
    const before = await state()
    await post(ask, 'pbx3cx-call-logs', told(id))
    // One that waits to be tried again does not wait longer.
    await makeDue(t, place.address, 'pbx_call_log')
    return readAfter(before)
  }
  /** Without those of agents who were only rung for a queue. */
  const rows = () => simulator.pbx.store.rows('call log').filter((row) => row['isPolling'] !== true)
  /** The task that reads the log, once it is in that state. */
  const taskThat = (wanted: string) =>
    until(async () => {
      const [task] = (await ask('GET', '/api/v1/work?filter[kind]=pbx_call_log')).json.data
      return task?.state === wanted && task
    })
  return { ask, simulator, id, state, readAfter, refresh, rows, place, taskThat }
}

const callsOf = async (ask: Ask, query = ''): Promise<Json[]> => (await ask('GET', `${LOGS}?${query}`)).json
/** A call somebody tells of that is in no log. */
const told = (host: number, more: Json = {}) => ({
  pbx3cx_host_id: host,
  direction: 'inbound',
  started_at: '2026-05-01T10:00:00Z',
  caller_number: '+33628773862',
  ...more,
})

onEachStore("the log of a PBX's own calls", (engine) => {
  test('is read once a call was told of: every call of it, every row once, again and again', async (t) => {
    const { ask, id, state, readAfter, rows } = await newPair(t, engine)
    const before = await state()
    assert.deepEqual([before.is_read, before.position_at, before.records], [true, null, 0])
    const mine = await post(ask, 'pbx3cx-call-logs', told(id))
    const read = await readAfter(before)
    assert.deepEqual([read.error, read.records], [null, rows().length])
    const journeys = new Set(rows().map((row) => row['MainCallHistoryId']))
    const calls = await callsOf(ask)
    assert.equal(calls.length, journeys.size + 1)
    assert.deepEqual(new Set(calls.map((call) => call.source)), new Set(['xapi', 'manual']))
    assert.ok(calls.every((call) => !call.provisional || call.id === mine.id))

    await post(ask, 'pbx3cx-call-logs', told(id))
    const again = await readAfter(read)
    assert.equal(again.records, read.records)
    assert.deepEqual(await callsOf(ask), calls)
    const [record] = (await ask('GET', `${RECORDS}?per_page=1`)).json.data
    assert.equal(record.payload.MainCallHistoryId, record.call_history_id)
  })

  test('a call through a queue is one call: the caller, the queue, who answered, how long', async (t) => {
    const { ask, id, simulator, refresh, rows } = await newPair(t, engine)
    await refresh()
    const before = new Set(rows().map((row) => row['MainCallHistoryId']))
    await simulator.play(
      '0 inbound a from +36301234567 to +3615550111\n+7s answer a by 101\n+40s hangup a by callee',
      true,
    )
    const [journey] = rows().filter((row) => !before.has(row['MainCallHistoryId']))
    assert.ok(journey)
    await refresh()
    const [call, ...others] = await callsOf(ask, 'number=%2B36301234567')
    assert.deepEqual(others, [])
    const { direction, status, caller_e164, queue, agent_extension, agent_name, talk_ms, wait_ms, source } =
      call
    assert.deepEqual(
      { direction, status, caller_e164, queue, agent_extension, agent_name, talk_ms, wait_ms, source },
      {
        direction: 'inbound',
        status: 'answered',
        caller_e164: '+36301234567',
        queue: '800',
        agent_extension: '101',
        agent_name: 'Béla Csonka',
        talk_ms: 40_000,
        wait_ms: 7_000,
        source: 'xapi',
      },
    )
    assert.equal(call.pbx3cx_host_id, id)
    const { legs } = (await ask('GET', `/api/v1/pbx3cx-call-log-details/${call.id}`)).json
    assert.deepEqual(new Set(legs.map((leg: Json) => leg.agent_extension)), new Set([null, '101']))
  })

  test('a call somebody told of is the one in the log, under the id it was told by; others stay theirs', async (t) => {
    const { ask, id, simulator, refresh } = await newPair(t, engine)
    await refresh()
    await simulator.play(
      '0 inbound a from +36301234567 to +3615550113\n+5s answer a by 101\n+60s hangup a by callee',
      true,
    )
    const row = simulator.pbx.store.rows('call log').find((one) => one['SourceCallerId'] === '+36301234567')
    const at = Date.parse(String(row?.['StartTime']))
    const iso = (ms: number) => new Date(ms).toISOString()
    const same = { caller_number: '+36 30 123 4567', agent_extension: '101', talk_ms: 50_000 }
    const mine = await post(ask, 'pbx3cx-call-logs', told(id, { ...same, started_at: iso(at + 20_000) }))
    const otherAgent = await post(
      ask,
      'pbx3cx_calls',
      told(id, { ...same, agent_extension: '102', started_at: iso(at) }),
    )
    const later = await post(ask, 'pbx3cx_calls', told(id, { ...same, started_at: iso(at + 600_000) }))
    await refresh()
    await refresh()
    const calls = await callsOf(ask, 'number=%2B36301234567')
    assert.deepEqual(
      calls.map((call) => [call.id, call.source, call.records, call.talk_ms]),
      [
        [mine.id, 'xapi', 2, 60_000],
        [otherAgent.call_id, 'manual', 1, 50_000],
        [later.call_id, 'manual', 1, 50_000],
      ].toSorted((one, other) => Number(one[0]) - Number(other[0])),
    )
    // Corrected, it is still of that call.
    const record = (await ask('GET', `${RECORDS}?agent=101&number=%2B36301234567&page=1`)).json.data
    const manual = record.find((one: Json) => one.source === 'manual' && one.call_id === mine.id)
    const put = await ask('PUT', `${RECORDS}/${manual.id}`, { body: { talk_ms: 1 } })
    assert.equal(put.json.call_id, mine.id, put.text)
  })

  test('a PBX that is away is tried again, its state says why, and nothing is missing when it is back', async (t) => {
    const { simulator, state, refresh, rows, taskThat } = await newPair(t, engine)
    simulator.faults.set('500@/xapi')
    const failed = await refresh()
    assert.match(failed.error, /500/)
    assert.deepEqual([failed.succeeded_at, failed.position_at, failed.records], [null, null, 0])
    assert.ok((await taskThat('waiting')).attempts >= 1)
    simulator.faults.clear()
    const read = await refresh()
    assert.deepEqual([read.error, read.records], [null, rows().length])
    assert.deepEqual(await state(), read)
  })

  test('a role that may not see it is told so, and not tried again before somebody asks', async (t) => {
    const { refresh, taskThat } = await newPair(t, engine, { options: { role: 'system_admins' } })
    const refused = await refresh()
    assert.match(refused.error, /role/)
    await taskThat('dead')
  })

  test('a call that went on is brought up to date, and who was erased stays so', async (t) => {
    const { ask, simulator, refresh } = await newPair(t, engine)
    await simulator.play(
      '0 inbound a from +36301234567 to +3615550113\n+5s answer a by 101\n+60s hangup a by callee',
      true,
    )
    const { store } = simulator.pbx
    const row = store.rows('call log').find((one) => one['SourceCallerId'] === '+36301234567')
    const read = await refresh()
    store.put('call log', row?.['SegmentId'], { ...row, TalkingDuration: 'PT1M30S' })
    assert.equal((await refresh()).records, read.records)
    const [call] = await callsOf(ask, 'number=%2B36301234567')

    assert.deepEqual([call?.talk_ms, call?.records], [90_000, 1])

    const erased = await ask('POST', '/api/v1/erase', { body: { number: '+36301234567' } })
    assert.equal(erased.status, 200, erased.text)
    store.put('call log', row?.['SegmentId'], { ...row, TalkingDuration: 'PT2M' })
    assert.equal((await refresh()).records, read.records)
    assert.deepEqual(await callsOf(ask, 'number=%2B36301234567'), [])
  })

  if (engine === 'postgres')
    test('who tells of a call of the log and who joins it with another wait for each other in one order', async (t) => {
      const { ask, id, readAfter, refresh, place } = await newPair(t, engine)
      const before = await refresh()
      const inLog = (await callsOf(ask)).find((call) => call.source === 'xapi' && call.caller_e164)
      const [{ call_history_id }] = (await ask('GET', `${RECORDS}?per_page=100`)).json.data.filter(
        (record: Json) => record.call_id === inLog?.id,
      )
      const { started_at, caller_number } = inLog!
      const other = await newOtherTransaction(t, place.address)
      await other.begin('select id from calls where id = $1 for update', [inLog!.id])
      const same = told(id, { started_at, caller_number, external_id: 'same' })
      assert.equal((await ask('POST', LOGS, { body: same })).status, 201)
      await other.waitedFor(1)
      const body = told(id, { started_at, caller_number, call_history_id, external_id: 'mine' })
      const mine = ask('POST', RECORDS, { body })
      await other.waitedFor(2)
      await other.commit()
      assert.equal((await mine).status, 201)
      const { failed_at, error } = await readAfter(before)
      assert.deepEqual([failed_at, error], [null, null])
    })

  if (engine === 'postgres')
    test('who tells of a call and who reads the log that has it wait for each other in one order', async (t) => {
      const { ask, id, state, readAfter, rows, place } = await newPair(t, engine)
      const before = await state()
      const call_history_id = String(rows()[0]?.['MainCallHistoryId'])
      const other = await newOtherTransaction(t, place.address)
      const call = `cordboard call ${id} history:${call_history_id}`
      await other.begin('select pg_advisory_xact_lock(hashtext($1))', [call])
      const mine = ask('POST', LOGS, { body: told(id, { call_history_id, external_id: 'mine' }) })
      await other.waitedFor(1)
      // Under a key, as what is told without waits for what is being written.
      const headers = { 'idempotency-key': 'another call' }
      assert.equal((await ask('POST', LOGS, { body: told(id), headers })).status, 201)
      await other.waitedFor(2)
      await other.commit()
      assert.equal((await mine).status, 201)
      const { failed_at, error } = await readAfter(before)
      assert.deepEqual([failed_at, error], [null, null])
    })

  test('is left alone where another source tells of the calls, or nobody wants them', async (t) => {
    const { ask, id, state, place } = await newPair(t, engine, { more: { cdr_source: 'socket_in' } })
    await post(ask, 'pbx3cx-call-logs', told(id))
    const { simulator: silent, id: other } = await newSimulatedHost(t, ask, { more: { cl_calls_is_sync: 0 } })
    // A host that is read shows that the round has been made.
    const { id: third } = await newSimulatedHost(t, ask)
    await makeDue(t, place.address, 'pbx_call_logs')
    const stateOf = async (host: number) => (await ask('GET', `/api/v1/pbx3cx-hosts/${host}/call-log`)).json
    await until(async () => (await stateOf(third)).succeeded_at !== null)
    assert.deepEqual([(await state()).is_read, (await state()).started_at], [false, null])
    assert.deepEqual([(await stateOf(other)).is_read, (await stateOf(other)).started_at], [true, null])
    assert.deepEqual(silent.requests.list(), [])
    assert.equal((await ask('GET', '/api/v1/pbx3cx-hosts/999/call-log')).status, 404)
  })
})
