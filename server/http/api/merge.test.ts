import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Ask, type Json } from '../../../test/hub.ts'
import { onEachStore } from '../../../test/stores.ts'

/** Creates one and answers it. */
async function make(ask: Ask, resource: string, body: Json, token?: string): Promise<Json> {
  const made = await ask('POST', `/api/v1/${resource}`, { body, ...(token ? { token } : {}) })
  assert.equal(made.status, 201, made.text)
  return made.json
}

async function who(ask: Ask, number: string): Promise<Json> {
  return (await ask('GET', `/api/isKnownPhoneNumber?number=${encodeURIComponent(number)}`)).json
}

onEachStore('merging over HTTP', (engine) => {
  test('everything of a merged customer is the survivor’s, doubles once, and the next lookup says so', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    const into = await make(ask, 'customers', {
      name: 'Martin',
      phone: '0199001234',
      extensions: ['201'],
      direct_line: '9',
    })
    const gold = await make(ask, 'categories', { name: 'Gold', vip: true })
    const from = await make(ask, 'customers', {
      name: 'Martin SA',
      customer_account: 'M1',
      external_id: 'crm-1',
      phone: '0199005678',
      other_phones: ['+33 1 99 00 12 34'],
      extensions: ['201', '202'],
      category_id: gold.id,
      direct_line: '8',
      comment: 'Closed on Mondays',
    })
    const kept = { kind: 'hosting', reference: 'H-1', start_date: '2026-01-01' }
    for (const customer_id of [into.id, from.id]) {
      await make(ask, 'contracts', { customer_id, ...kept })
      await make(ask, 'customer-files', { customer_id, name: 'Head office', site: 'Lyon' })
    }
    await make(ask, 'contracts', { customer_id: from.id, kind: 'on_call_duty' })
    await make(ask, 'customer-files', { customer_id: from.id, name: 'Depot' })
    const luc = { first_name: 'Luc', last_name: 'Martin' }
    const ours = await make(ask, 'contacts', { customer_id: into.id, ...luc, phones: ['0639980001'] })
    const theirs = await make(ask, 'contacts', {
      customer_id: from.id,
      ...luc,
      email: 'luc@martin.example',
      phones: ['06 39 98 00 01', '0639980002'],
    })
    const ada = await make(ask, 'contacts', {
      customer_id: from.id,
      last_name: 'Ada',
      phones: ['0639980003'],
    })

    const merged = await ask('POST', `/api/v1/customers/${into.id}/merge`, { body: { from: from.id } })
    assert.equal(merged.status, 200, merged.text)
    const { id, customer_account, external_id, name, phone, other_phones, extensions, vip } = merged.json
    assert.deepEqual([id, customer_account, external_id, name], [into.id, 'M1', 'crm-1', 'Martin'])
    assert.deepEqual(
      [phone, other_phones, extensions, vip],
      ['0199001234', ['0199005678'], ['201', '202'], true],
    )
    assert.deepEqual(
      [merged.json.direct_line, merged.json.comment, merged.json.on_call_duty],
      ['9', 'Closed on Mondays', true],
    )
    const listed = async (resource: string) =>
      (await ask('GET', `/api/v1/${resource}?filter[customer_id]=${into.id}&sort=id`)).json.data
    assert.deepEqual(
      (await listed('contracts')).map((one: Json) => one.kind),
      ['hosting', 'on_call_duty'],
    )
    assert.deepEqual(
      (await listed('customer-files')).map((one: Json) => one.name),
      ['Head office', 'Depot'],
    )
    const contacts = await listed('contacts')
    assert.deepEqual(
      contacts.map((one: Json) => [one.id, one.email, one.phones.length]),
      [
        [ours.id, 'luc@martin.example', 2],
        [ada.id, null, 1],
      ],
    )
    for (const [number, contact] of [
      ['0199005678', null],
      ['0639980002', ours.id],
      ['0639980003', ada.id],
    ] as const) {
      const seen = await who(ask, number)
      assert.deepEqual([seen.customer?.id, seen.contact?.id ?? null], [into.id, contact], number)
    }
    // The book goes on meaning the same customer, and doubles nobody.
    const book = 'customer_account,first_name,last_name,mobile\r\nM1,Luc,Martin,0639980001\r\n'
    assert.equal((await importBook(book)).accepted, 1)
    assert.equal((await ask('GET', '/api/v1/contacts')).json.total, 2)
    for (const [kind, old, now] of [
      ['customers', from.id, into.id],
      ['contacts', theirs.id, ours.id],
    ] as const) {
      const answer = await ask('GET', `/api/v1/${kind}/${old}`)
      assert.deepEqual(
        [answer.status, answer.json.id, answer.headers.get('content-location')],
        [200, now, `/api/v1/${kind}/${now}`],
      )
    }
    const plain = await ask('GET', `/api/v1/customers/${into.id}`)
    assert.equal(plain.headers.get('content-location'), null)
  })

  test('writes to the old id change the survivor; chains lead to the last; they end with it', async (t) => {
    const { ask } = await newHub(t, engine)
    const ids: number[] = []
    for (const name of ['One', 'Two', 'Three']) ids.push((await make(ask, 'customers', { name })).id)
    const [one, two, three] = ids as [number, number, number]
    const merge = (id: number, from: number) =>
      ask('POST', `/api/v1/customers/${id}/merge`, { body: { from } })
    assert.equal((await merge(two, one)).status, 200)
    assert.equal((await merge(three, two)).status, 200)
    for (const method of ['PUT', 'PATCH']) {
      const answer = await ask(method, `/api/v1/customers/${one}`, { body: { comment: method } })
      assert.deepEqual([answer.json.id, answer.json.comment, answer.json.name], [three, method, 'Three'])
      assert.equal(answer.headers.get('content-location'), `/api/v1/customers/${three}`)
    }
    assert.equal((await ask('DELETE', `/api/v1/customers/${one}`)).status, 404, 'only by its own id')
    assert.equal((await ask('DELETE', `/api/v1/customers/${three}`)).status, 204)
    for (const id of ids) assert.equal((await ask('GET', `/api/v1/customers/${id}`)).status, 404)

    const ann = await make(ask, 'contacts', { first_name: 'Ann', phones: ['0639980001'] })
    const anna = await make(ask, 'contacts', { first_name: 'Anna', last_name: 'Roux', role: 'Buyer' })
    const joined = await ask('POST', `/api/v1/contacts/${ann.id}/merge`, { body: { from: anna.id } })
    assert.deepEqual(
      [joined.status, joined.json.id, joined.json.name, joined.json.role],
      [200, ann.id, 'Ann', 'Buyer'],
    )
    const renamed = await ask('PATCH', `/api/v1/contacts/${anna.id}`, { body: { last_name: 'Roux' } })
    assert.deepEqual([renamed.json.id, renamed.json.name], [ann.id, 'Ann Roux'])
    assert.equal((await who(ask, '0639980001')).contact.name, 'Ann Roux')
  })

  test('writes and filters that name a customer by an old id mean the survivor', async (t) => {
    const { ask } = await newHub(t, engine)
    const first = await make(ask, 'customers', { name: 'First' })
    const second = await make(ask, 'customers', { name: 'Second' })
    const last = await make(ask, 'customers', { name: 'Last' })
    const other = await make(ask, 'customers', { name: 'Other' })
    for (const [into, from] of [
      [second, first],
      [last, second],
    ])
      assert.equal(
        (await ask('POST', `/api/v1/customers/${into.id}/merge`, { body: { from: from.id } })).status,
        200,
      )
    const bodies = {
      contacts: { last_name: 'Ada' },
      contracts: { kind: 'hosting' },
      'customer-files': { name: 'Depot' },
    }
    for (const [resource, body] of Object.entries(bodies)) {
      const made = await make(ask, resource, { ...body, customer_id: first.id })
      assert.equal(made.customer_id, last.id, resource)
      await ask('PATCH', `/api/v1/${resource}/${made.id}`, { body: { customer_id: other.id } })
      const moved = await ask('PATCH', `/api/v1/${resource}/${made.id}`, { body: { customer_id: second.id } })
      assert.deepEqual([moved.status, moved.json.customer_id], [200, last.id], resource)
      for (const { id } of [first, second, last]) {
        const { json } = await ask('GET', `/api/v1/${resource}?filter[customer_id]=${id}`)
        assert.deepEqual([json.total, json.data[0]?.id], [1, made.id], `${resource} of ${id}`)
      }
      const nobody = await ask('POST', `/api/v1/${resource}`, { body: { ...body, customer_id: 99_999 } })
      assert.deepEqual([nobody.status, Object.keys(nobody.json.errors)], [422, ['customer_id']], resource)
    }
    const line = { op: 'upsert', type: 'contact', external_id: 'p1', last_name: 'Bea', customer_id: first.id }
    for (const status of ['created', 'unchanged']) {
      const pushed = await ask('POST', '/api/v1/directory/bulk', {
        body: JSON.stringify(line),
        type: 'application/x-ndjson',
      })
      assert.equal(JSON.parse(pushed.text).status, status, pushed.text)
    }
    const { json } = await ask('GET', '/api/v1/contacts?filter[external_id]=p1')
    assert.equal(json.data[0].customer_id, last.id)
  })

  test('two accounts need a choice; what cannot be merged is refused and changes nothing', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const a = await make(ask, 'customers', { name: 'A', customer_account: 'A1', phone: '0199001234' })
    const b = await make(ask, 'customers', { name: 'B', customer_account: 'B1', phone: '0199005678' })
    const contact = await make(ask, 'contacts', { last_name: 'C' })
    const child = (await ask('POST', '/api/v1/tenants', { body: { name: 'Child' } })).json.id
    const foreign = await ask('POST', '/api/v1/customers', {
      body: { name: 'F' },
      headers: { 'cordboard-tenant': String(child) },
    })
    assert.equal(foreign.status, 201, foreign.text)
    const merge = (body: Json, id = a.id) => ask('POST', `/api/v1/customers/${id}/merge`, { body })
    for (const [body, field] of [
      [{ from: a.id }, 'from'],
      [{ from: foreign.json.id }, 'from'],
      [{ from: contact.id }, 'from'],
      [{ from: 999_999 }, 'from'],
      [{ from: b.id }, 'account'],
      [{ from: b.id, account: 'C1' }, 'account'],
      [{ from: b.id, other: 1 }, 'other'],
      [{}, 'from'],
    ] as const) {
      const answer = await merge(body)
      assert.deepEqual([answer.status, Object.keys(answer.json.errors ?? {})], [422, [field]], answer.text)
    }
    assert.equal((await merge({ from: b.id }, foreign.json.id)).status, 404)
    const readOnly = await newToken(['directory:read'])
    const refused = await ask('POST', `/api/v1/customers/${a.id}/merge`, {
      body: { from: b.id },
      token: readOnly,
    })
    assert.deepEqual([refused.status, refused.json.code], [403, 'scope_missing'])
    assert.equal((await who(ask, '0199005678')).customer.id, b.id)
    const chosen = await merge({ from: b.id, account: 'b1 ' })
    assert.deepEqual([chosen.status, chosen.json.customer_account], [200, 'B1'], chosen.text)
    const again = await merge({ from: b.id })
    assert.deepEqual([again.status, Object.keys(again.json.errors)], [422, ['from']])
    assert.equal((await ask('GET', '/api/isKnownCustomerAccount?account=B1')).json.customer.id, a.id)
  })

  test('people of the same name but with other addresses and numbers stay two', async (t) => {
    const { ask } = await newHub(t, engine)
    const into = await make(ask, 'customers', { name: 'A' })
    const from = await make(ask, 'customers', { name: 'B' })
    const jean = { first_name: 'Jean', last_name: 'Roy' }
    await make(ask, 'contacts', { customer_id: into.id, ...jean, email: 'jean@a.example' })
    await make(ask, 'contacts', { customer_id: from.id, ...jean, email: 'jr@b.example' })
    const merged = await ask('POST', `/api/v1/customers/${into.id}/merge`, { body: { from: from.id } })
    assert.equal(merged.status, 200, merged.text)
    assert.equal((await ask('GET', `/api/v1/contacts?filter[customer_id]=${into.id}`)).json.total, 2)
  })
})
