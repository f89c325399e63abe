import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { newStore, onEachStore } from '../../test/stores.ts'
import { withReceipt } from './current-receipt.ts'
import type { MetaTable } from './changes.ts'
import type { Store } from './database/store.ts'
import { openIdempotency, type Claim, type IdempotencyTables, type KeyedRequest } from './idempotency.ts'

type Tables = IdempotencyTables & { meta: MetaTable }

const asked: KeyedRequest = {
  tenantId: 1,
  tokenId: 1,
  key: 'k-1',
  fingerprint: 'POST /a',
  secret: 'a token of the client',
}
const refusal = (code: string) => (error: { code?: string }) => error.code === code

async function newTenant(store: Store<Tables>) {
  const row = {
    id: 1,
    name: 'A',
    match_tail: 0,
    match_switchboard: 0,
    active: 1,
    created_at: 0,
    updated_at: 0,
  }
  await store.write
    .insertInto('tenants' as never)
    .values(row)
    .execute()
}

/** Does something under a claim, as a handler would. */
function act<T>(store: Store<Tables>, claim: Claim, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) =>
    withReceipt(claim, () => {
      store
        .transact(async ({ db }) => {
          await db.insertInto('meta').values({ name: randomUUID(), value: 'x' }).execute()
          return work()
        })
        .then(({ value }) => resolve(value), reject)
    }),
  )
}

const acts = async (store: Store<Tables>) =>
  (await store.read.selectFrom('meta').select('name').where('value', '=', 'x').execute()).length

onEachStore('idempotency keys', (engine) => {
  const open = async (t: TestContext) => {
    const store = await newStore<Tables>(t, engine)
    await newTenant(store)
    const idempotency = openIdempotency(store, assert.ifError)
    const ours = async (request = asked) => {
      const claim = await idempotency.claim(request)
      assert.ok('finish' in claim, 'the key is free')
      t.after(claim.stop)
      return claim
    }
    const endLeases = () => store.write.updateTable('idempotency_keys').set({ lease_until: 0 }).execute()
    return { store, idempotency, ours, endLeases }
  }

  test('the act and its answer are one transaction: whoever dies after it has answered', async (t) => {
    const { store, idempotency, ours } = await open(t)
    await act(store, await ours(), () => Promise.resolve({ id: 7 }))
    assert.deepEqual(await idempotency.claim(asked), { status: 200, body: '{"id":7}' })
    assert.equal(await acts(store), 1)
  })

  test('an act that is rolled back takes its answer along', async (t) => {
    const { store, idempotency, ours } = await open(t)
    const claim = await ours()
    const failing = act(store, claim, () => Promise.reject(new Error('no')))
    await assert.rejects(failing, /no/)
    await assert.rejects(idempotency.claim(asked), refusal('request_in_progress'))
    await claim.release()
    await act(store, await ours(), () => Promise.resolve({ id: 8 }))
    assert.deepEqual(await idempotency.claim(asked), { status: 200, body: '{"id":8}' })
  })

  test('what is left behind is taken over once its lease has ended, and then the first may not act any more', async (t) => {
    const { store, idempotency, ours, endLeases } = await open(t)
    const first = await ours()
    await assert.rejects(idempotency.claim(asked), refusal('request_in_progress'))
    await endLeases()
    const second = await ours()
    await assert.rejects(
      act(store, first, () => Promise.resolve({ id: 1 })),
      refusal('request_in_progress'),
    )
    assert.equal(await acts(store), 0)
    await act(store, second, () => Promise.resolve({ id: 2 }))
    assert.equal(await acts(store), 1)
    await first.release()
    assert.deepEqual(await idempotency.claim(asked), { status: 200, body: '{"id":2}' })
  })

  test('of many who come at once, one acts', async (t) => {
    const { store, idempotency } = await open(t)
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => idempotency.claim(asked)))
    const taken = outcomes.filter(({ status }) => status === 'fulfilled')
    assert.equal(taken.length, 1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'request_in_progress')
    const [won] = taken
    const claim = won?.status === 'fulfilled' ? (won.value as Claim) : null
    claim?.stop()
    assert.ok(claim)
    await act(store, claim, () => Promise.resolve({}))
  })

  test('an answer is kept for a day, and can only be read with the token that asked', async (t) => {
    const { store, idempotency, ours } = await open(t)
    await act(store, await ours(), () => Promise.resolve({ token: 'of great secrecy' }))
    const row = await store.read.selectFrom('idempotency_keys').selectAll().executeTakeFirstOrThrow()
    assert.ok(!Buffer.from(row.body ?? '', 'base64').includes('secrecy') && !row.body?.includes('secrecy'))
    await assert.rejects(idempotency.claim({ ...asked, secret: 'another' }), /authenticate/)
    assert.equal(await idempotency.prune(), 0)
    const dayAgo = row.created_at - 24 * 3_600_000
    await store.write.updateTable('idempotency_keys').set({ created_at: dayAgo }).execute()
    await act(store, await ours({ ...asked, fingerprint: 'POST /b' }), () => Promise.resolve({ id: 3 }))
    await store.write.updateTable('idempotency_keys').set({ created_at: dayAgo }).execute()
    assert.equal(await idempotency.prune(), 1)
  })
})
