import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSmallDirectory, refusal, valueOf } from '../../test/small-directory.ts'
import { onEachStore } from '../../test/stores.ts'
import { openCustomers } from './customers.ts'

onEachStore('customers', (engine) => {
  test('a customer comes back as it was written, trimmed, its number read in the tenant’s country', async (t) => {
    const { customers, us } = await newSmallDirectory(t, engine)
    const made = await valueOf(
      customers.create(us, {
        name: '  Société Générale ',
        customer_account: ' CL000101 ',
        external_id: 'crm-1',
        phone: '01 99 00 12 34',
        other_phones: ['01 99 00 12 35', '+33 1 99 00 12 34'],
        extensions: ['201', '202', '201'],
        direct_line: '',
        queue_position: 0,
        backend_link: 'https://crm.example/?n=[Number]',
        active: '0',
        comment: 'x',
      }),
    )
    const { id, created_at, updated_at, ...rest } = made
    assert.deepEqual(rest, {
      customer_account: 'CL000101',
      customerAccount: 'CL000101',
      external_id: 'crm-1',
      name: 'Société Générale',
      phone: '01 99 00 12 34',
      phone_e164: '+33199001234',
      other_phones: ['01 99 00 12 35'],
      extensions: ['201', '202'],
      category_id: null,
      category: null,
      vip: false,
      on_call_duty: false,
      onCallDuty: false,
      direct_line: null,
      queue_position: 0,
      route_identifier: null,
      backend_link: 'https://crm.example/?n=[Number]',
      outbound_number: null,
      language: null,
      active: false,
      comment: 'x',
    })
    assert.equal(created_at, '2026-03-01T12:00:00.000Z')
    assert.equal(updated_at, created_at)
    assert.deepEqual(await customers.get(us.tenantId, id), made)
  })

  test('a write merges: absent stays, null clears', async (t) => {
    const { customers, us, world } = await newSmallDirectory(t, engine)
    const full = {
      customer_account: 'A',
      phone: '0199001234',
      extensions: ['201'],
      direct_line: '9',
      comment: 'Old',
    }
    const made = await valueOf(customers.create(us, { name: 'Acme', ...full }))
    world.now += 1000
    const renamed = await valueOf(customers.update(us, made.id, { name: 'Acme SA' }))
    assert.deepEqual(renamed, { ...made, name: 'Acme SA', updated_at: '2026-03-01T12:00:01.000Z' })
    const empty = { customer_account: null, phone: null, extensions: null, direct_line: '  ', comment: null }
    const cleared = await valueOf(customers.update(us, made.id, empty))
    const { customer_account, phone, phone_e164, extensions, direct_line, comment, name } = cleared
    assert.deepEqual(
      [customer_account, phone, phone_e164, extensions, direct_line, comment],
      [null, null, null, [], null, null],
    )
    assert.equal(name, 'Acme SA')
    await assert.rejects(customers.update(us, made.id, { name: ' ' }), refusal('name', /empty/))
  })

  test('an echo of the number leaves its reading alone; a new one is read in the country of today', async (t) => {
    const { customers, us, world } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(customers.create(us, { name: 'Acme', phone: '0199001234' }))
    world.country = 'BE'
    const echoed = await valueOf(customers.update(us, id, { phone: '0199001234' }))
    assert.equal(echoed.phone_e164, '+33199001234')
    const moved = await valueOf(customers.update(us, id, { phone: '02 555 12 34' }))
    assert.equal(moved.phone_e164, '+3225551234')
  })

  test('a new main number leaves the others; cleared alone it takes them along', async (t) => {
    const { customers, us } = await newSmallDirectory(t, engine)
    const other_phones = ['0199001235', '0199001236']
    const { id } = await valueOf(
      customers.create(us, { name: 'A', phone: '0199001234', other_phones, extensions: ['201'] }),
    )
    const numbers = async (patch: Parameters<typeof customers.update>[2]) => {
      const { phone, other_phones: others, extensions } = await valueOf(customers.update(us, id, patch))
      return [phone, ...others, extensions.join()]
    }
    assert.deepEqual(await numbers({ phone: '0199001299' }), [
      '0199001299',
      '0199001235',
      '0199001236',
      '201',
    ])
    assert.deepEqual(await numbers({ phone: '0199001236' }), ['0199001236', '0199001235', '201'])
    assert.deepEqual(await numbers({ extensions: ['202', '203'] }), ['0199001236', '0199001235', '202,203'])
    assert.deepEqual(await numbers({ phone: null, other_phones: ['0199001235'] }), ['0199001235', '202,203'])
    assert.deepEqual(await numbers({ other_phones: ['0199001237'] }), ['0199001235', '0199001237', '202,203'])
    assert.deepEqual(await numbers({ phone: '' }), [null, '202,203'])
    assert.deepEqual(await numbers({ extensions: null }), [null, ''])
  })

  test('a number keeps its kind and reading from a book while others around it change', async (t) => {
    const { customers, store, us, world } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(
      customers.create(us, { name: 'A', phone: '0199001234', other_phones: ['0199001235'] }),
    )
    await store.write
      .updateTable('phones')
      .set({ kind: 'mobile', label: 'Van' })
      .where('raw', '=', '0199001235')
      .execute()
    world.country = 'BE'
    await customers.update(us, id, { phone: '0199001235', extensions: ['201'] })
    const rows = await store.read
      .selectFrom('phones')
      .select(['raw', 'kind', 'label', 'e164'])
      .orderBy('position')
      .execute()
    assert.deepEqual(rows, [
      { raw: '0199001235', kind: 'mobile', label: 'Van', e164: '+33199001235' },
      { raw: '201', kind: 'extension', label: null, e164: null },
    ])
  })

  test('a number nobody can read is kept as typed; an empty or withheld one is refused', async (t) => {
    const { customers, us } = await newSmallDirectory(t, engine)
    const { phone, phone_e164 } = await valueOf(customers.create(us, { name: 'A', phone: 'ask Jane' }))
    assert.deepEqual([phone, phone_e164], ['ask Jane', null])
    await assert.rejects(
      customers.create(us, { name: 'B', phone: 'anonymous' }),
      refusal('phone', /withheld/),
    )
    await assert.rejects(customers.create(us, { name: 'B', extensions: ['201', ' '] }), refusal('extensions'))
    assert.equal((await customers.list(us.tenantId, {})).total, 1)
  })

  test('text that a store may not keep, and links that are none, are refused on their field', async (t) => {
    const { customers, us } = await newSmallDirectory(t, engine)
    await assert.rejects(customers.create(us, { name: 'A\u0000' }), refusal('name', /characters/))
    await assert.rejects(customers.create(us, { name: 'A', comment: '\ud800' }), refusal('comment'))
    await assert.rejects(customers.create(us, { name: 'A', phone: '0199001234\u0000' }), refusal('phone'))
    for (const backend_link of ['javascript:alert(1)', 'crm.example', 'https://', 'https://a b']) {
      await assert.rejects(
        customers.create(us, { name: 'A', backend_link }),
        refusal('backend_link'),
        backend_link,
      )
    }
  })

  test('an account and an external id are one customer’s; another tenant may have the same', async (t) => {
    const { customers, us, them } = await newSmallDirectory(t, engine)
    await customers.create(us, { name: 'A', customer_account: 'CL1', external_id: 'x' })
    await assert.rejects(
      customers.create(us, { name: 'B', customer_account: 'cl1 ' }),
      refusal('customer_account'),
    )
    await assert.rejects(customers.create(us, { name: 'B', external_id: 'x' }), refusal('external_id'))
    const other = await valueOf(
      customers.create(us, { name: 'B', customer_account: 'CL2', external_id: 'X' }),
    )
    await assert.rejects(
      customers.update(us, other.id, { customer_account: 'CL1' }),
      refusal('customer_account'),
    )
    await assert.rejects(customers.update(us, other.id, { external_id: 'x' }), refusal('external_id'))
    await customers.create(them, { name: 'A', customer_account: 'CL1', external_id: 'x' })
  })

  test('the category decides who is a VIP', async (t) => {
    const { customers, categories, us, them } = await newSmallDirectory(t, engine)
    const gold = await valueOf(categories.create(us, { name: 'Gold', vip: true }))
    const plain = await valueOf(categories.create(us, { name: 'Plain' }))
    const { id, vip, category } = await valueOf(
      customers.create(us, { name: 'A', category_id: gold.id, vip: 1 }),
    )
    assert.deepEqual([vip, category], [true, 'Gold'])
    await assert.rejects(customers.update(us, id, { vip: false }), refusal('vip', /category decides/))
    await assert.rejects(
      customers.create(us, { name: 'B', category_id: plain.id, vip: true }),
      refusal('vip'),
    )
    assert.equal((await valueOf(customers.update(us, id, { category_id: plain.id, vip: false }))).vip, false)
    await categories.update(us, plain.id, { vip: true })
    assert.equal((await customers.get(us.tenantId, id)).vip, true)
    const foreign = await valueOf(categories.create(them, { name: 'Theirs', vip: true }))
    await assert.rejects(customers.update(us, id, { category_id: foreign.id }), refusal('category_id'))
    await assert.rejects(customers.create(us, { name: 'C', category_id: 999_999 }), refusal('category_id'))
  })

  test('a VIP without a category gets the built-in one, and leaves it the same way', async (t) => {
    const { customers, categories, us } = await newSmallDirectory(t, engine)
    const one = await valueOf(customers.create(us, { name: 'One', vip: '1', category_id: null }))
    const two = await valueOf(customers.create(us, { name: 'Two', vip: false }))
    assert.deepEqual([one.vip, one.category, two.vip, two.category_id], [true, 'VIP', false, null])
    assert.equal((await valueOf(customers.update(us, two.id, { vip: true }))).category_id, one.category_id)
    assert.equal((await categories.list(us.tenantId, {})).total, 1)
    const left = await valueOf(customers.update(us, one.id, { vip: 'false' }))
    assert.deepEqual([left.vip, left.category_id], [false, null])
    await assert.rejects(
      customers.update(us, one.id, { category_id: two.category_id ?? one.category_id, vip: false }),
      refusal('vip'),
    )
  })

  test('contracts decide on on-call duty: said, it adds an open one; denied against one, it is refused', async (t) => {
    const { customers, contracts, us } = await newSmallDirectory(t, engine)
    const { id, on_call_duty } = await valueOf(customers.create(us, { name: 'A', on_call_duty: true }))
    assert.equal(on_call_duty, true)
    await customers.update(us, id, { on_call_duty: 1 })
    const { data } = await contracts.list(us.tenantId, {})
    assert.deepEqual(
      data.map((one) => [one.customer_id, one.kind, one.start_date, one.end_date, one.active]),
      [[id, 'on_call_duty', null, null, true]],
    )
    await assert.rejects(
      customers.update(us, id, { name: 'B', on_call_duty: false }),
      refusal('on_call_duty', /end or suspend/),
    )
    assert.equal((await customers.get(us.tenantId, id)).name, 'A')
    await contracts.update(us, data[0]!.id, { suspended: true })
    assert.equal((await valueOf(customers.update(us, id, { on_call_duty: false }))).on_call_duty, false)
  })

  test('on-call duty follows the calendar of the tenant without a write', async (t) => {
    const { customers, contracts, us, world } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(customers.create(us, { name: 'A' }))
    await contracts.create(us, { customer_id: id, kind: 'on_call_duty', end_date: '2026-03-01' })
    const onCall = async () => (await customers.get(us.tenantId, id)).on_call_duty
    assert.equal(await onCall(), true)
    world.date = '2026-03-02'
    assert.equal(await onCall(), false)
  })

  test('a deleted customer takes everything along, and the feed hears of each contact', async (t) => {
    const { customers, contacts, contracts, files, store, us, changes, audit } = await newSmallDirectory(
      t,
      engine,
    )
    const { id } = await valueOf(customers.create(us, { name: 'A', phone: '0199001234' }))
    const kept = await valueOf(contacts.create(us, { last_name: 'Nobody’s', phones: ['0199001235'] }))
    const one = await valueOf(
      contacts.create(us, { customer_id: id, last_name: 'One', phones: ['0199001236'] }),
    )
    const two = await valueOf(contacts.create(us, { customer_id: id, last_name: 'Two' }))
    await contracts.create(us, { customer_id: id, kind: 'support' })
    await files.create(us, { customer_id: id, name: 'File' })
    const before = (await changes()).length
    await customers.remove(us, id)
    const told = (await changes()).slice(before)
    assert.deepEqual(
      told.map(({ entity, ids }) => [entity, ids.toSorted((a, b) => a - b)]),
      [
        ['contact', [one.id, two.id]],
        ['customer', [id]],
      ],
    )
    await assert.rejects(customers.get(us.tenantId, id), { code: 'not_found' })
    assert.deepEqual(
      (await contacts.list(us.tenantId, {})).data.map((contact) => contact.id),
      [kept.id],
    )
    assert.equal((await contracts.list(us.tenantId, {})).total + (await files.list(us.tenantId, {})).total, 0)
    const phones = await store.read.selectFrom('phones').select('contact_id').execute()
    assert.deepEqual(phones, [{ contact_id: kept.id }])
    const last = (await audit('customer')).at(-1)
    assert.deepEqual([last?.action, last?.before?.['name'], last?.after], ['delete', 'A', null])
  })

  test('a contact added while its customer is deleted is either refused or told as gone', async (t) => {
    const { customers, contacts, us, changes } = await newSmallDirectory(t, engine)
    for (let i = 0; i < 5; i++) {
      const { id } = await valueOf(customers.create(us, { name: `C${i}` }))
      const adding = [1, 2, 3].map((n) => contacts.create(us, { customer_id: id, last_name: `P${n}` }))
      const [removed, ...added] = await Promise.allSettled([customers.remove(us, id), ...adding])
      assert.equal(removed.status, 'fulfilled')
      const feed = (await changes()).filter((change) => change.entity === 'contact')
      for (const one of added) {
        if (one.status === 'rejected') {
          assert.ok([409, 422].includes((one.reason as { status: number }).status), String(one.reason))
        } else {
          const contactId = one.value.value.id
          assert.equal(feed.filter((change) => change.ids.includes(contactId)).length, 2)
        }
      }
      assert.equal((await contacts.list(us.tenantId, {})).total, 0)
    }
  })

  test('every write leaves what was and what is in the audit trail, also when two come at once', async (t) => {
    const { customers, us, audit } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(customers.create(us, { name: 'A', vip: true }))
    await Promise.all([
      customers.update(us, id, { comment: 'x' }),
      customers.update(us, id, { direct_line: '9' }),
    ])
    const after = await customers.get(us.tenantId, id)
    assert.deepEqual([after.comment, after.direct_line], ['x', '9'])
    const trail = await audit('customer')
    assert.deepEqual(
      trail.map((act) => [act.action, act.entity_id, act.tenant_id]),
      [
        ['create', id, us.tenantId],
        ['update', id, us.tenantId],
        ['update', id, us.tenantId],
      ],
    )
    assert.deepEqual(trail[1]?.before, trail[0]?.after)
    assert.deepEqual(trail[2]?.before, trail[1]?.after)
    assert.deepEqual(trail[2]?.after, after)
  })

  test('a refused write leaves no trace', async (t) => {
    const { customers, categories, us, changes, audit } = await newSmallDirectory(t, engine)
    await customers.create(us, { name: 'A', customer_account: 'A' })
    const seen = (await changes()).length
    await assert.rejects(customers.create(us, { name: 'B', customer_account: 'A', vip: true, phone: '201' }))
    assert.equal((await changes()).length, seen)
    assert.equal((await audit('customer')).length, 1)
    assert.equal((await categories.list(us.tenantId, {})).total, 0)
  })

  test('another tenant sees, changes and deletes nothing of ours', async (t) => {
    const { customers, us, them } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(
      customers.create(us, { name: 'A', phone: '0199001234', vip: true, on_call_duty: true }),
    )
    await assert.rejects(customers.get(them.tenantId, id), { code: 'not_found' })
    await assert.rejects(customers.update(them, id, { name: 'B' }), { code: 'not_found' })
    await assert.rejects(customers.remove(them, id), { code: 'not_found' })
    for (const filter of [
      {},
      { 'filter[phone]': '0199001234' },
      { 'filter[vip]': '1' },
      { 'filter[on_call_duty]': '1' },
    ]) {
      assert.equal((await customers.list(them.tenantId, filter)).total, 0)
    }
    assert.equal((await customers.get(us.tenantId, id)).name, 'A')
  })

  test('lists are filtered in every way they offer', async (t) => {
    const { customers, categories, us, world } = await newSmallDirectory(t, engine)
    const gold = await valueOf(categories.create(us, { name: 'Gold', vip: true }))
    const plain = await valueOf(categories.create(us, { name: 'Plain' }))
    await customers.create(us, {
      name: 'Électricité 100%',
      customer_account: 'CL1',
      external_id: 'e',
      phone: '01 99 00 12 34',
    })
    await customers.create(us, {
      name: 'Gaz',
      customer_account: 'EL2',
      category_id: gold.id,
      extensions: ['201'],
      active: false,
    })
    await customers.create(us, { name: 'Eau', category_id: plain.id, on_call_duty: true, phone: 'ask Jane' })
    world.country = null
    await customers.create(us, { name: 'Bois', phone: '0199001299' })
    world.country = 'FR'
    const names = async (query: Record<string, string>) => {
      const filters = Object.entries(query).map(([name, value]) => [`filter[${name}]`, value])
      return (await customers.list(us.tenantId, Object.fromEntries(filters))).data
        .map((one) => one.name)
        .join(' ')
    }
    const first = 'Électricité 100%'
    assert.equal(await names({ term_match: 'ELEC' }), first)
    assert.equal(await names({ term_match: '100% elec' }), first, 'words in any order')
    assert.equal(await names({ term_match: 'el' }), `${first} Gaz`, 'names and accounts')
    assert.equal(await names({ term_match: '0%' }), first, 'the sign itself, no wildcard')
    assert.equal(await names({ term_match: '100% gaz' }), '', 'every word')
    assert.equal(await names({ term_match: 'g_z' }), '')
    assert.equal(await names({ customer_account: ' cl1' }), first)
    assert.equal(await names({ external_id: 'e' }), first)
    assert.equal(await names({ category_id: String(gold.id) }), 'Gaz')
    assert.equal(await names({ vip: '1' }), 'Gaz')
    assert.equal(await names({ vip: '0' }), `${first} Eau Bois`)
    assert.equal(await names({ active: 'false' }), 'Gaz')
    assert.equal(await names({ on_call_duty: '1' }), 'Eau')
    assert.equal(await names({ on_call_duty: '0', active: '1' }), `${first} Bois`)
    for (const spelling of ['+33199001234', '0033 1 99 00 12 34', '01.99.00.12.34', ' 33199001234']) {
      assert.equal(await names({ phone: spelling }), first, spelling)
    }
    assert.equal(await names({ phone: '+33199001299' }), 'Bois', 'kept without a country')
    assert.equal(await names({ phone: '201' }), 'Gaz')
    assert.equal(await names({ phone: 'ask Jane' }), 'Eau')
    assert.equal(await names({ phone: 'anonymous' }), '')
    await assert.rejects(names({ category_id: 'gold' }), refusal('filter[category_id]'))
    await assert.rejects(names({ on_call_duty: '' }), refusal('filter[on_call_duty]'))
    await assert.rejects(names({ term_match: '\u0000' }), refusal('filter[term_match]'))
    await assert.rejects(names({ colour: 'red' }), refusal('filter[colour]', /Unknown/))
  })

  test('lists are sorted the same on every engine, nothing before something', async (t) => {
    const { customers, us, world } = await newSmallDirectory(t, engine)
    for (const [name, customer_account] of [
      ['zinc', 'b'],
      ['Éclair', null],
      ['Zebra', 'A'],
      ['eclair 2', null],
    ] as const) {
      world.now += 1000
      await customers.create(us, { name, customer_account })
    }
    const names = async (sort: string) =>
      (await customers.list(us.tenantId, { sort })).data.map((one) => one.name)
    assert.deepEqual(await names('name'), ['Éclair', 'eclair 2', 'Zebra', 'zinc'])
    assert.deepEqual(await names('customer_account'), ['Éclair', 'eclair 2', 'Zebra', 'zinc'])
    assert.deepEqual(await names('-customer_account,-id'), ['zinc', 'Zebra', 'eclair 2', 'Éclair'])
    assert.deepEqual(await names('-created_at'), ['eclair 2', 'Zebra', 'Éclair', 'zinc'])
  })

  test('an account is searched with its accents, a name with or without', async (t) => {
    const { customers, us } = await newSmallDirectory(t, engine)
    await customers.create(us, { name: 'Société Générale', customer_account: 'CLÉ-9' })
    const found = async (term: string) =>
      (await customers.list(us.tenantId, { 'filter[term_match]': term })).data.length
    assert.deepEqual(
      await Promise.all(['clé-9', 'CLÉ', 'generale clé', 'SOCIÉTÉ', 'cle'].map(found)),
      [1, 1, 1, 1, 0],
    )
  })

  test('a page of many customers takes as few queries as a page of one', async (t) => {
    const { customers, store, us, world } = await newSmallDirectory(t, engine)
    for (let i = 0; i < 30; i++) {
      await customers.create(us, {
        name: `C${i}`,
        phone: `01990012${10 + i}`,
        vip: true,
        on_call_duty: i % 2 === 0,
      })
    }
    let queries = 0
    const read = store.read.withPlugin({
      transformQuery(args) {
        queries++
        return args.node
      },
      transformResult: async (args) => args.result,
    })
    const counted = openCustomers(
      { ...store, read },
      { clock: { now: () => world.now }, country: () => 'FR', today: () => 20_000, ownersOf: () => [] },
    )
    const page = await counted.list(us.tenantId, { per_page: 200 })
    assert.equal(page.data.filter((one) => one.on_call_duty && one.vip && one.phone_e164 !== null).length, 15)
    const forMany = queries
    queries = 0
    await counted.list(us.tenantId, { per_page: 1 })
    assert.equal(forMany, queries)
  })
})
