import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { signIn } from '../../../test/people.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../test/stores.ts'
import type { Engine } from '../../platform/database/engine.ts'

const UNKNOWN = '0199777777'

async function newDesk(t: TestContext, engine: Engine) {
  const opened = await newHub(t, engine)
  const { ask } = opened
  const acme = await post(ask, 'customers', { name: 'Acme', phone: '0199000001', extensions: ['210'] })
  const ann = await post(ask, 'contacts', { customer_id: acme.id, last_name: 'Ann', phones: ['0199000002'] })
  const bolt = await post(ask, 'customers', { name: 'Bolt' })
  const agent = await signIn(ask, 'ann@example.com', 'agent')
  const attach = (body: Json, more: Json = {}) =>
    ask('POST', '/api/v1/pop/attach', { body, token: agent.token, ...more })
  const card = async (number: string) =>
    (await ask('GET', `/api/v1/pop?number=${number}`, { token: agent.token })).json
  const total = async (what: string) => (await ask('GET', `/api/v1/${what}`)).json.total
  return { ...opened, acme, ann, bolt, agent, attach, card, total }
}

onEachStore('a number put with somebody', (engine) => {
  test('an agent puts an unknown number with a contact or a company, once, and the next card knows it', async (t) => {
    const { ask, attach, card, acme, ann, bolt, agent } = await newDesk(t, engine)
    const done = await attach({ number: '01 99 77 77 77', contact_id: ann.id, kind: 'mobile' })
    assert.equal(done.status, 200, done.text)
    assert.deepEqual(done.json, {
      customer_id: acme.id,
      contact_id: ann.id,
      created: [],
      attached: true,
      e164: '+33199777777',
    })
    assert.equal((await card(UNKNOWN)).contact.id, ann.id)
    const contact = (await ask('GET', `/api/v1/contacts/${ann.id}`)).json
    assert.deepEqual(
      contact.phones.map((phone: Json) => [phone.kind, phone.raw]),
      [
        ['business', '0199000002'],
        ['mobile', '01 99 77 77 77'],
      ],
    )
    const again = await attach({ number: '0033199777777', contact_id: ann.id })
    assert.deepEqual([again.status, again.json.attached], [200, false])
    assert.deepEqual((await ask('GET', `/api/v1/contacts/${ann.id}`)).json, contact)
    // The first number of a company is its main one; extensions stay what they are.
    assert.equal((await attach({ number: '0199888888', customer_id: bolt.id })).status, 200)
    assert.equal((await ask('GET', `/api/v1/customers/${bolt.id}`)).json.phone, '0199888888')
    assert.equal((await attach({ number: '0199888889', customer_id: acme.id })).status, 200)
    const { phone, other_phones, extensions } = (await ask('GET', `/api/v1/customers/${acme.id}`)).json
    assert.deepEqual([phone, other_phones, extensions], ['0199000001', ['0199888889'], ['210']])
    // Nothing else of the book is an agent's to change.
    for (const [method, path, body] of [
      ['PATCH', `contacts/${ann.id}`, { phones: [] }],
      ['POST', 'contacts', { last_name: 'x' }],
      ['DELETE', `customers/${acme.id}`, undefined],
    ] as const) {
      const refused = await ask(method, `/api/v1/${path}`, { body, token: agent.token })
      assert.equal(refused.status, 403, path)
    }
  })

  test('a person or a company is made on the spot, together or apart, and not twice', async (t) => {
    const { attach, card, acme, total } = await newDesk(t, engine)
    const contact = { first_name: 'Zoë', last_name: 'New', role: 'buyer' }
    const person = await attach({ number: UNKNOWN, customer_id: acme.id, contact })
    assert.deepEqual(
      [person.status, person.json.created, person.json.customer_id],
      [200, ['contact'], acme.id],
    )
    const seen = await card(UNKNOWN)
    assert.deepEqual([seen.contact.name, seen.contact.role, seen.customer.name], ['Zoë New', 'buyer', 'Acme'])
    const both = await attach({
      number: '0199666666',
      customer: { name: 'Dot', customer_account: 'CL9' },
      contact,
    })
    assert.deepEqual(both.json.created, ['customer', 'contact'])
    const dot = await card('0199666666')
    assert.deepEqual([dot.customer.account, dot.customer.phones, dot.contact.name], ['CL9', [], 'Zoë New'])
    const company = await attach({ number: '0199555555', customer: { name: 'Ex' } })
    assert.deepEqual([company.json.created, company.json.contact_id], [['customer'], null])
    assert.equal((await card('0199555555')).customer.phones[0].raw, '0199555555')
    const before = [await total('customers'), await total('contacts')]
    for (const body of [
      { number: UNKNOWN, customer_id: acme.id, contact: { first_name: 'zoe', last_name: 'NEW' } },
      { number: '0199666666', customer: { name: 'DOT' }, contact },
      { number: '0199555555', customer: { name: ' Ex ' } },
    ]) {
      const again = await attach(body)
      assert.deepEqual([again.status, again.json.created, again.json.attached], [200, [], false], again.text)
    }
    const key = { headers: { 'idempotency-key': 'one form' } }
    const once = { number: '0199444444', contact: { last_name: 'Once' } }
    const [first, second] = [await attach(once, key), await attach(once, key)]
    assert.deepEqual(second.json, first.json)
    assert.deepEqual(second.json.created, ['contact'])
    assert.deepEqual([await total('customers'), await total('contacts')], [before[0], before[1] + 1])
  })

  test('a number of somebody else is refused by name, unless both have it', async (t) => {
    const { attach, acme, ann, bolt, card } = await newDesk(t, engine)
    const contact = { last_name: 'Else' }
    for (const target of [{ customer_id: bolt.id }, { contact }, { customer: { name: 'New' } }]) {
      const taken = await attach({ number: '0199000002', ...target })
      assert.deepEqual([taken.status, taken.json.code], [409, 'number_taken'], taken.text)
      assert.match(taken.json.message, /Ann \(contact \d+\)/)
    }
    // Another person of the same company is somebody else, the company itself is not.
    const colleague = await attach({ number: '0199000002', customer_id: acme.id, contact })
    assert.equal(colleague.status, 409)
    assert.equal((await attach({ number: '0199000001', contact_id: ann.id })).json.attached, true)
    assert.equal((await attach({ number: '0199000002', customer_id: acme.id })).json.attached, true)
    assert.equal((await attach({ number: '0199000001', customer_id: bolt.id })).status, 409)
    const shared = await attach({ number: '0199000001', customer_id: bolt.id, shared: true })
    assert.deepEqual([shared.status, shared.json.attached], [200, true])
    assert.equal((await card('0199000001')).ambiguous, true)
  })

  test('of agents who put one number with two people at once, one is told', async (t) => {
    const { attach, ann, bolt } = await newDesk(t, engine)
    const answers = await Promise.all([
      attach({ number: UNKNOWN, contact_id: ann.id }),
      attach({ number: UNKNOWN, customer_id: bolt.id }),
      attach({ number: UNKNOWN, contact: { last_name: 'Third' } }),
    ])
    assert.deepEqual(answers.map((one) => String(one.status)).toSorted(), ['200', '409', '409'])
  })

  test('what cannot be done is refused with its field, and nothing is half written', async (t) => {
    const { ask, attach, ann, bolt, newToken, total } = await newDesk(t, engine)
    const before = [await total('customers'), await total('contacts')]
    for (const [body, field] of [
      [{ number: 'anonymous', contact_id: ann.id }, 'number'],
      [{ number: ' ', contact_id: ann.id }, 'number'],
      [{ number: UNKNOWN }, 'contact_id'],
      [{ number: UNKNOWN, contact_id: ann.id, customer_id: bolt.id }, 'contact_id'],
      [{ number: UNKNOWN, customer_id: bolt.id, customer: { name: 'x' } }, 'customer'],
      [{ number: UNKNOWN, customer_id: 99_999 }, 'customer_id'],
      [{ number: UNKNOWN, customer_id: 99_999, contact: { last_name: 'x' } }, 'customer_id'],
      [{ number: UNKNOWN, contact: { role: 'x' } }, 'contact'],
      [{ number: UNKNOWN, customer: { name: '  ' }, contact: { last_name: 'x' } }, 'customer.name'],
    ] as [Json, string][]) {
      const { status, json, text } = await attach(body)
      assert.equal(status, 422, text)
      assert.deepEqual(Object.keys(json.errors), [field])
    }
    assert.equal((await attach({ number: UNKNOWN, contact_id: 99_999 })).status, 404)
    assert.deepEqual([await total('customers'), await total('contacts')], before)
    const deaf = await newToken(['journal:write'])
    const refused = await attach({ number: UNKNOWN, contact_id: ann.id }, { token: deaf })
    assert.deepEqual([refused.status, refused.json.code], [403, 'scope_missing'])
    const { id } = await post(ask, 'tenants', { name: 'Other', country: 'FR' })
    const headers = { 'cordboard-tenant': String(id) }
    const stranger = await signIn(ask, 'eve@example.com', 'agent', {}, headers)
    assert.equal(
      (await attach({ number: UNKNOWN, contact_id: ann.id }, { token: stranger.token })).status,
      404,
    )
    assert.equal(
      (await attach({ number: UNKNOWN, customer_id: bolt.id }, { token: stranger.token })).status,
      422,
    )
    const own = await attach(
      { number: '0199000002', contact: { last_name: 'Of theirs' } },
      { token: stranger.token },
    )
    assert.deepEqual([own.status, own.json.created], [200, ['contact']])
  })
})
