import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { signIn } from '../../../test/people.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../test/stores.ts'

onEachStore('what other clients of this API family ask', (engine) => {
  test('who has a number: the contact under data, or a text that says not found, always 200', async (t) => {
    const { ask } = await newHub(t, engine)
    const customer = await post(ask, 'customers', { name: 'Acme', customer_account: 'CL000101' })
    const ann = await post(ask, 'contacts', {
      customerId: customer.id,
      firstName: 'Ann',
      lastName: 'Able',
      email: 'ann@acme.example',
      phones: [{ raw: '0628773862', kind: 'mobile' }, '0199001234'],
    })
    const found = await ask('GET', '/api/v1/contacts/numbers?phoneNumber=0033628773862')
    assert.equal(found.status, 200)
    assert.equal(found.json.response, undefined)
    for (const [name, value] of Object.entries({
      id: ann.id,
      contactable_type: 'App\\Customer',
      contactable_id: customer.id,
      company: 'Acme',
      firstName: 'Ann',
      lastName: 'Able',
      emailAddress: 'ann@acme.example',
      mobilePhone: '0628773862',
      landlinePhone: '0199001234',
      first_name: 'Ann',
    }))
      assert.deepEqual(found.json.data[name], value, name)
    for (const number of ['0700000000', '', 'anonymous', '%00', '[Number]']) {
      const miss = await ask('GET', `/api/v1/contacts/numbers?phoneNumber=${number}`)
      assert.deepEqual([miss.status, miss.json], [200, { data: null, response: 'Contact not found' }], number)
    }
    assert.equal((await ask('GET', '/api/v1/contacts/numbers')).status, 422)
  })

  test('contacts are written and listed as older clients do it', async (t) => {
    const { ask } = await newHub(t, engine)
    const [acme, other] = [
      await post(ask, 'customers', { name: 'Acme' }),
      await post(ask, 'customers', { name: 'Other' }),
    ]
    const made = await post(ask, 'contacts', {
      contactable_type: 'App\\Customer',
      contactable_id: acme.id,
      firstName: 'Ann',
      lastName: 'Able',
      emailAddress: 'ann@acme.example',
      mobilePhone: '0628773862',
      landlinePhone: '0199001234',
      newslettersRecipient: true,
    })
    assert.deepEqual(
      [made.customer_id, made.email, made.phones.map((phone: Json) => [phone.kind, phone.raw])],
      [
        acme.id,
        'ann@acme.example',
        [
          ['mobile', '0628773862'],
          ['business', '0199001234'],
        ],
      ],
    )
    await post(ask, 'contacts', { customer_id: other.id, last_name: 'Bob' })
    const body = { id: made.id, emailAddress: 'new@acme.example', mobilePhone: '0700000000' }
    const put = await ask('PUT', `/api/v1/contacts/${made.id}`, { body })
    assert.deepEqual([put.status, put.json.email, put.json.phones], [200, 'new@acme.example', made.phones])
    const list = async (type: string, id: number) =>
      (await ask('GET', `/api/v1/contacts?contactable_type=${type}&contactable_id=${id}`)).json
    const [listed, ...more] = await list('App%5CCustomer', acme.id)
    assert.deepEqual(
      [more.length, listed.id, listed.firstName, listed.mobilePhone],
      [0, made.id, 'Ann', '0628773862'],
    )
    assert.deepEqual(await list('App%5CProspect', acme.id), [])
    assert.equal((await ask('GET', '/api/v1/contacts')).json.total, 2)
  })

  test('a client that names JSON on every request deletes without a body', async (t) => {
    const { ask } = await newHub(t, engine)
    const headers = { 'content-type': 'application/json' }
    const customer = await post(ask, 'customers', { name: 'Acme' })
    const host = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example' })
    assert.equal((await ask('DELETE', `/api/v1/customers/${customer.id}`, { headers })).status, 204)
    assert.equal((await ask('DELETE', `/api/v1/pbx3cx-hosts/${host.id}`, { headers })).status, 201)
    assert.equal((await ask('GET', '/api/v1/customers', { headers })).status, 200)
    assert.equal((await ask('POST', '/api/v1/customers', { headers })).status, 422)
    const broken = await ask('POST', '/api/v1/customers', { body: '{', type: 'application/json' })
    assert.deepEqual([broken.status, broken.json.code], [400, 'bad_request'])
  })

  test('customers by words and by account', async (t) => {
    const { ask } = await newHub(t, engine)
    const customer = await post(ask, 'customers', {
      name: 'Boulangerie Dupont',
      customer_account: 'CL000101',
    })
    await post(ask, 'customers', { name: 'Other' })
    const search = await ask('GET', '/api/v1/customers/search?term=dupont')
    assert.deepEqual([search.status, search.json.data.map((one: Json) => one.id)], [200, [customer.id]])
    for (const account of ['CL000101', 'cl000101', '101'])
      assert.deepEqual((await ask('GET', `/api/v1/customerAccounts/${account}`)).json, customer, account)
    assert.equal((await ask('GET', '/api/v1/customerAccounts/999')).status, 404)
  })

  test('a client written in PHP signs in, and finds its customers, notes and calls as it sends and reads them', async (t) => {
    const { ask } = await newHub(t, engine)
    await signIn(ask, 'dev@example.com', 'admin')
    await post(ask, 'pbx3cx-hosts', { host_name: 'pbx.example' })
    const signedIn = await ask(
      'POST',
      '/api/login?email=dev%40example.com&password=correct%20horse%20battery',
      {
        token: null,
      },
    )
    assert.equal(signedIn.status, 200, signedIn.text)
    const { token, user } = signedIn.json
    const headers = { accept: 'application/json' }
    const send = async (method: string, path: string, body?: Json): Promise<Json> => {
      const answer = await ask(method, `/api/${path}`, { token, headers, ...(body ? { body } : {}) })
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
      return answer.json
    }
    const version = await send('GET', 'version')
    assert.deepEqual(Object.keys(version), ['version', 'status', 'vendor', 'url'])

    // Entities are sent whole: what nobody said is null, or what PHP takes for it.
    const company = { brand_id: 1, customerAccount: 'CL000777', name: 'Acme', abroad: false, zone: 0 }
    const more = { phone: '0199000001', mobilePhone: null, active: true, onCallDuty: true, vip: true }
    const rest = { suppliers: '', numberForEligibility: null, comment: null, smsAuthorisation: null }
    const customer = await send('POST', 'v1/customers', { ...company, ...more, ...rest })
    const read = await send('GET', `v1/customers/${customer.id}`)
    const page = await send(
      'GET',
      'v1/customers?page=1&per_page=20&filter%5Bterm_match%5D=acme&sort=-created_at',
    )
    for (const one of [customer, read, page.data[0]])
      assert.deepEqual(
        [one.customerAccount, one.onCallDuty, one.vip, one.active, one.phone, one.category],
        ['CL000777', true, true, true, '0199000001', customer.category],
      )
    const renamed = await send('PUT', `v1/customers/${customer.id}`, { ...company, ...more, name: 'Acme SA' })
    assert.deepEqual(
      [renamed.name, renamed.customerAccount, renamed.onCallDuty],
      ['Acme SA', 'CL000777', true],
    )

    const about = `noteable_id=${customer.id}&noteable_type=App%5CCustomer`
    const note = await send('POST', `v1/notes?${about}`, {
      parent_id: null,
      task_id: null,
      phone_call_id: null,
      type: null,
      title: 'Hello',
      body: null,
      priority: 999,
      shared: false,
      byMail: false,
    })
    const notes = await send('GET', `v1/notes?noteable_type=App%5CCustomer&noteable_id=${customer.id}`)
    assert.deepEqual(notes, [note])
    for (const [name, type] of [
      ['id', 'number'],
      ['user_id', 'number'],
      ['noteable_type', 'string'],
      ['noteable_id', 'number'],
      ['priority', 'number'],
      ['created_at', 'string'],
    ] as const)
      assert.equal(typeof note[name], type, name)
    assert.equal(note.user_id, user.id)
    const titled = await send('PUT', `v1/notes/${note.id}`, { ...note, title: 'Bye', user_id: null })
    assert.deepEqual([titled.title, titled.user_id], ['Bye', user.id])

    const call = await send('POST', 'v1/phone-calls', {
      user_id: null,
      contact_id: null,
      direction: 'inbound',
      status: 'completed',
      answered: true,
      subject: 'Invoice',
      body: null,
      number_from: '0199000001',
      number_to: null,
      recording_file: null,
      started_at: '2026-05-01T10:00:00.000000Z',
      ended_at: '2026-05-01T10:01:00.000000Z',
    })
    assert.deepEqual([call.user_id, call.customer_id, call.answered], [user.id, customer.id, true])
    const calls = await send('GET', 'v1/phone-calls?page=1&per_page=20')
    assert.deepEqual(calls.data, [call])
    const changed = await send('PUT', `v1/phone-calls/${call.id}`, { ...call, subject: 'Invoice 7' })
    assert.deepEqual([changed.id, changed.subject, changed.status], [call.id, 'Invoice 7', 'completed'])
    await send('DELETE', `v1/notes/${note.id}`)
    assert.equal((await ask('GET', `/api/v1/notes/${note.id}`, { token })).status, 404)
  })
})
