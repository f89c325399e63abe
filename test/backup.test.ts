import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Engine } from '../server/platform/database/engine.ts'
import type { StoreAddress } from '../server/platform/database/store.ts'
import { contentOf, environmentOf, runCommand, type Content } from './commands.ts'
import { newHub, type TestHub } from './hub.ts'
import { newDirectory, newStoreAddress, onEachStore } from './stores.ts'

const BOOK = [
  'customer_account,customer_name,customer_phone,category,vip,on_call_duty,first_name,last_name,contact_phones',
  'A1,"Øre, ""Ås"" & Søn",01 99 00 00 01,Gold,1,1,Ann,Of A1,06 39 98 00 01',
  'A2,"two\nlines\u2028and a separator",01 99 00 00 02,,0,,Bea,Of A2,"06 39 98 00 02; fax: 01 99 00 00 99"',
  'A3,=1+1,01 99 00 00 03,,,,,,',
].join('\n')

/** The same store in a place of its own: SQLite's file is in the data directory, as a hub's is. */
async function newPlace(t: TestContext, engine: Engine): Promise<{ address: StoreAddress; dataDir: string }> {
  const address = await newStoreAddress(t, engine)
  const dataDir = address.kind === 'sqlite' ? dirname(address.file) : await newDirectory(t)
  return { address, dataDir }
}

async function newBook(t: TestContext, engine: Engine) {
  const place = await newPlace(t, engine)
  const hub = await newHub(t, engine, place)
  await hub.importBook(BOOK)
  return { ...place, ...hub, env: environmentOf(place.address, place.dataDir) }
}

/** A store restored from a backup has an identity of its own and is otherwise the same. */
function withoutIdentity({ meta = [], ...tables }: Content): Content {
  return { ...tables, meta: meta.filter((row) => !row.includes('database_id')) }
}

async function newCustomer({ ask }: Pick<TestHub, 'ask'>, account: string): Promise<number> {
  const made = await ask('POST', '/api/v1/customers', { body: { customer_account: account, name: account } })
  assert.equal(made.status, 201, made.text)
  return made.json.id
}

