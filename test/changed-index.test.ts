import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { openCallerIndex, type CallerIndex } from '../server/directory/caller-index.ts'
import { openAccessMirrorOf } from '../server/access/access-mirror.ts'
import { openLookup } from '../server/directory/lookup.ts'
import { readNumber } from '../server/directory/phone-number.ts'
import { openMemoryReader, openSharedMemory, type SharedMemory } from '../server/hub/shared-memory.ts'
import { seeded } from './many-requests.ts'
import type { ReaderReport, ReaderTask } from './index-reader.ts'
import { numberOf, recordsOf } from './versioned-parties.ts'

const TENANT = 1
const PARTIES = 12_000
type World = { memory: SharedMemory; index: CallerIndex; change(work: () => void): Promise<void> }

async function newWorld(readers: number): Promise<World> {
  const memory = openSharedMemory(readers)
  const index = openCallerIndex()
  memory.sharing.replaced(new Map([[TENANT, index]]))
  const change = (work: () => void) => memory.sharing.change(TENANT, index, work)
  await change(() => {
    index.putCategory({ id: 1, name: 'plain', vip: false })
    index.putCategory({ id: 2, name: 'special', vip: true })
  })
  return { memory, index, change }
}

function startReader(
  t: TestContext,
  memory: SharedMemory,
  reader: number,
  { stop, sleeps = false }: { stop: SharedArrayBuffer; sleeps?: boolean },
) {
  const pass = memory.join(reader)
  const task: ReaderTask = { pass, parties: PARTIES, seed: reader + 1, stop, sleeps }
  const thread = new Worker(new URL('./index-reader.ts', import.meta.url), {
    workerData: task,
    transferList: [pass.port],
  })
  const report = once(thread, 'message').then(([said]) => said as ReaderReport | 'asleep')
  // One that is ended in the middle of the test reports nothing.
  report.catch(() => {})
  thread.on('exit', () => memory.leave(reader))
  t.after(() => thread.terminate())
  return { thread, report }
}

test('readers in other threads see every party as it was or as it is, while thousands come, change and go', async (t) => {
  const { memory, index, change } = await newWorld(2)
  const stop = new SharedArrayBuffer(4)
  const readers = [0, 1].map((reader) => startReader(t, memory, reader, { stop }))
  await Promise.all(readers.map(({ thread }) => once(thread, 'online')))
  const random = seeded(7)
  const versions = new Uint32Array(PARTIES)
  const next = (party: number) => {
    for (const record of recordsOf(party, ++versions[party]!)) index.put(record)
  }
  // Growth from nothing through every split, then changes and departures, until chunks of records are given back.
  for (let party = 0; party < PARTIES; party += 50) {
    await change(() => {
      for (let i = party; i < party + 50; i++) next(i)
    })
  }
  for (let round = 0; round < 400; round++) {
    await change(() => {
      for (let i = 0; i < 50; i++) {
        const party = Math.floor(random() * PARTIES)
        if (random() < 0.3) for (const id of [party * 2 + 1, party * 2 + 2]) index.remove(id)
        else next(party)
      }
    })
    if (round % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  Atomics.store(new Int32Array(stop), 0, 1)
  for (const { report } of readers) {
    const { asked, known, wrong } = (await report) as ReaderReport
    assert.deepEqual(wrong, [])
    assert.ok(known > 1_000, `${known} of ${asked} questions found somebody`)
  }
})

test('the first inactive party, the first number without a country and a category are seen as soon as they are there', async (t) => {
  const { memory, index, change } = await newWorld(1)
  const access = openAccessMirrorOf({ country: null, timeZone: null, clock: { now: Date.now }, onUse() {} })
  const reader = openMemoryReader(memory.join(0), { access, profiles: { load: () => {} } })
  t.after(reader.close)
  const lookup = openLookup({ indexOf: reader.indexOf, rules: access.tenant, today: () => 0 })
  const ask = (number: string) => reader.read(() => lookup.byNumber(TENANT, number))
  const [customer, contact] = recordsOf(1, 2)
  await change(() => {
    index.put(customer)
    index.put(contact)
  })
  const number = numberOf(1, 2)
  assert.equal(ask(number).contact?.name, 'P1 v2')
  await change(() => index.put({ ...contact, active: false }))
  assert.equal(ask(number).known, false)
  const [, other] = recordsOf(2, 2)
  await change(() =>
    index.put({ ...other, numbers: [{ kind: 'work', read: readNumber('0612345678', null) }] }),
  )
  assert.equal(ask('+33612345678').contact?.name, 'P2 v2')
  await change(() => index.put(contact))
  assert.equal(ask(number).vip, false)
  await change(() => index.putCategory({ id: 1, name: 'plain', vip: true }))
  assert.equal(ask(number).vip, true)
  memory.sharing.replaced(new Map())
  assert.equal(ask(number).known, false)
})

test('a reader that dies in the middle of a question holds nobody up for longer', async (t) => {
  const { memory, index, change } = await newWorld(2)
  const stop = new SharedArrayBuffer(4)
  const mortal = startReader(t, memory, 0, { stop, sleeps: true })
  assert.equal(await mortal.report, 'asleep')
  let written = false
  const writing = change(() => index.put(recordsOf(3, 1)[0])).then(() => (written = true))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(written, false)
  const other = startReader(t, memory, 1, { stop })
  await once(other.thread, 'online')
  await mortal.thread.terminate()
  await writing
  Atomics.store(new Int32Array(stop), 0, 1)
  assert.deepEqual(((await other.report) as ReaderReport).wrong, [])
})
