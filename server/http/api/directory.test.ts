import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub } from '../../../test/hub.ts'
import { onEachStore } from '../../../test/stores.ts'

onEachStore('the directory over HTTP', (engine) => {
  test('a customer is created, read, changed by PUT and PATCH alike, and deleted', async (t) => {
    const { ask } = await newHub(t, engine)
    const made = await ask('POST', '/api/v1/customers', {
      body: {
        customer_account: 'CL000101',
        name: 'Dupont',
        phone: '01 99 00 12 34',
        extensions: ['201'],
        queue_position: 50,
      },
    })
    assert.equal(made.status, 201, made.text)
    const { id } = made.json
    assert.equal(made.json.phone_e164, '+33199001234')
    assert.deepEqual([made.json.vip, made.json.on_call_duty, made.json.active], [false, false, true])
    assert.deepEqual((await ask('GET', `/api/v1/customers/${id}`)).json, made.json)
    const put = await ask('PUT', `/api/v1/customers/${id}`, { body: { name: 'Dupont & fils' } })
    assert.deepEqual([put.status, put.json.name, put.json.queue_position], [200, 'Dupont & fils', 50])
    const patched = await ask('PATCH', `/api/v1/customers/${id}`, { body: { queue_position: null } })
    assert.deepEqual(
      [patched.status, patched.json.queue_position, patched.json.phone],
      [200, null, '01 99 00 12 34'],
    )
    assert.equal((await ask('DELETE', `/api/v1/customers/${id}`)).status, 204)
    assert.equal((await ask('GET', `/api/v1/customers/${id}`)).status, 404)
    assert.equal((await ask('DELETE', `/api/v1/customers/${id}`)).status, 404)
  })

  test('what is wrong is named by field, and nothing is written', async (t) => {
    const { ask } = await newHub(t, engine)
    const wrong = [
      { body: {}, field: 'name' },
      { body: { name: 'x', queue_position: 101 }, field: 'queue_position' },
      { body: { name: 'x', queue_position: 'first' }, field: 'queue_position' },
      { body: { name: 'x', category_id: 99 }, field: 'category_id' },
      { body: { name: 'x', phone: 'anonymous' }, field: 'phone' },
      { body: { name: 'x', backend_link: 'javascript:alert(1)' }, field: 'backend_link' },
    ]
    for (const { body, field } of wrong) {
      const answer = await ask('POST', '/api/v1/customers', { body })
      assert.equal(answer.status, 422, JSON.stringify(body))
      assert.equal(answer.json.code, 'validation_failed')
      assert.deepEqual(Object.keys(answer.json.errors), [field], answer.text)
      assert.equal(typeof answer.json.message, 'string')
    }
    assert.equal((await ask('GET', '/api/v1/customers')).json.total, 0)
    const unknown = await ask('POST', '/api/v1/categories', { body: { name: 'Gold', colour: 'gold' } })
    assert.deepEqual([unknown.status, Object.keys(unknown.json.errors)], [422, ['colour']])
  })

  test('a request that cannot be read is a 4xx with a code', async (t) => {
    const { ask } = await newHub(t, engine)
    const broken = await ask('POST', '/api/v1/customers', { body: '{"name":', type: 'application/json' })
    assert.deepEqual([broken.status, broken.json.code], [400, 'bad_request'])
    const xml = await ask('POST', '/api/v1/customers', { body: '<a/>', type: 'application/xml' })
    assert.deepEqual([xml.status, xml.json.code], [415, 'unsupported_media_type'])
    const large = await ask('POST', '/api/v1/customers', {
      body: { name: 'x', comment: 'y'.repeat(1024 * 1024) },
    })
    assert.deepEqual([large.status, large.json.code], [413, 'payload_too_large'])
    assert.equal((await ask('GET', '/api/v1/customers/abc')).status, 422)
    const malformed = await ask('GET', '/api/v1/lookup/%00%ff')
    assert.deepEqual([malformed.status, malformed.json.code], [400, 'bad_request'])
    assert.ok(!malformed.text.includes('%ff'), 'the path is not for repeating')
    assert.deepEqual((await ask('GET', '/api/v1/nothing')).json.code, 'not_found')
    assert.equal((await ask('GET', '/api/v1/customers?sort=-colour')).status, 422)
    assert.equal((await ask('GET', '/api/v1/customers?filter[colour]=red')).status, 422)
  })

  test('lists page, filter, sort and search without regard to accents and case', async (t) => {
    const { ask } = await newHub(t, engine)
    for (const [i, name] of ['Éclair', 'eclipse', 'Zèbre', 'Abeille', 'ÉCLUSE'].entries()) {
      const body = { name, customer_account: `CL${i}`, phone: `019900000${i}` }
      assert.equal((await ask('POST', '/api/v1/customers', { body })).status, 201)
    }
    const names = async (query: string) => {
      const { json } = await ask('GET', `/api/v1/customers?${query}`)
      return json.data.map((row: { name: string }) => row.name) as string[]
    }
    assert.deepEqual(await names('sort=name'), ['Abeille', 'Éclair', 'eclipse', 'ÉCLUSE', 'Zèbre'])
    assert.deepEqual(await names('filter[term_match]=ecl&sort=-name'), ['ÉCLUSE', 'eclipse', 'Éclair'])
    assert.deepEqual(await names('filter[term_match]=ZEBRE'), ['Zèbre'])
    assert.deepEqual(await names('filter[phone]=%2B33199000003'), ['Abeille'])
    const { json: page } = await ask('GET', '/api/v1/customers?per_page=2&page=2&sort=name')
    assert.deepEqual(
      page.data.map((row: { name: string }) => row.name),
      ['eclipse', 'ÉCLUSE'],
    )
    assert.deepEqual([page.current_page, page.last_page, page.per_page, page.total], [2, 3, 2, 5])
  })

  test('contacts, contracts, categories and customer files hang together', async (t) => {
    const { ask } = await newHub(t, engine)
    const post = async (path: string, body: unknown) => {
      const answer = await ask('POST', `/api/v1/${path}`, { body })
      assert.equal(answer.status, 201, answer.text)
      return answer.json
    }
    const gold = await post('categories', { name: 'Gold', vip: true })
    const customer = await post('customers', { name: 'Martin', customer_account: 'M1', category_id: gold.id })
    const contact = await post('contacts', {
      customer_id: customer.id,
      first_name: 'Luc',
      last_name: 'Martin',
      phones: [{ kind: 'mobile', raw: '06 39 98 00 03' }, '01 99 00 56 78'],
    })
    const contract = await post('contracts', {
      customer_id: customer.id,
      kind: 'on_call_duty',
      reference: 'A-7',
    })
    await post('customer-files', { customer_id: customer.id, name: 'Head office', site: 'Lyon' })
    assert.deepEqual(
      contact.phones.map((phone: { e164: string }) => phone.e164),
      ['+33639980003', '+33199005678'],
    )
    const { json: seen } = await ask('GET', '/api/isVipByPhoneNumber?number=0639980003')
    assert.deepEqual(seen.customer, {
      id: customer.id,
      account: 'M1',
      name: 'Martin',
      vip: true,
      on_call_duty: true,
    })
    assert.deepEqual(seen.contact, { id: contact.id, name: 'Luc Martin' })
    const inUse = await ask('DELETE', `/api/v1/categories/${gold.id}`)
    assert.deepEqual([inUse.status, inUse.json.code], [409, 'in_use'])
    assert.equal((await ask('DELETE', `/api/v1/contracts/${contract.id}`)).status, 204)
    assert.equal(
      (await ask('GET', '/api/hasOnCallDutyContractByPhoneNumber?number=0639980003&format=raw')).text,
      '0',
    )
    assert.equal(
      (await ask('GET', `/api/v1/customer-files?filter[customer_id]=${customer.id}`)).json.total,
      1,
    )
    await ask('DELETE', `/api/v1/customers/${customer.id}`)
    assert.equal((await ask('GET', '/api/v1/contacts')).json.total, 0)
    assert.equal((await ask('GET', '/api/v1/customer-files')).json.total, 0)
  })

  test('clients of this API family may write camelCase, 0 and 1, and fields we do not keep', async (t) => {
    const { ask } = await newHub(t, engine)
    const made = await ask('POST', '/api/v1/customers', {
      body: {
        name: 'Famille',
        customerAccount: 'F1',
        externalId: 'x-9',
        active: '1',
        brand_id: 3,
        iban: 'ignored',
      },
    })
    assert.equal(made.status, 201, made.text)
    assert.deepEqual(
      [made.json.customer_account, made.json.external_id, made.json.active],
      ['F1', 'x-9', true],
    )
    const vip = await ask('PATCH', `/api/v1/customers/${made.json.id}`, { body: { vip: true } })
    assert.equal(vip.json.vip, true)
    assert.equal((await ask('GET', '/api/isVipByCustomerAccount?account=F1&format=raw')).text, '1')
  })
})
