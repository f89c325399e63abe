import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSmallDirectory, refusal, valueOf } from '../../test/small-directory.ts'
import { onEachStore } from '../../test/stores.ts'

onEachStore('contacts', (engine) => {
  test('a contact comes back as it was written, with its customer and its numbers read', async (t) => {
    const { contacts, customers, us } = await newSmallDirectory(t, engine)
    const customer = await valueOf(customers.create(us, { name: 'Acme', customer_account: 'CL1' }))
    const made = await valueOf(
      contacts.create(us, {
        customer_id: customer.id,
        external_id: 'p-1',
        first_name: ' Zoé ',
        last_name: 'Dupont',
        email: 'Zoe@Acme.example',
        role: '',
        phones: [
          '06 39 98 00 01',
          { raw: '201', kind: 'internal', label: ' Desk ' },
          { raw: 'ask Jane', kind: null },
        ],
        queue_position: 100,
      }),
    )
    const { id, created_at, updated_at, ...rest } = made
    assert.deepEqual(rest, {
      customer_id: customer.id,
      customer_account: 'CL1',
      company: 'Acme',
      external_id: 'p-1',
      first_name: 'Zoé',
      last_name: 'Dupont',
      name: 'Zoé Dupont',
      email: 'Zoe@Acme.example',
      role: null,
      phones: [
        { kind: 'business', label: null, raw: '06 39 98 00 01', e164: '+33639980001' },
        { kind: 'internal', label: 'Desk', raw: '201', e164: null },
        { kind: 'business', label: null, raw: 'ask Jane', e164: null },
      ],
      direct_line: null,
      queue_position: 100,
      route_identifier: null,
      backend_link: null,
      outbound_number: null,
      language: null,
      active: true,
      comment: null,
    })
    assert.equal(created_at, updated_at)
    assert.deepEqual(await contacts.get(us.tenantId, id), made)
  })

  test('a write merges: absent stays, null clears, a list of numbers replaces the list', async (t) => {
    const { contacts, us } = await newSmallDirectory(t, engine)
    const made = await valueOf(
      contacts.create(us, { first_name: 'Zoé', last_name: 'Dupont', phones: ['201', '202'], role: 'CEO' }),
    )
    const same = await valueOf(contacts.update(us, made.id, { role: 'CTO' }))
    assert.deepEqual(same, { ...made, role: 'CTO' })
    const changed = await valueOf(contacts.update(us, made.id, { first_name: null, phones: ['203'] }))
    assert.deepEqual([changed.name, changed.phones.map((phone) => phone.raw)], ['Dupont', ['203']])
    assert.deepEqual((await valueOf(contacts.update(us, made.id, { phones: null }))).phones, [])
  })

  test('somebody can be told from nobody: a name, an e-mail or a phone is there, and stays', async (t) => {
    const { contacts, us } = await newSmallDirectory(t, engine)
    await assert.rejects(contacts.create(us, { role: 'CEO', first_name: ' ' }), refusal('last_name', /needs/))
    const byPhone = await valueOf(contacts.create(us, { phones: ['201'] }))
    const byMail = await valueOf(contacts.create(us, { email: 'a@b.example' }))
    assert.deepEqual([byPhone.name, byMail.name], ['', 'a@b.example'])
    await assert.rejects(contacts.update(us, byPhone.id, { phones: [] }), refusal('last_name'))
    await assert.rejects(contacts.update(us, byMail.id, { email: null }), refusal('last_name'))
    assert.equal((await contacts.list(us.tenantId, {})).total, 2)
  })

  test('a withheld or empty number, a broken text, a taken external id are refused on their field', async (t) => {
    const { contacts, us, them } = await newSmallDirectory(t, engine)
    await contacts.create(us, { last_name: 'A', external_id: 'x' })
    await contacts.create(them, { last_name: 'A', external_id: 'x' })
    await assert.rejects(contacts.create(us, { last_name: 'B', external_id: 'x' }), refusal('external_id'))
    await assert.rejects(
      contacts.create(us, { last_name: 'B', phones: ['201', ''] }),
      refusal('phones', /withheld/),
    )
    await assert.rejects(
      contacts.create(us, { last_name: 'B', phones: [{ raw: 'anonymous' }] }),
      refusal('phones'),
    )
    await assert.rejects(contacts.create(us, { last_name: 'B\u0000' }), refusal('last_name'))
  })

  test('a contact may change customers, within the tenant only', async (t) => {
    const { contacts, customers, us, them } = await newSmallDirectory(t, engine)
    const ours = (await valueOf(customers.create(us, { name: 'Ours' }))).id
    const theirs = (await valueOf(customers.create(them, { name: 'Theirs' }))).id
    const { id } = await valueOf(contacts.create(us, { last_name: 'A' }))
    assert.equal((await valueOf(contacts.update(us, id, { customer_id: ours }))).company, 'Ours')
    await assert.rejects(contacts.update(us, id, { customer_id: theirs }), refusal('customer_id'))
    await assert.rejects(contacts.create(us, { last_name: 'B', customer_id: theirs }), refusal('customer_id'))
    assert.equal((await valueOf(contacts.update(us, id, { customer_id: null }))).company, null)
  })

  test('every write tells the feed and leaves what was and what is in the audit trail', async (t) => {
    const { contacts, us, changes, audit } = await newSmallDirectory(t, engine)
    const made = await valueOf(contacts.create(us, { last_name: 'A', phones: ['201'] }))
    const changed = await valueOf(contacts.update(us, made.id, { phones: ['202'] }))
    await contacts.remove(us, made.id)
    const told = { tenantId: us.tenantId, entity: 'contact', ids: [made.id] }
    assert.deepEqual(await changes(), [told, told, told])
    assert.deepEqual(
      (await audit('contact')).map(({ action, before, after }) => ({ action, before, after })),
      [
        { action: 'create', before: null, after: made },
        { action: 'update', before: made, after: changed },
        { action: 'delete', before: changed, after: null },
      ],
    )
  })

  test('another tenant sees, changes and deletes nothing of ours', async (t) => {
    const { contacts, us, them } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(contacts.create(us, { last_name: 'A', phones: ['0639980001'] }))
    await assert.rejects(contacts.get(them.tenantId, id), { code: 'not_found' })
    await assert.rejects(contacts.update(them, id, { last_name: 'B' }), { code: 'not_found' })
    await assert.rejects(contacts.remove(them, id), { code: 'not_found' })
    for (const filter of [{}, { 'filter[phone]': '0639980001' }, { 'filter[term_match]': 'a' }]) {
      assert.equal((await contacts.list(them.tenantId, filter)).total, 0)
    }
    assert.equal((await contacts.get(us.tenantId, id)).last_name, 'A')
  })

  test('customers and contacts never share an id, and no id is used twice', async (t) => {
    const { contacts, customers, us, them } = await newSmallDirectory(t, engine)
    const one = (await valueOf(customers.create(us, { name: 'A' }))).id
    const two = (await valueOf(contacts.create(them, { last_name: 'B' }))).id
    await contacts.remove(them, two)
    const three = (await valueOf(contacts.create(us, { last_name: 'C' }))).id
    assert.equal(new Set([one, two, three]).size, 3)
  })

  test('lists are filtered in every way they offer and sorted by name', async (t) => {
    const { contacts, customers, us } = await newSmallDirectory(t, engine)
    const acme = (await valueOf(customers.create(us, { name: 'Acme', phone: '0199001234' }))).id
    await contacts.create(us, {
      first_name: 'Zoé',
      last_name: 'Dupont',
      email: 'ZD@Acme.example',
      customer_id: acme,
      external_id: 'z',
    })
    await contacts.create(us, { first_name: 'anne', phones: ['201', '06 39 98 00 01'], active: false })
    await contacts.create(us, { first_name: 'Émile', phones: ['+33199001234'] })
    const names = async (query: Record<string, string>) => {
      const filters = Object.entries(query).map(([name, value]) => [`filter[${name}]`, value])
      return (await contacts.list(us.tenantId, { ...Object.fromEntries(filters), sort: 'name' })).data.map(
        (one) => one.name,
      )
    }
    assert.deepEqual(await names({}), ['anne', 'Émile', 'Zoé Dupont'])
    assert.deepEqual(await names({ term_match: 'dupont ZOE' }), ['Zoé Dupont'])
    assert.deepEqual(await names({ term_match: 'zd@acme' }), ['Zoé Dupont'])
    assert.deepEqual(await names({ email: 'zd@ACME.example ' }), ['Zoé Dupont'])
    assert.deepEqual(await names({ email: 'zd@acme' }), [])
    assert.deepEqual(await names({ customer_id: String(acme) }), ['Zoé Dupont'])
    assert.deepEqual(await names({ external_id: 'z' }), ['Zoé Dupont'])
    assert.deepEqual(await names({ active: '0' }), ['anne'])
    assert.deepEqual(await names({ phone: '0033639980001' }), ['anne'])
    assert.deepEqual(await names({ phone: '01 99 00 12 34' }), ['Émile'])
    assert.deepEqual(await names({ phone: '201', active: '1' }), [])
  })
})