onEachStore('backup and restore', (engine) => {
  const ways: [from: Engine, into: Engine][] =
    engine === 'sqlite'
      ? [['sqlite', 'sqlite']]
      : [
          ['postgres', 'postgres'],
          ['postgres', 'sqlite'],
          ['sqlite', 'postgres'],
        ]
  for (const [from, other] of ways) {
    test(`a backup of a running hub on ${from} restores into ${other}, ids and sequences included`, async (t) => {
      const { address, dataDir, env, ask, hub } = await newBook(t, from)
      const gone = await newCustomer({ ask }, 'GONE')
      assert.equal((await ask('DELETE', `/api/v1/customers/${gone}`)).status, 204)
      const file = join(dataDir, 'book.backup')
      const before = await contentOf(address)
      const made = await runCommand(t, ['backup', file], env)
      assert.equal(made.code, 0, made.said)
      assert.match(made.said, /read back and found whole/)
      assert.match(made.said, /secret key .* is not in it/)
      assert.equal((await stat(file)).mode & 0o777, 0o600)
      assert.deepEqual(
        readdirSync(dataDir).filter((name) => name.includes('partial')),
        [],
      )
      const { audit: trail = [], ...rest } = await contentOf(address)
      const { audit: trailBefore = [], ...restBefore } = before
      assert.deepEqual(rest, restBefore)
      const noted = trail.filter((line) => !trailBefore.includes(line))
      assert.equal(noted.length, 1, 'the trail says that somebody took a copy, and nothing else was written')
      assert.match(noted[0] ?? '', /cordboard backup/)
      await hub.close()
      assert.ok(before['customers']?.length === 3 && before['phones']?.length === 6, 'the book is not there')

      const there = await newPlace(t, other)
      const restored = await runCommand(t, ['restore', file], environmentOf(there.address, there.dataDir))
      assert.equal(restored.code, 0, restored.said)
      assert.match(restored.said, /secret key is not part of a backup/)
      const after = await contentOf(there.address)
      assert.deepEqual(withoutIdentity(after), withoutIdentity(before))
      assert.notDeepEqual(after['meta'], before['meta'])

      const again = await newHub(t, other, there)
      const known = await again.ask('GET', '/api/isKnownPhoneNumber?phoneNumber=0639980002&format=raw')
      assert.equal(known.text, '1')
      assert.ok((await newCustomer(again, 'NEW')) > gone, 'the id of a deleted customer was handed out again')
      const category = await again.ask('POST', '/api/v1/categories', { body: { name: 'New' } })
      assert.equal(category.status, 201, category.text)
      assert.equal((await again.importBook(BOOK)).status, 'done')
    })
  }

  test('what is written meanwhile does not tear the backup', async (t) => {
    const { dataDir, env, ask } = await newBook(t, engine)
    const file = join(dataDir, 'book.backup')
    let isDone = false
    let accounts = 0
    const writer = async () => {
      while (!isDone) {
        const account = `W${++accounts}`
        const phones = { phone: `+331980${String(accounts).padStart(5, '0')}` }
        const body = { customer_account: account, name: account, ...phones }
        assert.equal((await ask('POST', '/api/v1/customers', { body })).status, 201)
      }
    }
    const writing = [writer(), writer()]
    const made = await runCommand(t, ['backup', file], env)
    isDone = true
    await Promise.all(writing)
    assert.equal(made.code, 0, made.said)
    const there = await newPlace(t, engine)
    const restored = await runCommand(t, ['restore', file], environmentOf(there.address, there.dataDir))
    assert.equal(restored.code, 0, restored.said)
    // Each of those customers came with one number in the transaction of its own.
    const { customers = [], phones = [] } = await contentOf(there.address)
    assert.ok(customers.length > 3, 'nothing was written before the backup was taken')
    assert.equal(phones.length - 6, customers.length - 3)
  })

  test('a backup that is cut, altered, newer or none is refused, and nothing is written', async (t) => {
    const { dataDir, env } = await newBook(t, engine)
    const file = join(dataDir, 'book.backup')
    assert.equal((await runCommand(t, ['backup', file], env)).code, 0)
    const bytes = await readFile(file)
    const text = gunzipSync(bytes).toString()
    const flipped = Buffer.from(bytes)
    flipped[bytes.length >> 1]! ^= 0x20
    const lines = text.split('\n')
    const header = JSON.parse(lines[0] ?? '')
    const withHeader = (more: object) =>
      gzipSync([JSON.stringify({ ...header, ...more }), ...lines.slice(1)].join('\n'))
    const there = await newPlace(t, engine)
    const into = environmentOf(there.address, there.dataDir)
    for (const [what, content, reason] of [
      ['cut in the middle', bytes.subarray(0, bytes.length >> 1), /is damaged/],
      ['cut by a byte', bytes.subarray(0, -1), /is damaged/],
      ['without its last line', gzipSync(`${lines.slice(0, -2).join('\n')}\n`), /end is missing/],
      ['flipped', flipped, /is damaged/],
      ['another name', gzipSync(text.replace('=1+1', '=1+2')), /rows of customers are not those/],
      ['another header', withHeader({ made_at: '2020-01-01T00:00:00.000Z' }), /checksum/],
      ['with a tail', gzipSync(`${text}[1]\n`), /goes on behind its end/],
      ['newer form', withHeader({ cordboard_backup: 99, version: '9.9.9' }), /newer Cordboard \(9\.9\.9\)/],
      ['no backup', gzipSync('hello\n'), /no backup of Cordboard/],
      ['no gzip', Buffer.from('hello'), /is damaged/],
      ['empty', Buffer.alloc(0), /is damaged|no backup/],
    ] as const) {
      const bad = join(dataDir, 'bad.backup')
      await writeFile(bad, content)
      const { code, said } = await runCommand(t, ['restore', bad], into)
      assert.equal(code, 1, `${what}: ${said}`)
      assert.match(said, reason, what)
      assert.doesNotMatch(said, /\n +at /, what)
      if (there.address.kind === 'sqlite') assert.ok(!existsSync(there.address.file), what)
      else assert.deepEqual(await contentOf(there.address), {}, what)
    }
    assert.equal((await runCommand(t, ['restore', file], into)).code, 0)
  })

  test('a backup of a newer schema is refused with the way out', async (t) => {
    const { dataDir, env } = await newBook(t, engine)
    const file = join(dataDir, 'book.backup')
    assert.equal((await runCommand(t, ['backup', file], env)).code, 0)
    const lines = gunzipSync(await readFile(file))
      .toString()
      .split('\n')
    const header = JSON.parse(lines[0] ?? '')
    const newer = { ...header, version: '7.0.0', schema: [...header.schema, '999-later'] }
    const body = `${[JSON.stringify(newer), ...lines.slice(1, -2)].join('\n')}\n`
    const { createHash } = await import('node:crypto')
    const sealed = `${body}${JSON.stringify({ sha256: createHash('sha256').update(body).digest('hex') })}\n`
    await writeFile(file, gzipSync(sealed))
    const there = await newPlace(t, engine)
    const { code, said } = await runCommand(t, ['restore', file], environmentOf(there.address, there.dataDir))
    assert.equal(code, 1)
    assert.match(said, /newer Cordboard \(7\.0\.0, with 999-later\)\. Restore it with that version/)
  })

  test('a store that holds anything, a running hub and a file that exists are left alone', async (t) => {
    const { address, dataDir, env, hub } = await newBook(t, engine)
    const file = join(dataDir, 'book.backup')
    assert.equal((await runCommand(t, ['backup', file], env)).code, 0)
    const again = await runCommand(t, ['backup', file], env)
    assert.equal(again.code, 1)
    assert.match(again.said, /exists already/)
    assert.equal((await runCommand(t, ['backup', file, '--replace'], env)).code, 0)
    const beside = await runCommand(t, ['restore', file], env)
    assert.match(beside.said, /Another hub is already running/)
    await hub.close()
    const before = await contentOf(address)
    const over = await runCommand(t, ['restore', file], env)
    assert.equal(over.code, 1)
    assert.match(over.said, /holds (a store|data) already/)
    assert.deepEqual(await contentOf(address), before)
  })

  test('without a store there is nothing to back up, and none is made', async (t) => {
    const { address, dataDir } = await newPlace(t, engine)
    const { code, said } = await runCommand(
      t,
      ['backup', join(dataDir, 'book.backup')],
      environmentOf(address, dataDir),
    )
    assert.equal(code, 1)
    assert.match(said, /There is no store|The store is empty/)
    assert.deepEqual(readdirSync(dataDir), [])
  })
})
