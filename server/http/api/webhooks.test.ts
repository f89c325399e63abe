import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { newStoreAddress, onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'
import { newReceiver, type Received } from '../../../test/webhook-receiver.ts'
import type { Engine } from '../../platform/database/engine.ts'
import { openStore } from '../../platform/database/store.ts'
import type { WorkTables } from '../../platform/work/work.ts'
import type { JournalTables } from '../../journal/tables.ts'

const WEBHOOKS = '/api/v1/webhooks'

/** A hub whose webhooks reach a receiver on this machine. */
async function newSendingHub(t: TestContext, engine: Engine, env: Record<string, string> = {}) {
  const receiver = await newReceiver(t)
  const address = await newStoreAddress(t, engine)
  const opened = await newHub(t, engine, {
    address,
    env: { CORDBOARD_SECRET_KEY: newMasterKey(), CORDBOARD_ALLOW_PRIVATE: '127.0.0.1', ...env },
  })
  const { ask } = opened
  const newWebhook = async (more: Json = {}): Promise<Json> => {
    const body = { name: 'CRM', url: `${receiver.url}/hook`, kinds: ['disposition.saved'], ...more }
    const made = await ask('POST', WEBHOOKS, { body })
    assert.equal(made.status, 201, made.text)
    return made.json
  }
  const say = async (number: string, more: Json = {}): Promise<Json> => {
    const made = await ask('POST', '/api/v1/dispositions', { body: { number, status: 'completed', ...more } })
    assert.equal(made.status, 201, made.text)
    return made.json
  }
  const deliveries = async (id: number, query = ''): Promise<Json[]> => {
    const answer = await ask('GET', `${WEBHOOKS}/${id}/deliveries?per_page=200&${query}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.json.data
  }
  const store = await openStore<JournalTables & WorkTables>({ address })
  t.after(() => store.close())
  /** Waits until the log of a webhook is as wanted. */
  const logged = async (id: number, isThere: (rows: Json[]) => boolean): Promise<Json[]> => {
    for (;;) {
      const rows = await deliveries(id)
      if (isThere(rows)) return rows
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  /** As if every pause had passed. */
  const hurry = async () => {
    await store.write.updateTable('webhooks').set({ quiet_until: null }).execute()
    await store.write
      .updateTable('webhook_deliveries')
      .set({ next_attempt_at: 1 })
      .where('next_attempt_at', 'is not', null)
      .execute()
    await store.write
      .updateTable('work')
      .set({ ready_at: 1 })
      .where('kind', '=', 'webhook')
      .where('lease_owner', 'is', null)
      .execute()
  }
  return { ...opened, receiver, store, newWebhook, say, deliveries, logged, hurry }
}

/** As a receiver would look at it, by the documentation alone. */
function isSigned({ headers, text }: Received, secret: string): boolean {
  const header = String(headers['cordboard-signature'])
  const parts = header.split(',').map((part) => part.split('='))
  const time = parts.find(([name]) => name === 't')?.[1]
  const wanted = createHmac('sha256', secret).update(`${time}.${text}`).digest('hex')
  assert.ok(Math.abs(Date.now() / 1_000 - Number(time)) < 300, header)
  return parts.some(([name, value]) => name === 'v1' && value === wanted)
}

onEachStore('webhooks', (engine) => {
  test('a disposition is delivered once, signed, with the event that pollers read', async (t) => {
    const { ask, receiver, newWebhook, say, logged } = await newSendingHub(t, engine)
    const webhook = await newWebhook({ headers: { 'X-Api-Key': 'planted-header' } })
    const said = await say('0199000001', { comment: 'rang', call: 'c1' })
    await receiver.until((all) => all.length === 1)
    const [first] = receiver.received
    assert.ok(first && isSigned(first, webhook.secret))
    assert.ok(!isSigned(first, 'another secret'))
    const { json } = await ask('GET', '/api/v1/events')
    assert.deepEqual(json.data, [first.json])
    assert.deepEqual(
      [first.path, first.headers['x-api-key'], first.headers['content-type']],
      ['/hook', 'planted-header', 'application/json; charset=utf-8'],
    )
    assert.equal(first.headers['cordboard-event-id'], String(first.json.id))
    assert.deepEqual(
      [first.json.kind, first.json.happened_at, first.json.data.disposition_id, first.json.data.comment],
      ['disposition.saved', said.recorded_at, said.id, 'rang'],
    )
    const [delivery] = await logged(webhook.id, (rows) => rows[0]?.state === 'delivered')
    assert.equal(first.headers['cordboard-delivery'], String(delivery.id))
    assert.deepEqual(
      [delivery.attempts, delivery.last_status, delivery.last_error, delivery.next_attempt_at],
      [1, 204, null, null],
    )
    await say('0199000001', { comment: 'rang', call: 'c1' })
    assert.equal((await ask('GET', '/api/v1/events')).json.data.length, 1, 'a repetition is no event')
  })
})
