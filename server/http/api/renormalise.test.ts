import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub } from '../../../test/hub.ts'
import { newSmallDirectory, valueOf } from '../../../test/small-directory.ts'
import { onEachStore } from '../../../test/stores.ts'
import { openRenormalise } from '../../directory/renormalise.ts'
import { openLog } from '../../platform/log.ts'

onEachStore('reading the numbers again', (engine) => {
  test('once the country is named, national numbers become whole, and lookups follow', async (t) => {
    const { ask, hub, importBook } = await newHub(t, engine, { env: { CORDBOARD_COUNTRY: '' } })
    const body = { name: 'A', phone: '01 99 00 12 34', other_phones: ['+49 30 901820', 'ask Anna'] }
    const { id } = (await ask('POST', '/api/v1/customers', { body })).json
    await ask('POST', '/api/v1/contacts', { body: { last_name: 'B', phones: ['0639980001'] } })
    const url = '/api/v1/quality/renormalise'
    assert.equal((await ask('GET', url)).status, 404)
    const early = await ask('POST', url, { body: { country: 'tenant' } })
    assert.deepEqual([early.status, early.json.code], [422, 'country_required'])
    await ask('PATCH', `/api/v1/tenants/${hub.operatorTenantId}`, { body: { country: 'FR' } })

    const run = async (given: object) => {
      const started = await ask('POST', url, { body: given })
      assert.deepEqual([started.status, started.json.numbers_total], [202, 4], started.text)
      await hub.directory.renormalise.finished()
      const { status, numbers_read, changed, error } = (await ask('GET', url)).json
      return [status, numbers_read, changed, error]
    }
    assert.deepEqual(await run({}), ['done', 4, 2, null])
    const seen = (await ask('GET', `/api/v1/customers/${id}`)).json
    assert.deepEqual([seen.phone, seen.phone_e164], ['01 99 00 12 34', '+33199001234'])
    assert.equal((await ask('GET', '/api/v1/lookup/+33639980001')).json.tier, 'exact')
    assert.deepEqual(await run({}), ['done', 4, 0, null], 'the same again changes nothing')

    await ask('PATCH', `/api/v1/tenants/${hub.operatorTenantId}`, { body: { country: 'IT' } })
    assert.deepEqual(await run({ country: 'written' }), ['done', 4, 0, null], 'each as it was written')
    assert.deepEqual(await run({ country: 'tenant' }), ['done', 4, 2, null])
    assert.equal((await ask('GET', '/api/v1/lookup/+390639980001')).json.tier, 'exact')
    assert.equal((await ask('POST', url, { body: { country: 'XX' } })).status, 422)

    // A person known by nothing but a number stays known by it.
    await importBook('account,mobile\r\nB1,0639980002\r\n', 'country=FR')
    const again = await ask('POST', url, { body: { country: 'tenant' } })
    assert.equal(again.status, 202)
    await hub.directory.renormalise.finished()
    await importBook('account,mobile\r\nB1,0639980002\r\n', 'country=IT')
    assert.equal((await ask('GET', '/api/v1/contacts')).json.total, 2)
  })

  test('one at a time; stopped between batches it goes on where it was, and is told once in the audit trail', async (t) => {
    const { customers, store, us, them, world, changes, audit } = await newSmallDirectory(t, engine)
    world.country = null
    const numbers = ['0199001201', '0199001202', '0199001203', '0199001204', '0199001205']
    const { id } = await valueOf(
      customers.create(us, { name: 'A', phone: '0199001200', other_phones: numbers }),
    )
    await customers.create(them, { name: 'B', phone: '0199001200' })
    world.country = 'FR'
    const told = (await changes()).length
    const options = {
      store,
      clock: { now: () => world.now },
      log: openLog({ level: 'silent' }),
      country: () => world.country,
      batch: 2,
    }
    const stopping: Promise<void>[] = []
    const first = openRenormalise({
      ...options,
      onBatch() {
        if (stopping.length === 0) stopping.push(first.close())
      },
    })
    await first.start(us, {})
    await assert.rejects(first.start(us, {}), { code: 'conflict' })
    await first.finished()
    await Promise.all(stopping)
    const half = await first.last(us.tenantId)
    assert.deepEqual([half.status, half.numbers_read, half.changed], ['running', 2, 2])

    const second = openRenormalise(options)
    await second.resume()
    await second.finished()
    const whole = await second.last(us.tenantId)
    assert.deepEqual([whole.status, whole.numbers_read, whole.changed], ['done', 6, 6])
    const read = (await customers.get(us.tenantId, id)).phone_e164
    assert.equal(read, '+33199001200')
    assert.deepEqual(
      (await changes()).slice(told).map((change) => [change.tenantId, change.entity, change.ids]),
      Array.from({ length: 3 }, () => [us.tenantId, 'customer', [id]]),
    )
    assert.deepEqual(
      (await audit('phones')).map(({ action, after }) => [action, after?.['changed']]),
      [['renormalise', 6]],
    )
    const { national } = await store.read
      .selectFrom('phones')
      .select('national')
      .where('tenant_id', '=', them.tenantId)
      .executeTakeFirstOrThrow()
    assert.equal(national, '199001200', 'another tenant’s numbers stay')
  })
})
