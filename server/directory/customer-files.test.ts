import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSmallDirectory, refusal, valueOf } from '../../test/small-directory.ts'
import { onEachStore } from '../../test/stores.ts'

onEachStore('customer files', (engine) => {
  test('a file is made, merged into and deleted, each with its audit record', async (t) => {
    const { files, customers, us, audit } = await newSmallDirectory(t, engine)
    const customer_id = (await valueOf(customers.create(us, { name: 'Acme' }))).id
    const made = await valueOf(
      files.create(us, { customer_id, name: ' Head office ', site: 'Lyon', comment: '' }),
    )
    assert.deepEqual([made.name, made.site, made.comment], ['Head office', 'Lyon', null])
    const changed = await valueOf(files.update(us, made.id, { site: null }))
    assert.deepEqual([changed.name, changed.site], ['Head office', null])
    await files.remove(us, made.id)
    await assert.rejects(files.get(us.tenantId, made.id), { code: 'not_found' })
    assert.deepEqual(
      (await audit('customer_file')).map((act) => [act.action, act.before?.['site'], act.after?.['site']]),
      [
        ['create', undefined, 'Lyon'],
        ['update', 'Lyon', null],
        ['delete', null, undefined],
      ],
    )
  })

  test('a file belongs to a customer of its own tenant, and nobody else reaches it', async (t) => {
    const { files, customers, us, them } = await newSmallDirectory(t, engine)
    const ours = (await valueOf(customers.create(us, { name: 'Ours' }))).id
    const theirs = (await valueOf(customers.create(them, { name: 'Theirs' }))).id
    await assert.rejects(files.create(us, { customer_id: theirs, name: 'File' }), refusal('customer_id'))
    const { id } = await valueOf(files.create(us, { customer_id: ours, name: 'File' }))
    await assert.rejects(files.update(us, id, { customer_id: theirs }), refusal('customer_id'))
    await assert.rejects(files.get(them.tenantId, id), { code: 'not_found' })
    await assert.rejects(files.update(them, id, { name: 'Mine' }), { code: 'not_found' })
    await assert.rejects(files.remove(them, id), { code: 'not_found' })
    assert.equal((await files.list(them.tenantId, {})).total, 0)
    assert.equal((await files.get(us.tenantId, id)).name, 'File')
  })

  test('files are listed by customer, in pages', async (t) => {
    const { files, customers, us } = await newSmallDirectory(t, engine)
    const one = (await valueOf(customers.create(us, { name: 'One' }))).id
    const two = (await valueOf(customers.create(us, { name: 'Two' }))).id
    for (const name of ['b', 'a', 'c']) await files.create(us, { customer_id: one, name })
    await files.create(us, { customer_id: two, name: 'd' })
    const page = await files.list(us.tenantId, {
      'filter[customer_id]': String(one),
      sort: 'name',
      per_page: 2,
      page: 2,
    })
    assert.deepEqual(
      page.data.map((file) => file.name),
      ['c'],
    )
    assert.deepEqual([page.total, page.last_page, page.current_page], [3, 2, 2])
  })
})
