import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { test, type TestContext } from 'node:test'
import { ADMIN_TOKEN, newHub, type Answer, type Ask } from '../../test/hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../test/stores.ts'
import { until } from '../../test/wire.ts'
import type { Engine } from '../platform/database/engine.ts'
import { openStore, type Store } from '../platform/database/store.ts'
import type { IdempotencyTables } from '../platform/idempotency.ts'

const CUSTOMERS = '/api/v1/customers'
const keyed = (key: string, body: unknown) => ({ body, headers: { 'idempotency-key': key } })
const count = async (ask: Ask, path = CUSTOMERS) => (await ask('GET', path)).json.total as number
const isReplayed = (answer: Answer) => answer.headers.get('idempotency-replayed') === 'true'

/** A hub and a second handle on its store. */
async function newWorld(t: TestContext, engine: Engine) {
  const address = await newReadyAddress(t, engine)
  const dataDir = await newDirectory(t)
  const env: Record<string, string> =
    address.kind === 'sqlite' ? { CORDBOARD_DATA_DIR: new URL('.', `file://${address.file}`).pathname } : {}
  const world = await newHub(t, engine, { address, dataDir, env })
  const store: Store<IdempotencyTables> = await openStore({ address })
  t.after(() => store.close())
  return { ...world, store, address, dataDir, env }
}

/** An upload that has begun and ends when told to. */
function beginUpload(url: string, key: string, book: string) {
  const sent = request(`${url}/api/v1/imports?file_name=a.csv`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      'content-type': 'text/csv',
      'content-length': Buffer.byteLength(book),
      'idempotency-key': key,
    },
  })
  const answered = once(sent, 'response').then(async ([response]) => {
    let text = ''
    for await (const chunk of response) text += String(chunk)
    return { status: response.statusCode as number, json: JSON.parse(text) }
  })
  sent.write(book.slice(0, 10))
  return {
    end() {
      sent.end(book.slice(10))
      return answered
    },
  }
}

