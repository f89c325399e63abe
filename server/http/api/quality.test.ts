import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { onEachStore } from '../../../test/stores.ts'

onEachStore('the quality report over HTTP', (engine) => {
  test('a clean book has nothing to say, whatever foreign tenants hold', async (t) => {
    const { ask } = await newHub(t, engine)
    const child = (await ask('POST', '/api/v1/tenants', { body: { name: 'Child' } })).json.id
    const headers = { 'cordboard-tenant': String(child) }
    for (const name of ['Twin', 'twin'])
      await ask('POST', '/api/v1/customers', { body: { name, phone: 'ask Anna' }, headers })
    await ask('POST', '/api/v1/customers', { body: { name: 'A', phone: '0199001234', extensions: ['1'] } })
    await ask('POST', '/api/v1/customers', { body: { name: 'B', phone: '3900' } })
    const none = { unparseable: 0, shared: 0, duplicate: 0, wrong_country: 0 }
    assert.deepEqual((await ask('GET', '/api/v1/quality')).json, none)
    assert.equal((await ask('GET', '/api/v1/quality', { headers })).json.duplicate, 1)
  })

  test('every finding says who, what was written, how it was read and what to do', async (t) => {
    const { ask } = await newHub(t, engine)
    const make = async (resource: string, body: Json): Promise<number> => {
      const made = await ask('POST', `/api/v1/${resource}`, { body })
      assert.equal(made.status, 201, made.text)
      return made.json.id
    }
    const acme = await make('customers', { name: 'Acme', phone: '0199001234', other_phones: ['ask Anna'] })
    const same = await make('customers', { name: 'ÁCME', phone: '+49 30 901820' })
    const bob = await make('contacts', { customer_id: same, last_name: 'Bob', phones: ['+33 1 99 00 12 34'] })
    const nobody = await make('contacts', { last_name: 'Free', phones: ['0199001234'] })
    const ann = { first_name: 'Ann', customer_id: acme }
    const one = await make('contacts', { ...ann, phones: ['0639980001', '0639980009'] })
    const two = await make('contacts', { ...ann, first_name: 'ANN', phones: ['+33639980001'] })
    const twice = await make('contacts', { last_name: 'Twice', phones: ['0639980002', '06 39 98 00 02'] })
    assert.deepEqual((await ask('GET', '/api/v1/quality')).json, {
      unparseable: 1,
      shared: 1,
      duplicate: 3,
      wrong_country: 1,
    })
    const list = async (kind: string, query = '') => {
      const answer = await ask('GET', `/api/v1/quality/${kind}?${query}`)
      assert.equal(answer.status, 200, answer.text)
      return answer.json
    }
    const told = (page: Json) =>
      page.data.map(({ why, subject, parties, advice }: Json) => {
        assert.ok(advice.length > 10)
        return [why, subject, ...parties.map((party: Json) => `${party.party} ${party.id} ${party.written}`)]
      })
    const unparseable = await list('unparseable')
    assert.deepEqual(unparseable.data[0].parties, [
      {
        party: 'customer',
        id: acme,
        name: 'Acme',
        customer_id: null,
        customer_name: null,
        written: 'ask Anna',
        read: 'ask Anna',
        country: 'FR',
      },
    ])
    const shared = await list('shared')
    assert.deepEqual(told(shared), [
      [
        'shared_number',
        '+33199001234',
        `customer ${acme} 0199001234`,
        `contact ${bob} +33 1 99 00 12 34`,
        `contact ${nobody} 0199001234`,
      ],
    ])
    const { name, customer_id, customer_name } = shared.data[0].parties[1]
    assert.deepEqual([name, customer_id, customer_name], ['Bob', same, 'ÁCME'])
    assert.deepEqual(told(await list('duplicate')), [
      ['number_twice', '+33639980002', `contact ${twice} 0639980002`, `contact ${twice} 06 39 98 00 02`],
      ['same_name', 'acme', `customer ${acme} null`, `customer ${same} null`],
      ['same_person', 'ann', `contact ${one} 0639980001`, `contact ${two} +33639980001`],
    ])
    assert.deepEqual(told(await list('wrong_country')), [
      ['other_country', '+4930901820', `customer ${same} +49 30 901820`],
    ])
    const second = await list('duplicate', 'per_page=1&page=2')
    assert.deepEqual(
      [second.total, second.last_page, second.current_page, second.data[0].why],
      [3, 3, 2, 'same_name'],
    )
    assert.equal((await ask('GET', '/api/v1/quality/ugly')).status, 422)
    assert.equal((await ask('GET', '/api/v1/quality/shared?sort=name')).status, 422)
  })

  test('a national number nobody named a country for is listed until somebody does', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_COUNTRY: '' } })
    const body = { name: 'A', phone: '0199001234' }
    assert.equal((await ask('POST', '/api/v1/customers', { body })).status, 201)
    const { data, total } = (await ask('GET', '/api/v1/quality/wrong_country')).json
    assert.deepEqual([total, data[0].why, data[0].subject], [1, 'no_country', '199001234'])
  })
})
