import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSmallDirectory, refusal, valueOf } from '../../test/small-directory.ts'
import { onEachStore } from '../../test/stores.ts'
import { builtinVipCategory } from './categories.ts'

onEachStore('categories', (engine) => {
  test('a category is made, renamed and deleted, each with its audit record and its place in the feed', async (t) => {
    const { categories, us, changes, audit } = await newSmallDirectory(t, engine)
    const made = await valueOf(categories.create(us, { name: ' Gold ', vip: true }))
    assert.deepEqual([made.name, made.vip, made.builtin], ['Gold', true, null])
    const renamed = await valueOf(categories.update(us, made.id, { name: 'Golden' }))
    assert.deepEqual([renamed.name, renamed.vip], ['Golden', true])
    await categories.remove(us, made.id)
    await assert.rejects(categories.get(us.tenantId, made.id), { code: 'not_found' })
    const told = { tenantId: us.tenantId, entity: 'category', ids: [made.id] }
    assert.deepEqual(await changes(), [told, told, told])
    const trail = await audit('category')
    assert.deepEqual(
      trail.map((one) => [one.action, one.before?.['name'], one.after?.['name']]),
      [
        ['create', undefined, 'Gold'],
        ['update', 'Gold', 'Golden'],
        ['delete', 'Golden', undefined],
      ],
    )
  })

  test('two categories of one tenant cannot have one name, whatever the case and accents', async (t) => {
    const { categories, us, them } = await newSmallDirectory(t, engine)
    await categories.create(us, { name: 'Élite' })
    await assert.rejects(categories.create(us, { name: 'ELITE' }), refusal('name', /already/))
    const other = await valueOf(categories.create(us, { name: 'Others' }))
    await assert.rejects(categories.update(us, other.id, { name: 'elite' }), refusal('name'))
    await assert.rejects(categories.create(us, { name: '  ' }), refusal('name', /empty/))
    await categories.create(them, { name: 'Élite' })
  })

  test('a category in use stays, and says by how many customers', async (t) => {
    const { categories, customers, us } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(categories.create(us, { name: 'Gold', vip: true }))
    const one = await valueOf(customers.create(us, { name: 'One', category_id: id }))
    await customers.create(us, { name: 'Two', category_id: id })
    await assert.rejects(categories.remove(us, id), { code: 'in_use', message: /2 customers/ })
    await customers.remove(us, one.id)
    await assert.rejects(categories.remove(us, id), { code: 'in_use', message: /1 customer\./ })
  })

  test('another tenant sees, changes and deletes nothing of ours', async (t) => {
    const { categories, us, them } = await newSmallDirectory(t, engine)
    const { id } = await valueOf(categories.create(us, { name: 'Gold' }))
    await assert.rejects(categories.get(them.tenantId, id), { code: 'not_found' })
    await assert.rejects(categories.update(them, id, { name: 'Mine' }), { code: 'not_found' })
    await assert.rejects(categories.remove(them, id), { code: 'not_found' })
    assert.equal((await categories.list(them.tenantId, {})).total, 0)
    assert.equal((await categories.get(us.tenantId, id)).name, 'Gold')
  })

  test('lists are filtered by name and VIP, and sorted by name without regard to case and accents', async (t) => {
    const { categories, us } = await newSmallDirectory(t, engine)
    for (const [name, vip] of [
      ['zinc', false],
      ['Élite', true],
      ['Argent', true],
      ['bois', false],
    ] as const) {
      await categories.create(us, { name, vip })
    }
    const names = async (query: Record<string, unknown>) =>
      (await categories.list(us.tenantId, query)).data.map((one) => one.name)
    assert.deepEqual(await names({ sort: 'name' }), ['Argent', 'bois', 'Élite', 'zinc'])
    assert.deepEqual(await names({ sort: '-name', 'filter[vip]': '1' }), ['Élite', 'Argent'])
    assert.deepEqual(await names({ 'filter[name]': 'elite' }), ['Élite'])
    assert.deepEqual(await names({ 'filter[term_match]': 'IN' }), ['zinc'])
    await assert.rejects(names({ 'filter[vip]': 'maybe' }), refusal('filter[vip]'))
    await assert.rejects(names({ 'filter[name]': 'a\u0000b' }), refusal('filter[name]'))
  })

  test('the built-in VIP category is made once, also when several ask at the same moment', async (t) => {
    const { categories, store, us, changes } = await newSmallDirectory(t, engine)
    const ask = () => valueOf(store.transact((tx) => builtinVipCategory(tx, us.tenantId, 5)))
    const ids = await Promise.all([ask(), ask(), ask()])
    assert.equal(new Set(ids).size, 1)
    assert.deepEqual(await changes(), [{ tenantId: us.tenantId, entity: 'category', ids: [ids[0]] }])
    const made = await categories.get(us.tenantId, ids[0])
    assert.deepEqual([made.name, made.vip, made.builtin], ['VIP', true, 'vip'])
    await assert.rejects(categories.update(us, made.id, { vip: false }), refusal('vip'))
  })

  test('a category called VIP becomes the built-in one if it is for VIPs; otherwise another name is taken', async (t) => {
    const { categories, store, us, them } = await newSmallDirectory(t, engine)
    const ours = await valueOf(categories.create(us, { name: 'vip', vip: true }))
    assert.equal(await valueOf(store.transact((tx) => builtinVipCategory(tx, us.tenantId, 5))), ours.id)
    const theirs = await valueOf(categories.create(them, { name: 'VIP', vip: false }))
    const made = await valueOf(store.transact((tx) => builtinVipCategory(tx, them.tenantId, 5)))
    assert.notEqual(made, theirs.id)
    const { name, vip } = await categories.get(them.tenantId, made)
    assert.deepEqual([name, vip], ['VIP 2', true])
  })
})