onEachStore('Idempotency-Key', (engine) => {
  test('the same request again is answered as before, also after a restart, and does nothing', async (t) => {
    const { hub, ask, address, dataDir, env } = await newWorld(t, engine)
    const wanted = keyed('order-1', { name: 'Dupont', phone: '01 99 00 12 34' })
    const first = await ask('POST', CUSTOMERS, wanted)
    assert.equal(first.status, 201, first.text)
    assert.equal(first.headers.get('idempotency-replayed'), null)
    const second = await ask('POST', CUSTOMERS, wanted)
    assert.deepEqual([second.status, second.text, isReplayed(second)], [201, first.text, true])
    assert.equal(second.headers.get('content-type'), first.headers.get('content-type'))
    await hub.close()
    const again = await newHub(t, engine, { address, dataDir, env })
    const third = await again.ask('POST', CUSTOMERS, wanted)
    assert.deepEqual([third.status, third.text, isReplayed(third)], [201, first.text, true])
    assert.equal(await count(again.ask), 1)
    await again.hub.close()
  })

  test('a key stands for one route and one body, and is a token’s own in its tenant', async (t) => {
    const { ask, newToken } = await newWorld(t, engine)
    assert.equal((await ask('POST', CUSTOMERS, keyed('k', { name: 'A' }))).status, 201)
    for (const [path, body] of [
      [CUSTOMERS, { name: 'B' }],
      ['/api/v1/categories', { name: 'A' }],
    ] as const) {
      const refused = await ask('POST', path, keyed('k', body))
      assert.deepEqual([refused.status, refused.json.code], [422, 'idempotency_key_reused'], path)
    }
    const token = await newToken(['directory:write'])
    const other = await ask('POST', CUSTOMERS, { ...keyed('k', { name: 'B' }), token })
    assert.deepEqual([other.status, isReplayed(other)], [201, false])
    const tenant = (await ask('POST', '/api/v1/tenants', { body: { name: 'Child' } })).json.id
    const there = { 'idempotency-key': 'k', 'cordboard-tenant': String(tenant) }
    assert.equal((await ask('POST', CUSTOMERS, { body: { name: 'C' }, headers: there })).status, 201)
    assert.equal(await count(ask), 2)
    for (const key of ['', 'x'.repeat(201), 'caf\u00e9', 'a\tb']) {
      const refused = await ask('POST', CUSTOMERS, keyed(key, { name: 'D' }))
      assert.deepEqual([refused.status, Object.keys(refused.json.errors)], [422, ['idempotency-key']], key)
    }
    assert.equal((await ask('POST', CUSTOMERS, keyed('x y'.repeat(66), { name: 'D' }))).status, 201)
  })

  test('a refusal is repeated as it was; a fault of the store is not', async (t) => {
    const { ask, store } = await newWorld(t, engine)
    const wanted = keyed('k', { name: 'A', category_id: 1 })
    const refused = await ask('POST', CUSTOMERS, wanted)
    assert.deepEqual([refused.status, Object.keys(refused.json.errors)], [422, ['category_id']])
    assert.equal((await ask('POST', '/api/v1/categories', { body: { name: 'Gold' } })).json.id, 1)
    const replayed = await ask('POST', CUSTOMERS, wanted)
    assert.deepEqual([replayed.status, replayed.text, isReplayed(replayed)], [422, refused.text, true])
    const { sql } = await import('kysely')
    await sql`alter table customers rename to customers_away`.execute(store.write)
    const failed = await ask('POST', CUSTOMERS, keyed('f', { name: 'A' }))
    assert.equal(failed.status, 500, failed.text)
    await sql`alter table customers_away rename to customers`.execute(store.write)
    const made = await ask('POST', CUSTOMERS, keyed('f', { name: 'A' }))
    assert.deepEqual([made.status, isReplayed(made)], [201, false], made.text)
  })

  test('the secret of a token comes again with the answer, and lies nowhere in the store', async (t) => {
    const { ask, store } = await newWorld(t, engine)
    const wanted = keyed('t', { name: 'pbx', scopes: ['identify'] })
    const made = await ask('POST', '/api/v1/tokens', wanted)
    const again = await ask('POST', '/api/v1/tokens', wanted)
    assert.deepEqual([again.status, again.json.token, isReplayed(again)], [201, made.json.token, true])
    const rows = await store.read.selectFrom('idempotency_keys').selectAll().execute()
    assert.ok(!JSON.stringify(rows).includes(made.json.token))
    assert.equal((await ask('GET', '/api/v1/tokens')).json.total, 2)
  })

  test('what is kept to know a request again tells nothing of a password in it', async (t) => {
    const { ask, newToken, store } = await newWorld(t, engine)
    const body = { email: 'a@example.com', password: 'short and bad', memberships: [{ role: 'agent' }] }
    for (const token of [await newToken(['admin']), await newToken(['admin'])])
      await ask('POST', '/api/v1/users', { ...keyed('k', body), token })
    const rows = await store.read.selectFrom('idempotency_keys').select('fingerprint').execute()
    const [one, other, ...more] = rows.map(({ fingerprint }) => fingerprint)
    assert.deepEqual(more, [])
    assert.notEqual(one, other, 'made of the request alone, it could be made of any guess')
  })

  test('while an upload is under way its key is taken; an upload is known by its name and length', async (t) => {
    const { hub, ask, store } = await newWorld(t, engine)
    const book = 'customer_account,customer_name\nU1,Upload\n'
    const upload = beginUpload(hub.url, 'u', book)
    const row = () => store.read.selectFrom('idempotency_keys').select('status').executeTakeFirst()
    await until('the upload has begun', async () => (await row()) !== undefined)
    const path = '/api/v1/imports?file_name=a.csv'
    const wanted = { ...keyed('u', book), type: 'text/csv' }
    const early = await ask('POST', path, wanted)
    assert.deepEqual([early.status, early.json.code], [409, 'request_in_progress'], early.text)
    assert.equal(early.headers.get('retry-after'), '1')
    const done = await upload.end()
    assert.equal(done.status, 202)
    const late = await ask('POST', path, wanted)
    assert.deepEqual([late.status, late.json, isReplayed(late)], [202, done.json, true])
    const longer = await ask('POST', path, { ...wanted, body: `${book}U2,Two\n` })
    assert.deepEqual([longer.status, longer.json.code], [422, 'idempotency_key_reused'])
    await hub.directory.imports.finished(hub.operatorTenantId, done.json.id)
    assert.equal(await count(ask, '/api/v1/imports'), 1)
  })

  test('an upload that was taken over is refused when it ends, and leaves no import', async (t) => {
    const { hub, ask, store } = await newWorld(t, engine)
    const book = 'customer_account,customer_name\nU1,Upload\n'
    const upload = beginUpload(hub.url, 'u', book)
    const row = () => store.read.selectFrom('idempotency_keys').select('status').executeTakeFirst()
    await until('the upload has begun', async () => (await row()) !== undefined)
    await store.write.updateTable('idempotency_keys').set({ lease_until: 0 }).execute()
    const taken = await ask('POST', '/api/v1/imports?file_name=a.csv', {
      ...keyed('u', book),
      type: 'text/csv',
    })
    assert.deepEqual([taken.status, isReplayed(taken)], [202, false], taken.text)
    const late = await upload.end()
    assert.deepEqual([late.status, late.json.code], [409, 'request_in_progress'])
    await hub.directory.imports.finished(hub.operatorTenantId, taken.json.id)
    assert.equal(await count(ask, '/api/v1/imports'), 1)
    assert.equal(await count(ask), 1)
  })

  test('a client that hangs up and asks again gets one customer, whenever it hung up', async (t) => {
    const { hub, ask } = await newWorld(t, engine)
    const ROUNDS = 20
    for (let round = 0; round < ROUNDS; round++) {
      const body = { name: `N${round}` }
      const headers = {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        'content-type': 'application/json',
        'idempotency-key': `round ${round}`,
      }
      const sent = request(hub.url + CUSTOMERS, { method: 'POST', headers })
      sent.on('error', () => {})
      sent.end(JSON.stringify(body))
      // Some hang up before the hub has read a word, some while it writes, some after.
      await new Promise((resolve) => setTimeout(resolve, round % 10))
      sent.destroy()
      let answer: Answer | null = null
      await until('an answer', async () => {
        answer = await ask('POST', CUSTOMERS, keyed(`round ${round}`, body))
        return answer.status === 201
      })
      assert.equal((answer as Answer | null)?.json.name, body.name)
    }
    assert.equal(await count(ask), ROUNDS)
  })

  const hubs = engine === 'postgres' ? 2 : 1
  test(`${hubs} hub(s) on one store, many requests with one key: one customer`, async (t) => {
    const world = await newWorld(t, engine)
    const asks = [world.ask]
    if (hubs === 2) asks.push((await newHub(t, engine, { address: world.address })).ask)
    for (let round = 0; round < 5; round++) {
      const wanted = keyed(`race ${round}`, { name: `Race ${round}` })
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) => asks[i % asks.length]!('POST', CUSTOMERS, wanted)),
      )
      const made = answers.filter((answer) => answer.status === 201 && !isReplayed(answer))
      assert.equal(made.length, 1)
      for (const answer of answers) {
        if (answer.status === 201) assert.equal(answer.text, made[0]?.text)
        else assert.deepEqual([answer.status, answer.json.code], [409, 'request_in_progress'])
      }
      for (const ask of asks) {
        const after = await ask('POST', CUSTOMERS, wanted)
        assert.deepEqual([after.status, after.text, isReplayed(after)], [201, made[0]?.text, true])
      }
      assert.equal(await count(world.ask), round + 1)
    }
  })
})
