import assert from 'node:assert/strict'
import { copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openLog } from '../server/platform/log.ts'
import { newHub, type TestHub } from './hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'
import { newWire, until } from './wire.ts'

const BOOK = `customer_account,customer_name,customer_phone,vip,on_call_duty,first_name,last_name,contact_phones
CL1,Acme,0199000001,1,1,Ann,Lee,0199000002
CL2,Bolt,0199000003,0,0,,,`

const raw = async ({ ask }: TestHub, question: string, query: string, token?: string) =>
  (await ask('GET', `/api/${question}?format=raw&${query}`, token === undefined ? {} : { token })).text

async function answersOf(world: TestHub): Promise<string> {
  const answers = [
    await raw(world, 'isKnownPhoneNumber', 'number=0199000002'),
    await raw(world, 'isVipByPhoneNumber', 'number=0199000001'),
    await raw(world, 'isVipByPhoneNumber', 'number=0199000003'),
    await raw(world, 'hasOnCallDutyContractByCustomerAccount', 'code=CL1'),
    await raw(world, 'isKnownPhoneNumber', 'number=0199000009'),
  ]
  return answers.join('')
}
const RIGHT = '11010'

function newLog() {
  const lines: Record<string, unknown>[] = []
  const destination = {
    write(text: string) {
      for (const line of text.trimEnd().split('\n')) lines.push(JSON.parse(line) as Record<string, unknown>)
    },
  }
  const told = (message: RegExp) => lines.filter(({ msg }) => message.test(String(msg)))
  return { log: openLog({ level: 'info', destination }), told }
}

/** A data directory of a hub that imported the book and stopped. */
async function newUsedDirectory(
  t: TestContext,
  open: (dataDir: string) => Promise<TestHub>,
): Promise<string> {
  const dataDir = await newDirectory(t)
  const world = await open(dataDir)
  await world.importBook(BOOK)
  await world.hub.close()
  return dataDir
}

/** Ways to spoil a snapshot, and what the refusal says. */
const SPOILS: [name: string, spoil: (bytes: Buffer) => Buffer, reason: RegExp][] = [
  ['empty', () => Buffer.alloc(0), /ends too early/],
  ['another kind of file', () => Buffer.alloc(4_096, 'x'), /is no snapshot/],
  ['cut short', (bytes) => bytes.subarray(0, bytes.length - 40), /bytes instead of/],
  ['cut in its head', (bytes) => bytes.subarray(0, 100), /ends too early/],
  ['a bit of memory turned', (bytes) => turned(bytes, bytes.length - 100), /checksum/],
  ['a letter of its head changed', (bytes) => changed(bytes, '"writtenAt":1', '"writtenAt":2'), /checksum/],
  ['of another form', (bytes) => changed(bytes, '"form":', '"from":'), /lays memory out differently/],
]

function turned(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return bytes
}

function changed(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from)
  assert.ok(at > 0, from)
  bytes.write(to.slice(0, from.length), at)
  return bytes
}

