import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Engine } from '../server/platform/database/engine.ts'
import { newHub, type Json } from './hub.ts'
import { addHost, newAgent, newHome, newPbx, untilWatched, watchLive } from './live.ts'
import { post } from './pbx-fleet.ts'
import { makeDue } from './simulated-pbx.ts'
import { onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'
import { until } from './wire.ts'

const CALLER = '+36301234567'
/** The number that rings at 101. */
const BELA = '+3615550113'

async function newDesk(t: TestContext, engine: Engine, more: Json = {}) {
  const home = await newHome(t, engine)
  const env = { CORDBOARD_COUNTRY: 'HU', CORDBOARD_SECRET_KEY: newMasterKey() }
  const opened = await newHub(t, engine, { env, ...home })
  const { ask, hub } = opened
  const pbx = await newPbx(t)
  const host = await addHost(ask, pbx, more)
  const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
  await untilWatched(ask, host)
  const screen = await watchLive(t, hub.url, ann.token)
  const card = async (query: string): Promise<Json> => {
    const answer = await ask('GET', `/api/v1/pop?${query}`, { token: ann.token })
    assert.equal(answer.status, 200, answer.text)
    return answer.json
  }
  // The PBX's log tells of calls of earlier days as well.
  const began = new Date(Date.now() - 5_000).toISOString()
  const calls = async (): Promise<Json[]> =>
    (await ask('GET', `/api/v1/pbx3cx-call-logs?page=1&from=${began}`)).json.data
  const write = (path: string, body: Json) => post(ask, path, body, ann.token)
  /** The same call as its PBX tells it, a little later by its clock. */
  const line = (call: Json, told: Json = {}): Json => {
    const began = Date.parse(call.started_at) + 2_000
    const at = (ms: number) => new Date(began + ms).toISOString()
    return {
      pbx3cx_host_id: host,
      source: 'files',
      direction: 'inbound',
      external_id: 'cdr-1',
      started_at: at(0),
      answered_at: at(1_000),
      ended_at: at(61_000),
      caller_number: call.number,
      called_number: BELA,
      agent_extension: '101',
      ...told,
    }
  }
  return { ...opened, ...home, pbx, host, ann, screen, card, calls, write, line }
}

onEachStore('the card of a live call', (engine) => {
  test('a call that no record tells of has its card, and what is said of it is said of the record that comes', async (t) => {
    const { ask, address, pbx, host, screen, card, calls, write, line } = await newDesk(t, engine)
    pbx.step(`inbound a from ${CALLER} to ${BELA} name Anna`)
    await screen.count(1)
    const [pop] = screen.events
    const byPbx = `call=${pop!.call_id}&host=${host}&number=${encodeURIComponent(CALLER)}`
    const shown = await card(byPbx)
    const { started_at, ...live } = shown.call.live
    assert.deepEqual(live, {
      call: pop!.call,
      call_id: pop!.call_id,
      host_id: host,
      extension: '101',
      direction: 'inbound',
      state: 'ringing',
      number: CALLER,
      e164: CALLER,
      caller_name: 'Anna',
      called_number: BELA,
      queue: null,
      answered_at: null,
      ended_at: null,
    })
    assert.equal(started_at, pop!.started_at)
    assert.deepEqual([shown.call.record, shown.known, shown.may.note], [null, false, true])
    assert.deepEqual((await card(`call=live:${pop!.call}`)).call.live, shown.call.live)
    assert.equal((await card(`call=live:${pop!.call}&number=%2B36309999999`)).call.live, null)
    assert.equal((await card('call=live:999')).call.live, null)
    assert.deepEqual(await calls(), [], 'looking stores nothing')

    const note = await write('notes', {
      noteable_type: 'live_call',
      noteable_id: pop!.call,
      body: 'wants a boat',
    })
    assert.deepEqual([note.noteable_type, note.author], ['call', 'ann@example.com'])
    pbx.step('answer a by 101')
    await screen.count(2)
    const said = { number: CALLER, status: 'completed', comment: 'sold', call: pop!.call_id }
    const disposition = await write('dispositions', said)
    assert.equal((await write('dispositions', said)).id, disposition.id)
    assert.equal(disposition.call_log_id, note.noteable_id)
    const [going, ...more] = await calls()
    assert.deepEqual(
      [going?.id, going?.source, going?.provisional, going?.ended_at, more],
      [note.noteable_id, 'live', true, null, []],
    )
    pbx.step('hangup a')
    await screen.count(3)
    await until('its end is told', async () => (await calls())[0]?.ended_at !== null)
    const [over] = await calls()
    assert.deepEqual([over?.status, over?.agent_extension, over?.caller_e164], ['answered', '101', CALLER])

    // Reported by the PBX, told by its lines, and read in its log: still one call.
    const report = {
      CallType: 'Inbound',
      Number: CALLER,
      Agent: '101',
      Duration: '00:00:10',
      CallStartTimeUTC: started_at,
      host,
    }
    const reported = await ask('POST', '/3cx/crm/report-call', { body: report })
    assert.equal(reported.json.call_id, note.noteable_id, reported.text)
    assert.equal((await post(ask, 'pbx3cx_calls', line(pop!))).call_id, note.noteable_id)
    await makeDue(t, address, 'pbx_call_log')
    await until('its log is read', async () => (await calls())[0]?.source === 'xapi')
    assert.equal((await calls()).length, 1)
    for (const query of [byPbx, `call=live:${pop!.call}`, `call=id:${note.noteable_id}`]) {
      const seen = await card(query)
      assert.equal(seen.call.record?.id, note.noteable_id, query)
      assert.deepEqual(
        [seen.calls, seen.notes, seen.dispositions].map((list) => list.map((one: Json) => one.id)),
        [[note.noteable_id], [note.id], [disposition.id]],
        query,
      )
    }
  })

  test('a withheld caller has a card as well, and the record that is there already is the one', async (t) => {
    const { ask, pbx, host, screen, card, calls, write, line } = await newDesk(t, engine, {
      cl_calls_is_sync: false,
    })
    pbx.step(`inbound a from anonymous to ${BELA}`)
    await screen.count(1)
    pbx.step('answer a by 101')
    await screen.count(2)
    const [pop] = screen.events
    const query = `call=${pop!.call_id}&host=${host}`
    const saved = await write('dispositions', {
      number: pop!.number ?? '',
      status: 'no_answer',
      call: `live:${pop!.call}`,
    })
    assert.deepEqual(
      (await card(query)).dispositions.map((one: Json) => one.id),
      [saved.id],
    )
    const { call_id } = await post(ask, 'pbx3cx_calls', line({ ...pop }, { caller_number: 'anonymous' }))
    const note = await write('notes', { noteable_type: 'LiveCall', noteable_id: pop!.call, body: 'a man' })
    assert.deepEqual([saved.call_log_id, note.noteable_id], [call_id, call_id])
    assert.equal((await calls()).length, 1)
    const seen = await card(query)
    assert.deepEqual(
      [seen.call.record.id, seen.notes[0].id, seen.dispositions[0].id],
      [call_id, note.id, saved.id],
    )
    // Another call, told before anybody says a word of it.
    pbx.step(`inbound b from ${CALLER} to ${BELA}`)
    await screen.count(3)
    const [, , other] = screen.events
    const told = await post(ask, 'pbx3cx_calls', line(other!, { external_id: 'cdr-2' }))
    const later = await write('dispositions', { number: CALLER, status: 'completed', call: other!.call_id })
    assert.equal(later.call_log_id, told.call_id)
    assert.equal((await calls()).length, 2)
    const missing = await ask('POST', '/api/v1/notes', {
      body: { noteable_type: 'live_call', noteable_id: 999, body: 'x' },
    })
    assert.deepEqual([missing.status, Object.keys(missing.json.errors)], [422, ['noteable_id']])
  })
})
