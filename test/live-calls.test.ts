import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub } from './hub.ts'
import { addHost, liveOf, newAgent, newPbx, untilWatched, watchLive } from './live.ts'
import { onEachStore } from './stores.ts'

const CALLER = '+36301234567'

onEachStore('live calls', (engine) => {
  test('a call pops at the phone that rings and at no other, with who it is, and is followed to its end', async (t) => {
    const { hub, ask, importBook } = await newHub(t, engine, { env: { CORDBOARD_COUNTRY: 'HU' } })
    await importBook('account;name;phone;vip\nCL7;Kiss Kft.;+36301234567;1\n')
    const pbx = await newPbx(t)
    const host = await addHost(ask, pbx)
    const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
    const bob = await newAgent(ask, 'bob@example.com', [{ host_id: host, extension: '100' }])
    await untilWatched(ask, host)
    const [atAnn, atBob] = [await watchLive(t, hub.url, ann.token), await watchLive(t, hub.url, bob.token)]

    pbx.step(`inbound a from ${CALLER} to +3615550113 name Anna`)
    await atAnn.count(1)
    const [pop] = atAnn.events
    const { id, call, at, started_at, ...rest } = pop!
    assert.ok(id > 0 && call > 0 && at === started_at)
    const { customer, ...told } = rest
    assert.deepEqual(told, {
      event: 'pop',
      call_id: told.call_id,
      host_id: host,
      extension: '101',
      direction: 'inbound',
      state: 'ringing',
      number: CALLER,
      e164: CALLER,
      caller_name: 'Anna',
      called_number: '+3615550113',
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
    const { calls, source, last_error } = await liveOf(ask, host)
    assert.deepEqual([source, last_error], ['socket', null])
    assert.deepEqual(
      calls.map((one: { extension: string; state: string }) => [one.extension, one.state]),
      [['101', 'ringing']],
    )

    pbx.step('answer a by 101')
    await atAnn.count(2)
    pbx.step('hangup a')
    await atAnn.count(3)
    assert.deepEqual(atAnn.told(), [`pop 101 ${CALLER}`, `answered 101 ${CALLER}`, `ended 101 ${CALLER}`])
    assert.equal(atAnn.events[2]?.missed, false)
    assert.ok(atAnn.events.every((one, i) => one.call === call && one.id >= (atAnn.events[i - 1]?.id ?? 0)))
    assert.deepEqual(atBob.told(), [])
    assert.deepEqual((await liveOf(ask, host)).calls, [])
  })
})
