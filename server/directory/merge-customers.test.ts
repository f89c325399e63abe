import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSmallDirectory, valueOf } from '../../test/small-directory.ts'
import { onEachStore } from '../../test/stores.ts'
import { openCustomerMerge } from './merge-customers.ts'

onEachStore('merging customers', (engine) => {
  test('the audit trail keeps both as they were, and the feed hears of everyone who changed or went', async (t) => {
    const { customers, contacts, store, us, world, changes, audit } = await newSmallDirectory(t, engine)
    const merge = openCustomerMerge(store, { clock: { now: () => world.now }, today: () => 0 })
    const into = await valueOf(customers.create(us, { name: 'A', customer_account: 'A1' }))
    const from = await valueOf(customers.create(us, { name: 'B', phone: '0199001234' }))
    const jo = { first_name: 'Jo', email: 'jo@a.example' }
    const kept = await valueOf(contacts.create(us, { customer_id: into.id, ...jo }))
    const gone = await valueOf(contacts.create(us, { customer_id: from.id, ...jo }))
    const moved = await valueOf(contacts.create(us, { customer_id: from.id, last_name: 'Moved' }))
    const told = (await changes()).length
    const after = await valueOf(merge(us, into.id, { from: from.id }))
    const heard = (await changes())
      .slice(told)
      .map(({ entity, ids }) => [entity, ids.toSorted((a, b) => a - b)])
    assert.deepEqual(heard, [
      ['contact', [kept.id, gone.id, moved.id]],
      ['customer', [into.id, from.id]],
    ])
    const line = (await audit('customer')).at(-1)
    assert.deepEqual([line?.action, line?.entity_id, line?.before], ['merge', into.id, { into, from }])
    const { contacts: touched, ...written } = line?.after ?? {}
    assert.deepEqual(written, after)
    assert.deepEqual(touched, [gone.id, kept.id, moved.id])
  })
})
