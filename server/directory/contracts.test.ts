import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSmallDirectory, refusal, valueOf } from '../../test/small-directory.ts'
import { onEachStore } from '../../test/stores.ts'

onEachStore('contracts', (engine) => {
  test('a contract is in force from its first day to its last, both included, unless suspended', async (t) => {
    const { contracts, customers, us, world } = await newSmallDirectory(t, engine)
    const customer_id = (await valueOf(customers.create(us, { name: 'Acme' }))).id
    const dates = { start_date: '2026-03-01', end_date: '2026-03-31' }
    const { id } = await valueOf(contracts.create(us, { customer_id, kind: 'support', ...dates }))
    const activeOn = async (date: string) => {
      world.date = date
      const { active } = await contracts.get(us.tenantId, id)
      assert.equal((await contracts.list(us.tenantId, { 'filter[active]': '1' })).total, active ? 1 : 0)
      assert.equal((await contracts.list(us.tenantId, { 'filter[active]': '0' })).total, active ? 0 : 1)
      return active
    }
    assert.deepEqual(
      [
        await activeOn('2026-02-28'),
        await activeOn('2026-03-01'),
        await activeOn('2026-03-31'),
        await activeOn('2026-04-01'),
      ],
      [false, true, true, false],
    )
    await contracts.update(us, id, { end_date: null })
    assert.equal(await activeOn('2030-01-01'), true)
    await contracts.update(us, id, { suspended: true })
    assert.equal(await activeOn('2030-01-01'), false)
  })

  test('only the kind on_call_duty gives on-call duty', async (t) => {
    const { contracts, customers, us } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(customers.create(us, { name: 'Acme' }))
    await contracts.create(us, { customer_id: id, kind: 'support' })
    assert.equal((await customers.get(us.tenantId, id)).on_call_duty, false)
    await contracts.create(us, { customer_id: id, kind: 'on_call_duty' })
    assert.equal((await customers.get(us.tenantId, id)).on_call_duty, true)
  })

  test('an end before the start is refused, at once or by halves', async (t) => {
    const { contracts, customers, us } = await newSmallDirectory(t, engine)
    const customer_id = (await valueOf(customers.create(us, { name: 'Acme' }))).id
    const wrong = { start_date: '2026-03-02', end_date: '2026-03-01' }
    await assert.rejects(
      contracts.create(us, { customer_id, kind: 'support', ...wrong }),
      refusal('end_date', /before/),
    )
    const { id } = await valueOf(
      contracts.create(us, { customer_id, kind: 'support', start_date: '2026-03-02' }),
    )
    await assert.rejects(contracts.update(us, id, { end_date: '2026-03-01' }), refusal('end_date'))
    assert.equal((await contracts.get(us.tenantId, id)).end_date, null)
    await contracts.update(us, id, { end_date: '2026-03-02' })
  })

  test('every write of a contract tells the feed about its customer; a move about both', async (t) => {
    const { contracts, customers, us, changes, audit } = await newSmallDirectory(t, engine)
    const one = (await valueOf(customers.create(us, { name: 'One' }))).id
    const two = (await valueOf(customers.create(us, { name: 'Two' }))).id
    const before = (await changes()).length
    const { id } = await valueOf(
      contracts.create(us, { customer_id: one, kind: 'support', reference: '  ', comment: 'Old' }),
    )
    await contracts.update(us, id, { customer_id: two, comment: null })
    await contracts.remove(us, id)
    const told = (await changes())
      .slice(before)
      .map((change) => [change.entity, change.ids.toSorted((a, b) => a - b)])
    assert.deepEqual(told, [
      ['customer', [one]],
      ['customer', [one, two]],
      ['customer', [two]],
    ])
    const trail = await audit('contract')
    assert.deepEqual(
      trail.map((act) => [
        act.action,
        act.before?.['comment'],
        act.after?.['comment'],
        act.after?.['reference'],
      ]),
      [
        ['create', undefined, 'Old', null],
        ['update', 'Old', null, null],
        ['delete', null, undefined, undefined],
      ],
    )
  })

  test('a contract belongs to a customer of its own tenant, and nobody else reaches it', async (t) => {
    const { contracts, customers, us, them } = await newSmallDirectory(t, engine)
    const ours = (await valueOf(customers.create(us, { name: 'Ours' }))).id
    const theirs = (await valueOf(customers.create(them, { name: 'Theirs' }))).id
    await assert.rejects(
      contracts.create(us, { customer_id: theirs, kind: 'support' }),
      refusal('customer_id'),
    )
    const { id } = await valueOf(contracts.create(us, { customer_id: ours, kind: 'support' }))
    await assert.rejects(contracts.update(us, id, { customer_id: theirs }), refusal('customer_id'))
    await assert.rejects(contracts.get(them.tenantId, id), { code: 'not_found' })
    await assert.rejects(contracts.update(them, id, { suspended: true }), { code: 'not_found' })
    await assert.rejects(contracts.remove(them, id), { code: 'not_found' })
    assert.equal((await contracts.list(them.tenantId, {})).total, 0)
    assert.equal((await contracts.get(us.tenantId, id)).suspended, false)
  })

  test('lists are filtered by customer, kind and suspension', async (t) => {
    const { contracts, customers, us } = await newSmallDirectory(t, engine)
    const one = (await valueOf(customers.create(us, { name: 'One' }))).id
    const two = (await valueOf(customers.create(us, { name: 'Two' }))).id
    await contracts.create(us, { customer_id: one, kind: 'support', reference: 'A' })
    await contracts.create(us, { customer_id: one, kind: 'hosting', reference: 'B', suspended: true })
    await contracts.create(us, { customer_id: two, kind: 'support', reference: 'C' })
    const found = async (query: Record<string, unknown>) =>
      (await contracts.list(us.tenantId, query)).data.map((contract) => contract.reference)
    assert.deepEqual(await found({ 'filter[customer_id]': String(one) }), ['A', 'B'])
    assert.deepEqual(await found({ 'filter[kind]': 'support', sort: '-id' }), ['C', 'A'])
    assert.deepEqual(await found({ 'filter[suspended]': 'true' }), ['B'])
    await assert.rejects(found({ 'filter[customer_id]': 'x' }), refusal('filter[customer_id]'))
  })
})
