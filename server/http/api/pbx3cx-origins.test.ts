import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { newSimulatedHost } from '../../../test/simulated-pbx.ts'
import { onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'

const MINUTE = 60_000

onEachStore('origins of a PBX', (engine) => {
  test('are its trunks, their numbers and its rules for callers, by id or code, and keep their ids', async (t) => {
    let now = Date.parse('2026-06-01T10:00:00Z')
    const env = { CORDBOARD_SECRET_KEY: newMasterKey() }
    const { ask } = await newHub(t, engine, { env, clock: { now: () => now } })
    const { simulator, id, code } = await newSimulatedHost(t, ask)
    const { store } = simulator.pbx
    const [trunk] = store.rows('Trunks')
    const rule = { Id: 99, RuleName: 'The boss', Condition: 'BasedOnCallerID', Data: '+3630*' }
    const TrunkDN = { Id: trunk?.Id, Number: trunk?.Number }
    store.put('InboundRules', 99, { ...store.rows('InboundRules')[0], ...rule, TrunkDN })

    const first = await ask('GET', `/api/v1/pbx3cx/${id}/origins`)
    assert.equal(first.status, 200, first.text)
    assert.deepEqual(
      first.json.map(({ id, ...told }: Json) => (id > 0 ? told : id)),
      [
        { type: 'trunk', number: '10000', name: 'simulated-carrier', trunk: '10000', active: true },
        { type: 'did', number: '+3615550110', name: 'Main number', trunk: '10000', active: true },
        { type: 'did', number: '+3615550111', name: 'Support', trunk: '10000', active: true },
        { type: 'did', number: '+3615550112', name: 'Anna', trunk: '10000', active: true },
        { type: 'did', number: '+3615550113', name: 'Béla', trunk: '10000', active: true },
        { type: 'did', number: '+3615550114', name: 'Call flow', trunk: '10000', active: true },
        { type: 'did', number: '+3615550115', name: null, trunk: '10000', active: true },
        { type: 'caller_id_rule', number: '+3630*', name: 'The boss', trunk: '10000', active: true },
      ],
    )
    assert.deepEqual([first.headers.get('age'), first.headers.get('cordboard-stale')], ['0', null])

    const asked = simulator.requests.list().length
    now += 30_000
    const kept = await ask('GET', `/api/v1/pbx3cx/${code}/origins`)
    assert.deepEqual([kept.json, kept.headers.get('age')], [first.json, '30'])
    assert.equal(simulator.requests.list().length, asked, 'within a minute the PBX is left alone')

    now += MINUTE
    store.remove('InboundRules', 99)
    store.put('Trunks', trunk?.Id, { ...trunk, IsOnline: false })
    const later = (await ask('GET', `/api/v1/pbx3cx/${id}/origins`)).json
    assert.deepEqual(
      later,
      first.json.slice(0, 7).map((one: Json) => ({ ...one, active: false })),
    )
    now += 2 * MINUTE
    store.put('InboundRules', 99, { ...store.rows('InboundRules')[0], ...rule, TrunkDN })
    store.put('Trunks', trunk?.Id, { ...trunk, IsOnline: true })
    assert.deepEqual((await ask('GET', `/api/v1/pbx3cx/${id}/origins`)).json, first.json)
    for (const nobody of ['999', 'PBX-NOBODY', '0', '%20', '999999999999999999999'])
      assert.equal((await ask('GET', `/api/v1/pbx3cx/${nobody}/origins`)).status, 404, nobody)
  })

  test('of a PBX that is away are those it told last, said to be stale and how old they are', async (t) => {
    let now = Date.parse('2026-06-01T10:00:00Z')
    const env = { CORDBOARD_SECRET_KEY: newMasterKey() }
    const { ask, newToken } = await newHub(t, engine, { env, clock: { now: () => now } })
    const { simulator, id } = await newSimulatedHost(t, ask)
    const first = await ask('GET', `/api/v1/pbx3cx/${id}/origins`)
    simulator.faults.set('500')
    now += 5 * MINUTE
    const stale = await ask('GET', `/api/v1/pbx3cx/${id}/origins`)
    assert.deepEqual([stale.status, stale.json, stale.headers.get('age')], [200, first.json, '300'])
    assert.match(stale.headers.get('cordboard-stale') ?? '', /500/)
    simulator.faults.clear()
    const back = await ask('GET', `/api/v1/pbx3cx/${id}/origins`)
    assert.deepEqual([back.headers.get('age'), back.headers.get('cordboard-stale')], ['0', null])

    const never = await newSimulatedHost(t, ask)
    never.simulator.faults.set('500')
    const answer = await ask('GET', `/api/v1/pbx3cx/${never.id}/origins`)
    assert.deepEqual([answer.status, answer.json.code], [502, 'pbx_failed'])
    const ofOther = await newToken(['fleet:read'], { host_id: never.id })
    assert.equal((await ask('GET', `/api/v1/pbx3cx/${id}/origins`, { token: ofOther })).status, 404)
  })
})
