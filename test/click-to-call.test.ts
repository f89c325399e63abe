import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Engine } from '../server/platform/database/engine.ts'
import type { AuditTables } from '../server/platform/audit.ts'
import { openStore } from '../server/platform/database/store.ts'
import { newHub, type Json } from './hub.ts'
import { addHost, newAgent, newHome, newPbx, untilWatched, watchLive } from './live.ts'
import { post } from './pbx-fleet.ts'
import { onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'

/** A hub in Hungary with a pretended PBX, and somebody with a phone there. */
async function newOffice(t: TestContext, engine: Engine, more: Json = {}) {
  const env = { CORDBOARD_COUNTRY: 'HU', CORDBOARD_SECRET_KEY: newMasterKey() }
  const { address, dataDir } = await newHome(t, engine)
  const { ask, hub, newToken } = await newHub(t, engine, { env, address, dataDir })
  const pbx = await newPbx(t)
  const host = await addHost(ask, pbx, { watch_calls: false, ...more })
  const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
  const call = (body: Json, token = ann.token, headers: Record<string, string> = {}) =>
    ask('POST', '/api/v1/click-to-call', { body, token, headers })
  /** What the PBX was told to dial, by which phone. */
  const placed = () =>
    pbx.simulator.requests
      .list()
      .filter(({ path }) => path.endsWith('Pbx.MakeCall'))
      .map(({ body }) => {
        const { dn, destination } = typeof body === 'string' ? JSON.parse(body) : (body as Json)
        return `${dn} ${destination}`
      })
  /** What the audit trail has of calls. */
  const audited = async (): Promise<Json[]> => {
    const store = await openStore<AuditTables>({ address })
    try {
      const rows = await store.read
        .selectFrom('audit')
        .select(['actor_name', 'after'])
        .where('action', '=', 'call')
        .orderBy('id')
        .execute()
      return rows.map(({ actor_name, after }) => ({ who: actor_name, ...JSON.parse(after ?? '{}') }))
    } finally {
      await store.close()
    }
  }
  return { ask, hub, newToken, pbx, host, ann, call, placed, audited }
}

onEachStore('click to call', (engine) => {
  test('the own phone dials the number in full, however it was written, and its screen is told', async (t) => {
    const { ask, hub, host, ann, call, placed } = await newOffice(t, engine, { watch_calls: true })
    await untilWatched(ask, host)
    const screen = await watchLive(t, hub.url, ann.token)
    const { status, json } = await call({ number: '06 30 / 123-4567' })
    assert.deepEqual(
      [status, json.state, json.dialled, json.host_id, json.extension],
      [201, 'ringing', '+36301234567', host, '101'],
    )
    assert.deepEqual(placed(), ['101 +36301234567'])
    await screen.count(1)
    assert.deepEqual([screen.events[0]?.event, screen.events[0]?.call_id], ['dialing', json.call_id])
    assert.equal((await call({ number: '103' })).json.dialled, '103')
    const noted = await ask('GET', '/api/v1/session', { token: ann.token })
    assert.deepEqual(noted.json.phones, [{ host_id: host, extension: '101' }])
  })

  test('nobody calls from a phone that is not theirs; a token with the scope names one', async (t) => {
    const { ask, newToken, host, call, placed } = await newOffice(t, engine)
    const other = await call({ number: '103', extension: '102' })
    assert.deepEqual([other.status, other.json.code], [403, 'forbidden'])
    const none = await newAgent(ask, 'none@example.com', [])
    assert.equal((await call({ number: '103' }, none.token)).json.code, 'validation_failed')
    const both = ['101', '102'].map((extension) => ({ host_id: host, extension }))
    const two = await newAgent(ask, 'two@example.com', both)
    const unclear = await call({ number: '103' }, two.token)
    assert.deepEqual([unclear.status, Object.keys(unclear.json.errors)], [422, ['extension']])
    assert.equal((await call({ number: '103', extension: '102' }, two.token)).status, 201)

    const reader = await newToken(['calls:write', 'fleet:write'])
    assert.equal((await call({ number: '103' }, reader)).json.code, 'scope_missing')
    const token = await newToken(['calls:place'])
    assert.equal((await call({ number: '103', host_id: host }, token)).status, 422)
    assert.equal((await call({ number: '103', host_id: 999, extension: '100' }, token)).status, 404)
    assert.equal((await call({ number: '103', host_id: host, extension: '100' }, token)).status, 201)
    const ofHost = await newToken(['calls:place'], { host_id: host })
    assert.equal((await call({ number: '104', extension: '100' }, ofHost)).status, 201)
    assert.deepEqual(placed(), ['102 103', '100 103', '100 104'])
  })

  test('who asked not to be called is not, unless somebody says so, which is written down', async (t) => {
    const { ask, host, call, placed, audited } = await newOffice(t, engine)
    const number = '+36301234567'
    await post(ask, 'dispositions', { number, status: 'do_not_disturb' })
    const refused = await call({ number: '0630 1234567' })
    assert.deepEqual([refused.status, refused.json.code], [409, 'do_not_call'])
    assert.deepEqual(placed(), [])
    assert.equal((await call({ number, override: true })).status, 201)
    assert.deepEqual(placed(), [`101 ${number}`])
    const [{ call_id, ...noted }] = (await audited()) as [Json]
    assert.match(call_id, /^\d+$/)
    assert.deepEqual(noted, {
      who: 'ann@example.com',
      host_id: host,
      extension: '101',
      dialled: number,
      do_not_call: true,
      override: true,
      state: 'ringing',
    })
  })

  test('a repetition under one key rings no second time, also when nobody knows what became of the first', async (t) => {
    const { pbx, call, placed, audited } = await newOffice(t, engine)
    const key = { 'idempotency-key': 'one' }
    const first = await call({ number: '103' }, undefined, key)
    const second = await call({ number: '103' }, undefined, key)
    assert.deepEqual([second.status, second.text], [201, first.text])
    assert.equal(second.headers.get('idempotency-replayed'), 'true')
    pbx.simulator.faults.set('dropped@MakeCall')
    const lost = { 'idempotency-key': 'lost' }
    const broken = await call({ number: '104' }, undefined, lost)
    assert.ok(broken.status >= 502, broken.text)
    pbx.simulator.faults.clear()
    const again = await call({ number: '104' }, undefined, lost)
    assert.deepEqual([again.status, again.json.state, again.json.dialled], [201, 'unknown', '104'])
    assert.deepEqual(
      placed().filter((one) => one === '101 103'),
      ['101 103'],
    )
    assert.equal(placed().filter((one) => one === '101 104').length, 1)
    assert.deepEqual(
      (await audited()).map(({ dialled, state }) => [dialled, state]),
      [
        ['103', 'ringing'],
        ['104', 'failed'],
      ],
    )
  })

  test('what cannot be dialled and what the PBX refuses is told in words', async (t) => {
    const { ask, host, call, newToken, placed } = await newOffice(t, engine)
    for (const number of ['hello', 'anonymous', '+', '12;ext=34567'])
      assert.equal((await call({ number })).status, 422, number)
    assert.deepEqual(placed(), [])
    const token = await newToken(['calls:place'])
    const nobody = await call({ number: '103', host_id: host, extension: '999' }, token)
    assert.deepEqual([nobody.status, nobody.json.code], [422, 'pbx_refused'])
    await ask('PATCH', `/api/v1/pbx3cx-hosts/${host}`, { body: { active: false } })
    assert.equal((await call({ number: '103' })).json.code, 'pbx_inactive')
    await ask('PATCH', `/api/v1/pbx3cx-hosts/${host}`, { body: { active: true, xapi_client_id: null } })
    assert.equal((await call({ number: '103' })).json.code, 'pbx_not_configured')
  })
})
