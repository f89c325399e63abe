import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { kill, start } from './hub-process.ts'
import { ADMIN_TOKEN, type Ask, type Json } from './hub.ts'
import { addHost, liveOf, newAgent, newPbx, untilWatched, watchLive } from './live.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'
import { until } from './wire.ts'
import type { Engine } from '../server/platform/database/engine.ts'

const A = '+36301111111'
const B = '+36302222222'
const C = '+36303333333'

/** Starts hubs as processes of their own on one store. */
async function newPlace(t: TestContext, engine: Engine) {
  const address = await newReadyAddress(t, engine)
  const key = newMasterKey()
  const sqlite = await newDirectory(t)
  return async () => {
    const process = await start({
      CORDBOARD_DATA_DIR: address.kind === 'postgres' ? await newDirectory(t) : sqlite,
      CORDBOARD_ADMIN_TOKEN: ADMIN_TOKEN,
      CORDBOARD_COUNTRY: 'HU',
      CORDBOARD_SECRET_KEY: key,
      ...(address.kind === 'postgres' ? { DATABASE_URL: address.url } : {}),
    })
    t.after(() => process.hub.kill('SIGKILL'))
    return process
  }
}

const isAnswered = ({ state }: Json) => state === 'answered'

/** What was written down of calls: `ringing +36…`. */
async function noted(ask: Ask): Promise<string[]> {
  const { json } = await ask('GET', '/api/v1/events?limit=1000')
  return json.data.map(({ kind, data }: Json) => `${kind.replace('call.', '')} ${data.caller_number}`)
}

onEachStore('the hub that watches a PBX', (engine) => {
  test('killed, its calls are followed by the next one: nothing the PBX still shows is lost, nothing told twice', async (t) => {
    const startHub = await newPlace(t, engine)
    const pbx = await newPbx(t)
    const owner = await startHub()
    const host = await addHost(owner.ask, pbx)
    await untilWatched(owner.ask, host)
    const ann = await newAgent(owner.ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
    // On SQLite the next hub is the same one started again.
    const isShared = engine === 'postgres'
    const first = isShared ? await startHub() : owner
    const before = await watchLive(t, first.url, ann.token)
    pbx.step(`inbound a from ${A} via 101`)
    pbx.step(`inbound c from ${C} via 101`)
    await before.count(2)

    await kill(owner.hub)
    pbx.step('answer a by 101')
    pbx.step('miss c')
    pbx.step(`inbound b from ${B} via 101`)
    const next = isShared ? first : await startHub()
    const lastEventId = before.events.at(-1)?.id ?? 0
    const after = isShared ? before : await watchLive(t, next.url, ann.token, { lastEventId })
    const wanted = isShared ? 5 : 3
    await after.count(wanted)
    const told = [...new Set([...before.told(), ...after.told()])].sort()
    assert.deepEqual(told, [
      `answered 101 ${A}`,
      `ended 101 ${C}`,
      `pop 101 ${A}`,
      `pop 101 ${B}`,
      `pop 101 ${C}`,
    ])
    await untilWatched(next.ask, host)
    pbx.step('hangup a')
    pbx.step('miss b')
    await after.count(wanted + 2)
    await until('all is over', async () => (await liveOf(next.ask, host)).calls.length === 0)
    assert.deepEqual((await noted(next.ask)).sort(), [
      `answered ${A}`,
      `ended ${A}`,
      `ended ${B}`,
      `ended ${C}`,
      `missed ${B}`,
      `missed ${C}`,
      `ringing ${A}`,
      `ringing ${B}`,
      `ringing ${C}`,
    ])
    assert.equal(after.events.length, wanted + 2)
    assert.ok(!(await liveOf(next.ask, host)).calls.some(isAnswered))
  })

  if (engine === 'sqlite') return

  test('a PBX is watched by one of two hubs at a time, and given up when its hub ends', async (t) => {
    const startHub = await newPlace(t, engine)
    const pbx = await newPbx(t)
    // Whoever begins to watch looks at everything once.
    const looks = () => pbx.simulator.requests.list().filter(({ path }) => path === '/callcontrol').length
    const one = await startHub()
    const host = await addHost(one.ask, pbx)
    await untilWatched(one.ask, host)
    const two = await startHub()
    assert.equal((await liveOf(two.ask, host)).status, 'watching')
    assert.equal(looks(), 1)
    const there = await watchLive(t, one.url, ADMIN_TOKEN)
    const gone = new Promise((resolve) => one.hub.once('exit', resolve))
    one.hub.kill('SIGTERM')
    await gone
    assert.equal(await there.ended, 'closing')
    const wall = await watchLive(t, two.url, ADMIN_TOKEN)
    pbx.step(`inbound a from ${A} via 101`)
    await wall.count(1)
    assert.equal(looks(), 2)
  })

  test('who is signed in at one hub and out at another is told no more there', async (t) => {
    const startHub = await newPlace(t, engine)
    const [one, two] = [await startHub(), await startHub()]
    const ann = await newAgent(one.ask, 'ann@example.com', [])
    await until(
      'known at both',
      async () => (await two.ask('GET', '/api/v1/session', { token: ann.token })).status === 200,
    )
    const stream = await watchLive(t, two.url, ann.token)
    const began = performance.now()
    assert.equal((await one.ask('DELETE', '/api/v1/session', { token: ann.token })).status, 204)
    assert.equal(await stream.ended, 'session_ended')
    t.diagnostic(`ended after ${Math.round(performance.now() - began)} ms`)
  })
})
