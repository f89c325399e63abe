import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { ADMIN_TOKEN, newHub, type TestHub } from './hub.ts'
import { sendAll } from './many-requests.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'
import { newWire, until } from './wire.ts'

const LOOKUPS = 10_000
const NUMBERS = 200
const numberOf = (i: number) => `0199${String(i).padStart(6, '0')}`

function book(): string {
  const rows = Array.from({ length: NUMBERS }, (_, i) => `CL${i},Customer ${i},${numberOf(i)},${i % 2}`)
  return `customer_account,customer_name,customer_phone,vip\n${rows.join('\n')}\n`
}

/** Every lookup of a mix of hits, misses, VIPs and accounts must be right. */
async function allLookupsAreRight(url: string, count: number): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const ask = (i: number) => {
    const subject = i % NUMBERS
    if (i % 4 === 0)
      return { path: `/api/isKnownPhoneNumber?format=raw&number=${numberOf(subject)}`, right: '1' }
    if (i % 4 === 1)
      return {
        path: `/api/isVipByPhoneNumber?format=raw&number=${numberOf(subject)}`,
        right: String(subject % 2),
      }
    if (i % 4 === 2)
      return { path: `/api/isVipByCustomerAccount?format=raw&code=CL${subject}`, right: String(subject % 2) }
    return {
      path: `/api/isKnownPhoneNumber?format=raw&number=0198${String(subject).padStart(6, '0')}`,
      right: '0',
    }
  }
  let right = 0
  await sendAll(
    url,
    Array.from({ length: count }, (_, i) => ask(i)),
    ({ path }) => ({ path, headers }),
    (item, answer) => {
      assert.deepEqual([answer.status, answer.body], [200, item.right], item.path)
      right++
    },
  )
  assert.equal(right, count)
}

async function statusOf({ ask }: TestHub): Promise<string> {
  return (await ask('GET', '/health/ready', { token: null })).json.status
}

const PROFILE = {
  name: 'All',
  deadline_ms: 50,
  outbound_number: '+33199001000',
  rules: [
    { name: 'back', when: { last_agent: {} }, destination: { type: 'last_agent', value: '' } },
    { name: 'rest', when: {}, destination: { type: 'queue', value: '800' } },
  ],
}

/** Asks for routes, by number and account, and for caller data; answers once all are there. */
async function askRoutes({ ask }: TestHub): Promise<string[]> {
  const questions = [
    () => ask('GET', `/api/v1/route?number=${numberOf(1)}&call=held`),
    () => ask('GET', '/api/v1/route?account=CL2&call=held'),
    () =>
      ask('POST', '/api/v1/route', {
        body: { number: numberOf(3), call: 'held' },
        headers: { 'idempotency-key': 'route-1' },
      }),
    () => ask('POST', '/api/v1/route/simulate', { body: { number: numberOf(4), call: 'held' } }),
  ]
  const routes = (await Promise.all(questions.map((one) => one()))).map(({ status, json }) => {
    assert.equal(status, 200)
    return `${json.known} ${json.destination.value}`
  })
  const { json } = await ask('GET', `/api/caller-data?telephone=${numberOf(5)}&uniqueid=held&extended=1`)
  return [...routes, `${json.name} ${json.direct_line} ${json.outbound_number}`]
}
const ROUTED = ['true 800', 'true 800', 'true 800', 'true 800', 'Customer 5 800 +33199001000']

/** The decisions of `askRoutes` that are kept. */
const kept = async ({ ask }: TestHub): Promise<number> =>
  (await ask('GET', '/api/v1/decisions?filter[call]=held')).json.total

onEachStore('a store that does not answer', (engine) => {
  const onPostgres = engine === 'postgres'
  if (onPostgres)
    test('held up: routes and caller data wait for nothing, and what was decided is written later', async (t) => {
      const address = await newReadyAddress(t, engine)
      assert.ok(address.kind === 'postgres')
      const wire = await newWire(t, address.url)
      const world = await newHub(t, engine, { address: { kind: 'postgres', url: wire.url } })
      await world.importBook(book())
      assert.equal((await world.ask('POST', '/api/v1/profiles', { body: PROFILE })).status, 201)
      wire.hold()
      assert.deepEqual(await askRoutes(world), ROUTED)
      wire.mend()
      await until('every decision is kept', async () => (await kept(world)) === 4)
    })

  if (onPostgres)
    test('cut off: lookups go on, writes say so, and everything recovers without a restart', async (t) => {
      const address = await newReadyAddress(t, engine)
      assert.ok(address.kind === 'postgres')
      const wire = await newWire(t, address.url)
      const world = await newHub(t, engine, { address: { kind: 'postgres', url: wire.url } })
      await world.importBook(book())
      wire.cut()
      await allLookupsAreRight(world.hub.url, LOOKUPS)
      const refused = await world.ask('POST', '/api/v1/customers', {
        body: { name: 'Late', customer_account: 'LATE' },
      })
      assert.deepEqual([refused.status, refused.json.code], [503, 'store_unavailable'])
      await until('degraded', async () => (await statusOf(world)) === 'degraded')
      wire.mend()
      await until('ready again', async () => (await statusOf(world)) === 'ready')
      const made = await world.ask('POST', '/api/v1/customers', {
        body: { name: 'Late', customer_account: 'LATE' },
      })
      assert.equal(made.status, 201, made.text)
      assert.equal((await world.ask('GET', '/api/isKnownCustomerAccount?code=LATE&format=raw')).text, '1')
    })

  if (!onPostgres)
    test('another process holds the file for a while: lookups are all right, and the write waits its turn', async (t) => {
      const file = join(await newDirectory(t), 'cordboard.db')
      const world = await newHub(t, engine, {
        address: { kind: 'sqlite', file },
        env: { CORDBOARD_DATA_DIR: join(file, '..') },
      })
      await world.importBook(book())
      assert.equal((await world.ask('POST', '/api/v1/profiles', { body: PROFILE })).status, 201)
      const holder = spawn(process.execPath, [
        '-e',
        `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync(${JSON.stringify(file)})
       db.exec('begin immediate'); console.log('held'); process.stdin.on('end', () => db.exec('rollback')).resume()`,
      ])
      t.after(() => holder.kill('SIGKILL'))
      await once(holder.stdout, 'data')
      const write = world.ask('POST', '/api/v1/customers', {
        body: { name: 'Late', customer_account: 'LATE' },
      })
      let written = false
      void write.then(() => (written = true))
      assert.deepEqual(await askRoutes(world), ROUTED)
      // As many as there is time for: the write gives up after ten seconds.
      const release = performance.now() + 1_500
      await allLookupsAreRight(world.hub.url, 500)
      while (performance.now() < release) await allLookupsAreRight(world.hub.url, 500)
      assert.equal(written, false)
      holder.stdin.end()
      assert.equal((await write).status, 201)
      await until('every decision is kept', async () => (await kept(world)) === 4)
      assert.equal((await world.ask('GET', '/api/isKnownCustomerAccount?code=LATE&format=raw')).text, '1')
    })
})
