import assert from 'node:assert/strict'
import { sql, type Kysely } from 'kysely'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { newHub } from '../../../test/hub.ts'
import { newReadyAddress, newStoreAddress } from '../../../test/stores.ts'
import { openSharedStore, openStore, type Store } from './store.ts'

type Meta = { meta: { name: string; value: string } }

/** Every thread that is started from here on, the youngest last. */
function watchThreads(t: TestContext): Worker[] {
  const threads: Worker[] = []
  const note = (worker: Worker) => void threads.push(worker)
  process.on('worker', note)
  t.after(() => process.off('worker', note))
  return threads
}

/** A store and its threads, the writer's first. */
async function newStore(t: TestContext): Promise<{ store: Store<Meta>; threads: Worker[] }> {
  const address = await newReadyAddress(t, 'sqlite')
  const threads = watchThreads(t)
  const store = await openStore<Meta>({ address })
  t.after(() => store.close())
  return { store, threads }
}

/** Ends the thread; on return the one in its place answers. */
async function endThread(worker: Worker | undefined): Promise<void> {
  const next = once(process, 'worker')
  await worker?.terminate()
  const [started] = (await next) as [Worker]
  await once(started, 'message')
  await setImmediate()
}

const namesIn = async (store: Store<Meta>) =>
  (await store.read.selectFrom('meta').select('name').execute()).map((row) => row.name)
const add = (store: Store<Meta>, name: string) =>
  store.transact(({ db }) => db.insertInto('meta').values({ name, value: '1' }).execute())

/** Keeps a thread busy for longer than it takes to end it. */
const long = (db: Kysely<Meta>) =>
  sql`with recursive n (i) as (select 1 union all select i + 1 from n where i < 3000000) select sum(i) from n`.execute(
    db,
  )

test('a transaction ends with its thread: it fails, nothing of it is there, and the next one goes through', async (t) => {
  const { store, threads } = await newStore(t)
  const [writer] = threads
  const broken = store.transact(async ({ db }) => {
    await db.insertInto('meta').values({ name: 'before', value: '1' }).execute()
    await endThread(writer)
    await db.insertInto('meta').values({ name: 'after', value: '1' }).execute()
  })
  await assert.rejects(broken, { code: 'store_unavailable', message: /nothing was written/ })
  assert.notEqual(store.writesAwaySince(), null)
  await add(store, 'next')
  assert.equal(store.writesAwaySince(), null)
  const names = await namesIn(store)
  assert.deepEqual(
    ['before', 'after', 'next'].map((name) => names.includes(name)),
    [false, false, true],
  )
})

test('a thread that ends amid a question fails it, and of a commit says that nobody knows', async (t) => {
  const { store, threads } = await newStore(t)
  const [writer, ...readers] = threads
  await Promise.all([assert.rejects(long(store.feed), { name: 'SqliteError' }), readers[0]?.terminate()])
  let ended: Promise<unknown> | undefined
  const broken = store.transact(async ({ db }) => {
    await db.insertInto('meta').values({ name: 'perhaps', value: '1' }).execute()
    // The commit waits behind this one.
    long(db).catch(() => {})
    await setImmediate()
    ended = writer?.terminate()
  })
  await assert.rejects(broken, { code: 'store_unavailable', message: /may have been written/ })
  await ended
})

test('a worker that shares the thread is cut off with it, and another one is let in', async (t) => {
  const { store, threads } = await newStore(t)
  const shared = openSharedStore<Meta>(store.share().handle)
  await add(shared, 'one')
  await endThread(threads[0])
  await assert.rejects(add(shared, 'two'), { code: 'store_unavailable' })
  await shared.close()
  const again = openSharedStore<Meta>(store.share().handle)
  await add(again, 'three')
  await again.close()
  const names = await namesIn(store)
  assert.deepEqual(
    ['one', 'two', 'three'].map((name) => names.includes(name)),
    [true, false, true],
  )
})

test('a store is closed while its thread is being started again', async (t) => {
  const threads = watchThreads(t)
  const store = await openStore<Meta>({ address: await newStoreAddress(t, 'sqlite') })
  await threads[0]?.terminate()
  await store.close()
})

test('lookups go on while every thread of the store ends, and writes work again without a restart', async (t) => {
  const threads = watchThreads(t)
  const { ask } = await newHub(t, 'sqlite')
  const isKnown = async (number: string) =>
    (await ask('GET', `/api/isKnownPhoneNumber?number=${number}&format=raw`)).text
  const make = (phone: string) =>
    ask('POST', '/api/v1/customers', { body: { name: 'N', customer_account: phone, phone } })
  assert.equal((await make('0199000001')).status, 201)
  for (const thread of threads.slice()) void thread.terminate()
  const during = await make('0199000002')
  assert.equal(await isKnown('0199000001'), '1')
  // A thread that was quick to come back may have taken it.
  if (during.status !== 201) assert.deepEqual([during.status, during.json.code], [503, 'store_unavailable'])
  let after = await make('0199000003')
  while (after.status === 503) after = await make('0199000003')
  assert.equal(after.status, 201, after.text)
  while ((await isKnown('0199000003')) === '0') await setImmediate()
  assert.equal(await isKnown('0199000002'), during.status === 201 ? '1' : '0')
  let ready = await ask('GET', '/health/ready')
  while (ready.json.status !== 'ready') ready = await ask('GET', '/health/ready')
})