onEachStore('a snapshot', (engine) => {
  test('a hub goes on from it, with what was changed since', async (t) => {
    const address = await newReadyAddress(t, engine)
    const dataDir = await newUsedDirectory(t, (place) => newHub(t, engine, { address, dataDir: place }))
    const file = join(dataDir, 'memory.snapshot')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    const earlier = `${file}.kept`
    await copyFile(file, earlier)
    const between = await newHub(t, engine, { address, dataDir })
    const made = await between.ask('POST', '/api/v1/customers', {
      body: { name: 'New', phone: '0199000009' },
    })
    assert.equal(made.status, 201, made.text)
    await between.hub.close()
    await copyFile(earlier, file)

    const { log, told } = newLog()
    const world = await newHub(t, engine, { address, dataDir, log })
    assert.equal(told(/is in memory/)[0]?.['from'], 'snapshot')
    await until('what was written after it is known', async () => (await answersOf(world)) === '11011')
    const ready = await world.ask('GET', '/health/ready', { token: null })
    assert.deepEqual([ready.json.status, typeof ready.json.snapshot_written_at], ['ready', 'string'])
  })

  test('a hub on an older one answers only once it knows what was acknowledged since', async (t) => {
    const address = await newReadyAddress(t, engine)
    const dataDir = await newUsedDirectory(t, (place) => newHub(t, engine, { address, dataDir: place }))
    const file = join(dataDir, 'memory.snapshot')
    await copyFile(file, `${file}.kept`)
    const between = await newHub(t, engine, { address, dataDir })
    const rows = Array.from({ length: 4_000 }, (_, i) => `N${i},New ${i},0198${String(i).padStart(6, '0')}`)
    await between.importBook(`customer_account,customer_name,customer_phone\n${rows.join('\n')}\n`)
    const secret = await between.newToken(['identify'])
    await between.hub.close()
    await copyFile(`${file}.kept`, file)

    const { log, told } = newLog()
    const world = await newHub(t, engine, { address, dataDir, log })
    assert.equal(told(/is in memory/)[0]?.['from'], 'snapshot')
    assert.equal(await raw(world, 'isKnownCustomerAccount', 'code=N3999', secret), '1')
  })

  test('a spoilt one is refused with the reason and never used', async (t) => {
    const address = await newReadyAddress(t, engine)
    const dataDir = await newUsedDirectory(t, (place) => newHub(t, engine, { address, dataDir: place }))
    const file = join(dataDir, 'memory.snapshot')
    const whole = await readFile(file)
    for (const [name, spoil, reason] of SPOILS) {
      await writeFile(file, spoil(Buffer.from(whole)))
      const { log, told } = newLog()
      const world = await newHub(t, engine, { address, dataDir, log })
      assert.match(String(told(/not used/)[0]?.['reason']), reason, name)
      assert.equal(told(/is in memory/)[0]?.['from'], 'store', name)
      assert.equal(await answersOf(world), RIGHT, name)
      await world.hub.close()
      assert.deepEqual(
        (await readFile(file)).subarray(0, 8),
        whole.subarray(0, 8),
        `${name}: a good one in its place`,
      )
    }
  })

  test('one that holds more than the database is refused', async (t) => {
    const address = await newReadyAddress(t, engine)
    const dataDir = await newUsedDirectory(t, (place) => newHub(t, engine, { address, dataDir: place }))
    const { openStore } = await import('../server/platform/database/store.ts')
    const store = await openStore<{ changes: { seq: number } }>({ address: placeOf(address, dataDir) })
    await store.write.deleteFrom('changes').where('seq', '>', 1).execute()
    await store.close()
    const { log, told } = newLog()
    await newHub(t, engine, { address, dataDir, log })
    assert.match(String(told(/not used/)[0]?.['reason']), /ahead of the database/)
  })

  if (engine === 'postgres')
    test('a hub starts and answers without the database, and follows it once it is there', async (t) => {
      const direct = await newReadyAddress(t, engine)
      assert.ok(direct.kind === 'postgres')
      const wire = await newWire(t, direct.url)
      const address = { kind: 'postgres' as const, url: wire.url }
      const dataDir = await newUsedDirectory(t, (place) => newHub(t, engine, { address, dataDir: place }))
      wire.cut()
      const { log, told } = newLog()
      const world = await newHub(t, engine, { address, dataDir, log })
      assert.equal(told(/runs on its snapshot/).length, 1)
      assert.equal(await answersOf(world), RIGHT)
      const ready = await world.ask('GET', '/health/ready', { token: null })
      assert.deepEqual([ready.status, ready.json.status], [200, 'degraded'])
      assert.equal(
        (await world.ask('GET', '/api/isKnownPhoneNumber?number=1', { token: 'cb_wrong' })).status,
        401,
      )
      const refused = await world.ask('POST', '/api/v1/customers', { body: { name: 'Late' } })
      assert.deepEqual([refused.status, refused.json.code], [503, 'store_unavailable'])

      const elsewhere = await newHub(t, engine, { address: direct })
      await elsewhere.ask('POST', '/api/v1/customers', { body: { name: 'New', phone: '0199000009' } })
      wire.mend()
      await until('what happened meanwhile is known', async () => (await answersOf(world)) === '11011')
      await until('ready', async () => (await world.ask('GET', '/health/ready')).json.status === 'ready')
      const made = await world.ask('POST', '/api/v1/customers', {
        body: { name: 'Late', phone: '0199000010' },
      })
      assert.equal(made.status, 201, made.text)
      assert.equal(await raw(world, 'isKnownPhoneNumber', 'number=0199000010'), '1')
    })

  if (engine === 'postgres')
    test('without the database and without a usable snapshot a hub says what is missing', async (t) => {
      const direct = await newReadyAddress(t, engine)
      assert.ok(direct.kind === 'postgres')
      const wire = await newWire(t, direct.url)
      const address = { kind: 'postgres' as const, url: wire.url }
      const dataDir = await newUsedDirectory(t, (place) => newHub(t, engine, { address, dataDir: place }))
      wire.cut()
      const file = join(dataDir, 'memory.snapshot')
      const whole = await readFile(file)
      const start = () => newHub(t, engine, { address, dataDir })
      await writeFile(file, whole.subarray(0, -1))
      await assert.rejects(start, /no snapshot stands in for it .*bytes instead of/)
      await writeFile(file, whole)
      await assert.rejects(
        newHub(t, engine, { address: { kind: 'postgres', url: `${wire.url}_other` }, dataDir }),
        /belongs to another database/,
      )
      await rm(file)
      await assert.rejects(start, /no snapshot stands in for it .*there is none/)
    })
})

type Address = Awaited<ReturnType<typeof newReadyAddress>>
const placeOf = (address: Address, dataDir: string): Address =>
  address.kind === 'sqlite' ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') } : address
