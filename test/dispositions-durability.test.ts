import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kill, start } from './hub-process.ts'
import { ADMIN_TOKEN, type Ask, type Json } from './hub.ts'
import { seeded } from './many-requests.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'

const RECORDS = 1_000
const KILLS = 3
const SENDERS = 8
const STATUSES = ['No Answer', 'Schedule Later', 'Do not Disturb', 'Completed']

/** The i-th record: every third is known by its call, the others by what they say. */
function recordOf(i: number) {
  const said = { cid: `0199${String(i % 250).padStart(6, '0')}`, status: STATUSES[i % 4]! }
  return i % 3 === 0 ? { ...said, call: `call-${i}` } : { ...said, comments: `record ${i}` }
}

async function all(ask: Ask, resource: string): Promise<Json[]> {
  const rows: Json[] = []
  for (let page = 1, last = 1; page <= last; page++) {
    const { json } = await ask('GET', `/api/v1/${resource}?per_page=200&page=${page}`)
    last = json.last_page
    rows.push(...json.data)
  }
  return rows
}

onEachStore('dispositions under kill -9', (engine) => {
  test(`${RECORDS} of them, every request repeated and the hub killed ${KILLS} times: exactly the right records`, async (t) => {
    const address = await newReadyAddress(t, engine)
    const environment = {
      CORDBOARD_DATA_DIR: await newDirectory(t),
      CORDBOARD_ADMIN_TOKEN: ADMIN_TOKEN,
      CORDBOARD_COUNTRY: 'FR',
      CORDBOARD_REPEAT_SECONDS: '86400',
      DATABASE_URL: address.kind === 'postgres' ? address.url : '',
    }
    const random = seeded(11)
    let acknowledged = 0
    let next = 0
    let running = await start(environment)
    t.after(() => running.hub.kill('SIGKILL'))
    /** Repeats the record until it is acknowledged, then once more. */
    const send = async (i: number) => {
      for (let times = 0; times < 2;) {
        const { ask } = running
        const answer = await ask('POST', '/3cx/query', { body: recordOf(i) }).catch(() => null)
        if (answer === null) await new Promise((resolve) => setTimeout(resolve, 5))
        else {
          assert.equal(answer.text, '{"success":1}')
          if (times++ === 0) acknowledged += 1
        }
      }
    }
    const sender = async () => {
      while (next < RECORDS) await send(next++)
    }
    const senders = Promise.all(Array.from({ length: SENDERS }, sender))
    for (let killed = 0; killed < KILLS; killed++) {
      const enough = acknowledged + 50 + Math.floor(random() * 150)
      while (acknowledged < enough) await new Promise((resolve) => setTimeout(resolve, 1))
      await kill(running.hub)
      running = await start(environment)
    }
    await senders

    const rows = await all(running.ask, 'dispositions')
    const told = rows.map(({ number, call, comment }) => `${number} ${call ?? comment}`)
    const wanted = Array.from({ length: RECORDS }, (_, i) => recordOf(i)).map(
      ({ cid, ...more }) => `${cid} ${'call' in more ? more.call : more.comments}`,
    )
    assert.deepEqual(told.toSorted(), wanted.toSorted())
    assert.equal((await all(running.ask, 'callbacks')).length, RECORDS / 4)
    assert.equal((await all(running.ask, 'do-not-call')).length, 125)
    await kill(running.hub)
  })
})
