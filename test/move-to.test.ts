import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { test, type TestContext } from 'node:test'
import { contentOf, environmentOf, runCommand, startCommand, type Ended } from './commands.ts'
import { newHub } from './hub.ts'
import { seeded } from './many-requests.ts'
import { newDirectory, newStoreAddress } from './stores.ts'
import type { StoreAddress } from '../server/platform/database/store.ts'

const ROWS = 5_000
const book = [
  'customer_account,customer_name,customer_phone,first_name,last_name,contact_phones',
  ...Array.from(
    { length: ROWS },
    (_, i) =>
      `A${i},"No. ${i}, ""é""",0199${String(i).padStart(6, '0')},Ann,Of ${i},0639${String(980_000 + i)}`,
  ),
].join('\n')

/** PostgreSQL does not check it here; the command must not show it all the same. */
const PASSWORD = 'open-sesame'

type Places = {
  source: StoreAddress & { kind: 'sqlite' }
  dataDir: string
  target: StoreAddress
  url: string
}

async function newPlaces(t: TestContext): Promise<Places> {
  const source = await newStoreAddress(t, 'sqlite')
  const target = await newStoreAddress(t, 'postgres')
  if (source.kind !== 'sqlite' || target.kind !== 'postgres') throw new Error('other engines than asked for')
  const url = new URL(target.url)
  // A server that trusts everybody takes any.
  url.password ||= PASSWORD
  return { source, dataDir: dirname(source.file), target, url: url.href }
}

async function newBook(t: TestContext, csv = book): Promise<Places> {
  const places = await newPlaces(t)
  const hub = await newHub(t, 'sqlite', { address: places.source, dataDir: places.dataDir })
  assert.equal((await hub.importBook(csv)).accepted, csv.split('\n').length - 1)
  const gone = await hub.ask('POST', '/api/v1/customers', { body: { name: 'Gone' } })
  assert.equal((await hub.ask('DELETE', `/api/v1/customers/${gone.json.id}`)).status, 204)
  await hub.hub.close()
  return places
}

/** Kills the move once it says that this share of the rows is copied; from 100 on, that the rest of it is compared. */
async function killAt(t: TestContext, { source, dataDir, url }: Places, percent: number): Promise<Ended> {
  const { child, ended } = startCommand(t, ['move-to', url], environmentOf(source, dataDir))
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += String(chunk)
    const shares = [...said.matchAll(/(\d+) % .* rows (\w+)/g)].map(
      ([, share, act]) => Number(share) + (act === 'compared' ? 100 : 0),
    )
    if (Math.max(...shares) >= percent) child.kill('SIGKILL')
  })
  return await ended
}

/** Places whose move was killed: these, or others where this one was over before the signal arrived. */
async function killedAt(t: TestContext, given: Places, percent: number): Promise<Places> {
  const { code, said } = await killAt(t, given, percent)
  if (code === 0) return await killedAt(t, await newBook(t), percent >> 1)
  assert.equal(code, null, `not killed at ${percent} %: ${said}`)
  return given
}

const moveTo = (t: TestContext, { source, dataDir, url }: Places) =>
  runCommand(t, ['move-to', url], environmentOf(source, dataDir))

/** What the target holds, without the line of its audit trail that says so: that one is checked here. */
async function contentMoved({ target }: Places): Promise<Record<string, string[]>> {
  const { audit = [], ...rest } = await contentOf(target)
  const noted = audit.filter((line) => line.includes('cordboard move-to'))
  assert.equal(noted.length, 1, 'the trail says once that the store was moved')
  return { ...rest, audit: audit.filter((line) => !noted.includes(line)) }
}

async function serve(t: TestContext, { target }: Places): Promise<Ended> {
  return await runCommand(t, ['serve'], environmentOf(target, await newDirectory(t)))
}

