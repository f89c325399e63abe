import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../server/platform/database/store.ts'
import type { WorkTables } from '../server/platform/work/work.ts'
import { kill, start } from './hub-process.ts'
import { ADMIN_TOKEN, type Ask, type Json } from './hub.ts'
import { seeded } from './many-requests.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'
import { newReceiver } from './webhook-receiver.ts'

/** The full size is `CORDBOARD_TEST_EVENTS=5000,20`; any run says what it did. */
const [RECORDS = 300, KILLS = 3] = (process.env['CORDBOARD_TEST_EVENTS'] ?? '300,3').split(',').map(Number)
const SENDERS = 8
const STATUSES = ['No Answer', 'Schedule Later', 'Do not Disturb', 'Completed']
const byNumber = (one: number, other: number) => one - other

/** The i-th request: every third is known by its call, the others by their `Idempotency-Key`. */
function requestOf(i: number) {
  const body = {
    number: `0199${String(i % 250).padStart(6, '0')}`,
    status: STATUSES[i % 4],
    comment: `record ${i}`,
  }
  return i % 3 === 0
    ? { body: { ...body, call: `call-${i}` } }
    : { body, headers: { 'idempotency-key': `key-${i}` } }
}

async function allEvents(ask: Ask): Promise<Json[]> {
  const events: Json[] = []
  for (let after = '0'; ;) {
    const { json } = await ask('GET', `/api/v1/events?limit=1000&after=${after}`)
    events.push(...json.data)
    after = json.next_cursor
    if (!json.has_more) return events
  }
}

onEachStore('events under kill -9', (engine) => {
  test(`${RECORDS} dispositions, requests repeated at random and the hub killed ${KILLS} times: one event each, and every webhook is told of all of them`, async (t) => {
    const address = await newReadyAddress(t, engine)
    const receivers = [await newReceiver(t), await newReceiver(t)]
    const random = seeded(16)
    // One that refuses every tenth event at first, besides one that is well.
    const refused = new Set<number>()
    receivers[1]?.answerWith(({ json }, response) => {
      const isRefused = json.id % 10 === 0 && !refused.has(json.id)
      refused.add(json.id)
      response.writeHead(isRefused ? 500 : 204).end()
    })
    const environment = {
      CORDBOARD_DATA_DIR: await newDirectory(t),
      CORDBOARD_ADMIN_TOKEN: ADMIN_TOKEN,
      CORDBOARD_COUNTRY: 'FR',
      CORDBOARD_SECRET_KEY: newMasterKey(),
      CORDBOARD_ALLOW_PRIVATE: '127.0.0.1',
      DATABASE_URL: address.kind === 'postgres' ? address.url : '',
    }
    let running = await start(environment)
    t.after(() => running.hub.kill('SIGKILL'))
    for (const { url } of receivers) {
      const body = { name: url, url, kinds: ['disposition.saved'] }
      assert.equal((await running.ask('POST', '/api/v1/webhooks', { body })).status, 201)
    }
    let acknowledged = 0
    let repeated = 0
    let next = 0
    const answers = new Map<number, number>()
    /** Until it is acknowledged, and now and then once more. */
    const send = async (i: number) => {
      for (let isDone = false; !isDone;) {
        const answer = await running.ask('POST', '/api/v1/dispositions', requestOf(i)).catch(() => null)
        if (answer === null || answer.status !== 201) {
          assert.ok(answer === null || [409, 503].includes(answer.status), answer?.text ?? '')
          await new Promise((resolve) => setTimeout(resolve, 10))
          continue
        }
        assert.equal(answers.get(i) ?? answer.json.id, answer.json.id)
        if (!answers.has(i)) acknowledged += 1
        answers.set(i, answer.json.id)
        isDone = random() < 0.5
        if (!isDone) repeated += 1
      }
    }
    const sender = async () => {
      while (next < RECORDS) await send(next++)
    }
    const senders = Promise.all(Array.from({ length: SENDERS }, sender))
    for (let killed = 0; killed < KILLS; killed++) {
      const share = Math.floor((RECORDS * 0.9) / KILLS)
      const enough = killed * share + Math.ceil(random() * share)
      while (acknowledged < enough) await new Promise((resolve) => setTimeout(resolve, 1))
      await kill(running.hub)
      running = await start(environment)
    }
    await senders
    if (address.kind === 'postgres') {
      // As if the lease of the killed hub had run out: on SQLite there can be no other hub, and it is taken at once.
      const store = await openStore<WorkTables>({ address })
      await store.write
        .updateTable('work')
        .set({ ready_at: 1 })
        .where('lease_owner', 'is not', null)
        .execute()
      await store.close()
    }

    const events = await allEvents(running.ask)
    const records = events.map(({ data }) => data.disposition_id)
    assert.deepEqual(records.toSorted(byNumber), [...answers.values()].toSorted(byNumber))
    assert.equal(new Set(answers.values()).size, RECORDS)
    assert.ok(events.every(({ kind, data }) => kind === 'disposition.saved' && !data.corrected))
    assert.equal((await running.ask('GET', '/api/v1/dispositions?per_page=1')).json.total, RECORDS)

    const byId = new Map(events.map((event) => [event.id, event]))
    for (const receiver of receivers)
      await receiver.until((all) => new Set(all.map(({ json }) => json.id)).size === RECORDS)
    for (const { received } of receivers)
      for (const { json } of received) assert.deepEqual(json, byId.get(json.id))
    const sent = receivers.map(({ received }) => received.length)
    t.diagnostic(
      `${RECORDS} records, ${repeated} acknowledged requests repeated, ${KILLS} kills; received ${sent.join(' and ')}`,
    )
    await kill(running.hub)
  })
})
