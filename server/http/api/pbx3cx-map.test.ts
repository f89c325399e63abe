import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Ask, type Json } from '../../../test/hub.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { makeDue, newPlace, newSimulatedHost, until } from '../../../test/simulated-pbx.ts'
import { onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'

const env = () => ({ CORDBOARD_SECRET_KEY: newMasterKey() })
const hostOf = async (ask: Ask, id: number): Promise<Json> =>
  (await ask('GET', `/api/v1/pbx3cx-hosts/${id}`)).json
const build = (ask: Ask, id: number) => ask('POST', `/api/v1/pbx3cx-hosts/${id}/map`, { body: {} })

onEachStore('the map of a PBX', (engine) => {
  test('holds who and what has which number, with departments and numbers from outside', async (t) => {
    const { ask } = await newHub(t, engine, { env: env() })
    const { id } = await newSimulatedHost(t, ask)
    const built = await build(ask, id)
    assert.equal(built.status, 200, built.text)
    const { built_at, ...counts } = built.json
    assert.deepEqual(counts, {
      id,
      departments: 3,
      extensions: 6,
      queues: 1,
      ring_groups: 1,
      ivrs: 1,
      not_read: [],
    })
    const host = await hostOf(ask, id)
    assert.equal(host.pbx_map_built_at, built_at)
    const map = JSON.parse(host.pbx_map)
    const [sales] = map.departments.filter((one: Json) => one.name === 'Sales')
    assert.deepEqual(Object.keys(sales), ['id', 'name'])
    assert.deepEqual(map.extensions[0], {
      number: '100',
      name: 'Anna Almási',
      departments: ['Sales'],
      dids: ['+3615550112'],
    })
    assert.deepEqual(map.queues, [
      {
        number: '800',
        name: 'Support',
        departments: ['DEFAULT'],
        dids: ['+3615550111'],
        agents: ['101', '102'],
      },
    ])
    assert.deepEqual(map.ring_groups[0].members, ['100', '103'])
    assert.deepEqual([map.ivrs[0].name, map.ivrs[0].dids], ['Welcome', ['+3615550110']])
    assert.deepEqual(map.not_read, [])
  })

  test('lets a token of a department see its calls, by name and by id, also when it is renamed', async (t) => {
    const { ask, newToken } = await newHub(t, engine, { env: env() })
    const { simulator, id } = await newSimulatedHost(t, ask)
    const call = (agent_extension: string) =>
      post(ask, 'pbx3cx_calls', { pbx3cx_host_id: id, started_at: '2026-05-01T10:00:00Z', agent_extension })
    const { call_id } = await call('100')
    await call('101')
    await build(ask, id)
    const { pbx_map } = await hostOf(ask, id)
    const sales = JSON.parse(pbx_map).departments.find((one: Json) => one.name === 'Sales')
    const byName = await newToken(['calls:read'], { departments: ['sales'] })
    const byId = await newToken(['calls:read'], { departments: [`${id}:${sales.id}`] })
    const seenBy = async (token: string) =>
      (await ask('GET', '/api/v1/pbx3cx-call-logs', { token })).json.map((one: Json) => one.id)
    assert.deepEqual([await seenBy(byName), await seenBy(byId)], [[call_id], [call_id]])
    const { store } = simulator.pbx
    store.put('Groups', sales.id, { ...store.get('Groups', sales.id), Name: 'Selling' })
    assert.equal((await build(ask, id)).status, 200)
    assert.deepEqual([await seenBy(byName), await seenBy(byId)], [[], [call_id]])
  })

  test('given by hand stays; written back as it was built, it is built again; cleared, it is built', async (t) => {
    const { ask } = await newHub(t, engine, { env: env() })
    const { simulator, id } = await newSimulatedHost(t, ask)
    const put = (body: Json) => ask('PUT', `/api/v1/pbx3cx-hosts/${id}`, { body })
    await build(ask, id)
    const { pbx_map, pbx_map_built_at } = await hostOf(ask, id)
    const back = await put({
      ...(await hostOf(ask, id)),
      comment: 'the whole host, as some clients write it',
    })
    assert.deepEqual([back.json.pbx_map, back.json.pbx_map_built_at], [pbx_map, pbx_map_built_at])
    simulator.pbx.store.remove('RingGroups', simulator.pbx.store.rows('RingGroups')[0]?.Id)
    assert.equal((await build(ask, id)).json.ring_groups, 0)

    const mine = '{"extensions":[]}'
    assert.equal((await put({ pbx_map: mine })).json.pbx_map_built_at, null)
    const refused = await build(ask, id)
    assert.deepEqual([refused.status, refused.json.code], [409, 'conflict'])
    const tested = await ask('POST', `/api/v1/pbx3cx-hosts/${id}/test`, { body: {} })
    assert.equal(tested.json.results.pbx_map.able, null)
    assert.match(tested.json.results.pbx_map.reason, /by hand/)
    assert.equal((await hostOf(ask, id)).pbx_map, mine)
    await put({ pbx_map: null })
    assert.equal((await build(ask, id)).json.extensions, 6)
  })

  test('of a PBX that does not answer is refused with its reason, and the one before stays', async (t) => {
    const { ask, newToken } = await newHub(t, engine, { env: env() })
    const { simulator, id } = await newSimulatedHost(t, ask)
    await build(ask, id)
    const before = await hostOf(ask, id)
    simulator.faults.set('500')
    const failed = await build(ask, id)
    assert.deepEqual([failed.status, failed.json.code], [502, 'pbx_failed'])
    assert.deepEqual(await hostOf(ask, id), before)
    const token = await newToken(['fleet:write'], { host_id: id })
    const forbidden = await ask('POST', `/api/v1/pbx3cx-hosts/${id}/map`, { body: {}, token })
    assert.equal(forbidden.status, 403)
  })
})

onEachStore('maps that are missing', (engine) => {
  test('are built by themselves', async (t) => {
    const place = await newPlace(t, engine)
    const { ask } = await newHub(t, engine, { env: env(), ...place })
    const { id } = await newSimulatedHost(t, ask)
    await makeDue(t, place.address, 'pbx_maps')
    const host = await until(async () => {
      const found = await hostOf(ask, id)
      return found.pbx_map_built_at === null ? null : found
    })
    assert.equal(JSON.parse(host.pbx_map).extensions.length, 6)
  })
})