test('move-to (sqlite to postgres)', async (t) => {
  if (!process.env['CORDBOARD_TEST_POSTGRES']) return t.skip('needs CORDBOARD_TEST_POSTGRES')

  await t.test('killed three times at random it still ends with both sides the same', async (t) => {
    let places = await newBook(t)
    const random = seeded(Number(process.env['CORDBOARD_TEST_SEED'] ?? Date.now() % 100_000))
    const kills = Array.from({ length: 3 }, () => Math.floor(random() * 160)).sort((a, b) => a - b)
    for (const percent of kills) {
      places = await killedAt(t, places, percent)
      const refused = await serve(t, places)
      assert.equal(refused.code, 1)
      assert.match(refused.said, /half moved.*move-to.*Run it again/, `killed at ${percent} %`)
    }
    const moved = await moveTo(t, places)
    assert.equal(moved.code, 0, moved.said)
    assert.match(moved.said, /the same on both sides/)
    assert.ok(!moved.said.includes(new URL(places.url).password), moved.said)
    const there = await contentMoved(places)
    assert.equal(there['customers']?.length, ROWS)
    assert.deepEqual(there, await contentOf(places.source))

    const again = await moveTo(t, places)
    assert.equal(again.code, 1)
    assert.match(again.said, /holds data already/)
    const hub = await newHub(t, 'postgres', { address: places.target, dataDir: places.dataDir })
    const known = await hub.ask('GET', '/api/isKnownPhoneNumber?phoneNumber=0639980007&format=raw')
    assert.equal(known.text, '1')
    const made = await hub.ask('POST', '/api/v1/customers', { body: { name: 'New' } })
    assert.ok(made.json.id > 2 * ROWS + 1, `the id ${made.json.id} was handed out a second time`)
    assert.equal((await hub.importBook(book)).status, 'done')
  })

  await t.test('what is changed between two runs is moved as it is then', async (t) => {
    const places = await killedAt(t, await newBook(t), 40)
    const hub = await newHub(t, 'sqlite', { address: places.source, dataDir: places.dataDir })
    const renamed = await hub.ask('PATCH', '/api/v1/customers/1', { body: { name: 'Renamed' } })
    assert.equal(renamed.status, 200, renamed.text)
    assert.equal((await hub.ask('DELETE', '/api/v1/customers/2')).status, 204)
    await hub.hub.close()
    const moved = await moveTo(t, places)
    assert.equal(moved.code, 0, moved.said)
    assert.deepEqual(await contentMoved(places), await contentOf(places.source))
  })

  await t.test('a database in use, another half moved store and a running hub are refused', async (t) => {
    const small = book.split('\n').slice(0, 3).join('\n')
    const places = await newBook(t, small)
    const hub = await newHub(t, 'sqlite', { address: places.source, dataDir: places.dataDir })
    const beside = await moveTo(t, places)
    assert.equal(beside.code, 1)
    assert.match(beside.said, /Another hub is already running/)
    await hub.hub.close()

    const other = await killedAt(t, await newBook(t), 30)
    const onto = await moveTo(t, { ...places, url: other.url })
    assert.equal(onto.code, 1)
    assert.match(onto.said, /Another store is half moved/)

    const used = await newHub(t, 'postgres', { address: places.target })
    await used.hub.close()
    const before = await contentOf(places.target)
    const over = await moveTo(t, places)
    assert.equal(over.code, 1)
    assert.match(over.said, /holds data already/)
    assert.deepEqual(await contentOf(places.target), before)
  })
})

test('move-to says what is wrong without the password', async (t) => {
  const dataDir = await newDirectory(t)
  const environment = environmentOf({ kind: 'sqlite', file: '' }, dataDir)
  for (const [url, reason] of [
    [`postgres://cordboard:${PASSWORD}@127.0.0.1:1/nowhere`, /There is no SQLite store/],
    [`mysql://cordboard:${PASSWORD}@127.0.0.1:1/nowhere`, /not a postgres:\/\//],
  ] as const) {
    const { code, said } = await runCommand(t, ['move-to', url], environment)
    assert.equal(code, 1)
    assert.match(said, reason)
    assert.ok(!said.includes(PASSWORD), said)
  }
  const hub = await newHub(t, 'sqlite', {
    dataDir,
    address: { kind: 'sqlite', file: `${dataDir}/cordboard.db` },
  })
  await hub.hub.close()
  const away = await runCommand(
    t,
    ['move-to', `postgres://cordboard:${PASSWORD}@127.0.0.1:1/nowhere`],
    environment,
  )
  assert.equal(away.code, 1)
  assert.match(away.said, /cannot be reached/)
  assert.ok(!away.said.includes(PASSWORD), away.said)
})
