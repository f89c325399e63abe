import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { newOtherTransaction } from '../../../test/other-transaction.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'
import { newReceiver, type Received } from '../../../test/webhook-receiver.ts'
import type { Engine } from '../../platform/database/engine.ts'
import { openStore, type StoreAddress } from '../../platform/database/store.ts'
import type { WorkTables } from '../../platform/work/work.ts'
import type { JournalTables } from '../../journal/tables.ts'

const WEBHOOKS = '/api/v1/webhooks'

/** A hub whose webhooks reach a receiver on this machine. */
async function newSendingHub(t: TestContext, engine: Engine, env: Record<string, string> = {}) {
  const receiver = await newReceiver(t)
  const dataDir = await newDirectory(t)
  const address: StoreAddress =
    engine === 'sqlite'
      ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
      : await newReadyAddress(t, engine)
  const opened = await newHub(t, engine, {
    address,
    dataDir,
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
  const hurry = async (id: number) => {
    await store.write
      .updateTable('webhook_deliveries')
      .set({ next_attempt_at: 1 })
      .where('next_attempt_at', 'is not', null)
      .execute()
    await ask('PATCH', `${WEBHOOKS}/${id}`, { body: { active: true } })
  }
  return { ...opened, address, receiver, store, newWebhook, say, deliveries, logged, hurry }
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

  test('a receiver that refuses, drops or hangs is tried again with the same event, until it takes it', async (t) => {
    const { ask, receiver, newWebhook, say, logged, hurry } = await newSendingHub(t, engine)
    const webhook = await newWebhook()
    const misbehaving = [
      (_: Received, response: ServerResponse) => response.writeHead(500).end('out of order'),
      (_: Received, response: ServerResponse) => response.destroy(),
      () => {},
      (_: Received, response: ServerResponse) => response.writeHead(302, { location: '/elsewhere' }).end(),
    ]
    const errors: string[] = []
    for (const [i, answering] of misbehaving.entries()) {
      receiver.answerWith(answering)
      // The others answer, however late.
      const isHanging = i === 2
      await ask('PATCH', `${WEBHOOKS}/${webhook.id}`, { body: { timeout_ms: isHanging ? 1_000 : 30_000 } })
      if (i === 0) await say('0199000001')
      else await hurry(webhook.id)
      const [row] = await logged(webhook.id, ([one]) => one?.attempts === i + 1)
      assert.equal(row.state, 'waiting')
      assert.ok(Date.parse(row.next_attempt_at) > Date.parse(row.last_attempt_at))
      errors.push(`${row.last_status} ${row.last_error} ${row.response}`)
    }
    assert.deepEqual(
      errors.map((error) => error.replace(/http:\S+/, 'there')),
      [
        '500 The receiver answered 500. out of order',
        'null there could not be reached: UND_ERR_SOCKET null',
        'null there did not answer in full before the deadline null',
        '302 The receiver answered 302: redirects are not followed. null',
      ],
    )
    receiver.answerWith((_, response) => response.writeHead(200).end('thanks'))
    await hurry(webhook.id)
    const [row] = await logged(webhook.id, ([one]) => one?.state === 'delivered')
    assert.deepEqual([row.attempts, row.last_status, row.response], [5, 200, 'thanks'])
    assert.equal(receiver.received.length, 5)
    assert.equal(new Set(receiver.received.map(({ json }) => json.id)).size, 1)
    assert.ok(receiver.received.every((one) => one.path === '/hook' && isSigned(one, webhook.secret)))
    assert.equal((await ask('GET', '/api/v1/work?filter[state]=dead')).json.total, 0)
  })

  test('one that hangs holds up neither another webhook nor an answer of the hub', async (t) => {
    const { hub, ask, receiver, store, newWebhook, say, logged, deliveries } = await newSendingHub(t, engine)
    receiver.answerWith(({ path }, response) => {
      if (path !== '/hook') response.writeHead(204).end()
    })
    const stuck = await newWebhook({ timeout_ms: 30_000 })
    const well = await newWebhook({ url: `${receiver.url}/well` })
    for (let i = 0; i < 20; i++) await say(`01990000${10 + i}`)
    const rows = await logged(
      well.id,
      (all) => all.filter(({ state }) => state === 'delivered').length === 20,
    )
    assert.equal(rows.length, 20)
    assert.equal((await ask('GET', '/api/isKnownPhoneNumber?number=0199000001')).status, 200)
    const waiting = await deliveries(stuck.id)
    assert.deepEqual(
      new Set(waiting.map(({ state, attempts }) => `${state} ${attempts}`)),
      new Set(['waiting 0']),
    )
    await hub.close()
    const { attempts, next_attempt_at } = await store.read
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('webhook_id', '=', stuck.id)
      .executeTakeFirstOrThrow()
    const task = await store.read
      .selectFrom('work')
      .selectAll()
      .where('kind', '=', 'webhook')
      .executeTakeFirst()
    assert.deepEqual(
      [attempts, next_attempt_at !== null, task?.lease_owner],
      [0, true, null],
      'what a stop cut off is begun anew',
    )
  })

  test('410 Gone switches a webhook off, with a line in the audit trail; what waited goes on when it is switched on', async (t) => {
    const { ask, receiver, store, newWebhook, say, logged } = await newSendingHub(t, engine)
    const webhook = await newWebhook()
    receiver.answerWith((_, response) => response.writeHead(410).end())
    await say('0199000001')
    const [dead] = await logged(webhook.id, ([one]) => one?.state === 'dead')
    assert.deepEqual([dead.attempts, dead.last_status, dead.next_attempt_at], [1, 410, null])
    const off = (await ask('GET', `${WEBHOOKS}/${webhook.id}`)).json
    assert.deepEqual([off.active, off.disabled_reason], [false, 'The receiver answered 410 Gone.'])
    assert.ok(off.disabled_at)
    const acts = await store.read
      .selectFrom('audit')
      .select(['actor_kind', 'actor_name', 'action', 'after'])
      .where('entity', '=', 'webhook')
      .orderBy('id', 'desc')
      .limit(1)
      .execute()
    assert.deepEqual(acts, [
      {
        actor_kind: 'system',
        actor_name: 'webhooks',
        action: 'update',
        after: JSON.stringify({ active: false, disabled_reason: 'The receiver answered 410 Gone.' }),
      },
    ])
    await say('0199000002')
    assert.equal((await logged(webhook.id, () => true)).length, 1, 'nothing is queued for it meanwhile')
    receiver.answerWith((_, response) => response.writeHead(204).end())
    const on = await ask('PATCH', `${WEBHOOKS}/${webhook.id}`, { body: { active: true } })
    assert.deepEqual([on.json.active, on.json.disabled_at], [true, null])
    assert.deepEqual((await ask('POST', `${WEBHOOKS}/${webhook.id}/replay`)).json, { replayed: 1 })
    await logged(webhook.id, ([one]) => one?.state === 'delivered')
    assert.equal(receiver.received.at(-1)?.json.id, receiver.received[0]?.json.id)
  })

  test('after three days a delivery is dead; it is sent once more when somebody asks', async (t) => {
    const { ask, receiver, store, newWebhook, say, deliveries, logged, hurry } = await newSendingHub(
      t,
      engine,
    )
    const webhook = await newWebhook()
    receiver.answerWith((_, response) => response.writeHead(400).end())
    await say('0199000001')
    const [fresh] = await logged(webhook.id, ([one]) => one?.attempts === 1)
    const { give_up_at } = await store.read
      .selectFrom('webhook_deliveries')
      .selectAll()
      .executeTakeFirstOrThrow()
    assert.equal(give_up_at - Date.parse(fresh.created_at), 3 * 86_400_000)
    await store.write.updateTable('webhook_deliveries').set({ give_up_at: Date.now() }).execute()
    await hurry(webhook.id)
    const [dead] = await logged(webhook.id, ([one]) => one?.state === 'dead')
    assert.deepEqual([dead.attempts, dead.next_attempt_at], [2, null])
    assert.deepEqual(await deliveries(webhook.id, 'filter[state]=dead'), [dead])
    assert.deepEqual(await deliveries(webhook.id, 'filter[state]=waiting'), [])
    receiver.answerWith((_, response) => response.writeHead(204).end())
    const again = await ask('POST', `${WEBHOOKS}/${webhook.id}/deliveries/${dead.id}/redeliver`)
    assert.deepEqual([again.status, again.json.state, again.json.attempts], [200, 'waiting', 0])
    await logged(webhook.id, ([one]) => one?.state === 'delivered')
    const delivered = await ask('POST', `${WEBHOOKS}/${webhook.id}/deliveries/${dead.id}/redeliver`)
    assert.equal(delivered.status, 200, 'also what was delivered')
    await receiver.until((all) => all.length === 4)
    assert.equal(new Set(receiver.received.map(({ json }) => json.id)).size, 1)
  })

  test('for a while after a rotation both secrets sign, then the new one alone', async (t) => {
    const { ask, receiver, store, newWebhook, say } = await newSendingHub(t, engine)
    const webhook = await newWebhook()
    const rotated = await ask('POST', `${WEBHOOKS}/${webhook.id}/rotate-secret`, {
      body: { overlap_seconds: 600 },
    })
    assert.equal(rotated.status, 200, rotated.text)
    assert.notEqual(rotated.json.secret, webhook.secret)
    await say('0199000001')
    await receiver.until((all) => all.length === 1)
    const [both] = receiver.received
    assert.ok(both && isSigned(both, webhook.secret) && isSigned(both, rotated.json.secret))
    await store.write.updateTable('webhooks').set({ old_secret_until: 1 }).execute()
    await say('0199000002')
    await receiver.until((all) => all.length === 2)
    const last = receiver.received[1]
    assert.ok(last && !isSigned(last, webhook.secret) && isSigned(last, rotated.json.secret))
    const at_once = await ask('POST', `${WEBHOOKS}/${webhook.id}/rotate-secret`, {
      body: { overlap_seconds: 0 },
    })
    assert.equal(at_once.json.old_secret_until, null)
  })

  test('a test delivery goes out at once and is told of', async (t) => {
    const { ask, receiver, newWebhook, deliveries } = await newSendingHub(t, engine)
    const webhook = await newWebhook({ active: false })
    receiver.answerWith((_, response) => response.writeHead(200).end('hello'))
    const well = await ask('POST', `${WEBHOOKS}/${webhook.id}/test`)
    const { duration_ms, ...told } = well.json
    assert.deepEqual(told, { ok: true, status: 200, error: null, response: 'hello' })
    assert.ok(Number.isInteger(duration_ms))
    const [sent] = receiver.received
    assert.ok(sent && isSigned(sent, webhook.secret))
    assert.deepEqual([sent.json.kind, sent.json.id, sent.json.data], ['test', 0, { webhook_id: webhook.id }])
    receiver.answerWith((_, response) => response.writeHead(503).end())
    const ill = (await ask('POST', `${WEBHOOKS}/${webhook.id}/test`)).json
    assert.deepEqual([ill.ok, ill.status, ill.error], [false, 503, 'The receiver answered 503.'])
    assert.deepEqual(await deliveries(webhook.id), [])
    assert.deepEqual((await ask('GET', '/api/v1/events')).json.data, [])
  })

  test('private addresses are out of reach unless the operator allows them', async (t) => {
    const { ask, receiver, newWebhook } = await newSendingHub(t, engine, {
      CORDBOARD_ALLOW_PRIVATE: '10.9.9.9',
    })
    const webhook = await newWebhook()
    const { json } = await ask('POST', `${WEBHOOKS}/${webhook.id}/test`)
    assert.deepEqual([json.ok, json.status], [false, null])
    assert.match(json.error, /CORDBOARD_ALLOW_PRIVATE/)
    assert.deepEqual(receiver.received, [])
  })

  test('a webhook is sent the kinds and hosts that it asks for', async (t) => {
    const { ask, receiver, store, newWebhook, say } = await newSendingHub(t, engine)
    const host = (await ask('POST', '/api/v1/pbx3cx-hosts', { body: { host_name: 'a.example' } })).json.id
    const other = (await ask('POST', '/api/v1/pbx3cx-hosts', { body: { host_name: 'b.example' } })).json.id
    const unknown = await ask('POST', WEBHOOKS, {
      body: { name: 'x', url: receiver.url, kinds: ['call.ended'], host_ids: [host, 99_999] },
    })
    assert.deepEqual([unknown.status, Object.keys(unknown.json.errors)], [422, ['host_ids']])
    await newWebhook({
      url: `${receiver.url}/host`,
      kinds: ['call.missed', 'disposition.saved'],
      host_ids: [host],
    })
    await newWebhook({ url: `${receiver.url}/calls`, kinds: ['call.ended'] })
    for (const id of [host, other]) {
      const now = new Date().toISOString()
      const call = {
        pbx3cx_host_id: id,
        started_at: now,
        ended_at: now,
        caller_number: '0199000001',
        direction: 'inbound',
      }
      const made = await ask('POST', '/api/v1/pbx3cx_calls', { body: call })
      assert.equal(made.status, 201, made.text)
    }
    await say('0199000001')
    await store.write.updateTable('work').set({ ready_at: 1 }).where('kind', '=', 'call_over').execute()
    await receiver.until((all) => all.length === 3)
    const told = receiver.received.map(({ path, json }) => `${path} ${json.kind} ${json.data.host_id}`)
    assert.deepEqual(
      told.toSorted((one, two) => one.localeCompare(two)),
      [`/calls call.ended ${host}`, `/calls call.ended ${other}`, `/host call.missed ${host}`],
    )
    assert.equal((await ask('GET', '/api/v1/events')).json.data.length, 5)
  })

  if (engine === 'postgres') {
    test('what is written while a webhook is being taken out is written, and told to nobody', async (t) => {
      const { newWebhook, say, store, address } = await newSendingHub(t, engine)
      const { id } = await newWebhook()
      const other = await newOtherTransaction(t, address)
      await other.begin('delete from webhooks where id = $1', [id])
      const said = say('0199001234')
      await other.waitedFor(1)
      await other.commit()
      await said
      assert.deepEqual(await store.read.selectFrom('webhook_deliveries').selectAll().execute(), [])
    })

    test('a change of a webhook and an event for it wait for each other in one order', async (t) => {
      const { ask, newWebhook, say, logged, address } = await newSendingHub(t, engine)
      const { id } = await newWebhook()
      const other = await newOtherTransaction(t, address)
      await other.begin('select id from webhooks where id = $1 for update', [id])
      const said = say('0199001234')
      await other.waitedFor(1)
      const changed = ask('PATCH', `${WEBHOOKS}/${id}`, { body: { name: 'Other' } })
      await other.waitedFor(2)
      await other.commit()
      await said
      const { status, text } = await changed
      assert.equal(status, 200, text)
      await logged(id, ([row]) => row?.state === 'delivered')
    })
  }

  test('a write says what is wrong with it', async (t) => {
    const { ask, receiver, newWebhook } = await newSendingHub(t, engine)
    const good = { name: 'x', url: receiver.url, kinds: ['call.ended'] }
    const wrong: [Json, string][] = [
      [{ url: 'ftp://a.example' }, 'url'],
      [{ url: 'not a url' }, 'url'],
      [{ url: 'https://me:secret@a.example' }, 'url'],
      [{ kinds: ['call.begun'] }, 'kinds'],
      [{ kinds: [] }, 'kinds'],
      [{ headers: { Host: 'x' } }, 'headers'],
      [{ headers: { 'Cordboard-Event-Id': '1' } }, 'headers'],
      [{ headers: { 'x-a': 'b\r\nx-c: d' } }, 'headers'],
      [{ headers: { 'x-a': '1', 'X-A': '2' } }, 'headers'],
      [{ timeout_ms: 1 }, 'timeout_ms'],
      [{ name: ' ' }, 'name'],
    ]
    for (const [more, field] of wrong) {
      const { status, json, text } = await ask('POST', WEBHOOKS, { body: { ...good, ...more } })
      assert.deepEqual([status, Object.keys(json.errors ?? {})[0]?.split('.')[0]], [422, field], text)
    }
    const webhook = await newWebhook({
      headers: { 'X-One': 'planted-1', 'X-Two': 'planted-2' },
      timeout_ms: 2_000,
      active: false,
    })
    assert.deepEqual(webhook.headers, { 'x-one': '********', 'x-two': '********' })
    const changed = await ask('PUT', `${WEBHOOKS}/${webhook.id}`, {
      body: { headers: { 'x-one': '********', 'x-two': null, 'x-three': 'planted-3' }, name: 'Y' },
    })
    assert.deepEqual(changed.json.headers, { 'x-one': '********', 'x-three': '********' })
    const { name, timeout_ms, active } = changed.json
    assert.deepEqual([name, timeout_ms, active], ['Y', 2_000, false], 'what a change does not name stays')
    await ask('POST', `${WEBHOOKS}/${webhook.id}/test`)
    const headers = receiver.received[0]?.headers ?? {}
    assert.deepEqual(
      [headers['x-one'], headers['x-two'], headers['x-three']],
      ['planted-1', undefined, 'planted-3'],
    )
    for (const path of [
      'deliveries?filter[state]=gone',
      'deliveries?filter[kind]=x',
      'deliveries?filter[event_id]=x',
    ])
      assert.equal((await ask('GET', `${WEBHOOKS}/${webhook.id}/${path}`)).status, 422, path)
    for (const query of ['kind=call.begun', 'from=nonsense', 'after=x', 'limit=0'])
      assert.equal((await ask('GET', `/api/v1/events?${query}`)).status, 422, query)
    assert.equal((await ask('DELETE', `${WEBHOOKS}/${webhook.id}`)).status, 204)
    assert.equal((await ask('GET', `${WEBHOOKS}/${webhook.id}`)).status, 404)
  })

  test('nothing of a tenant’s events and webhooks is another one’s, and a token of one host sees that host’s events alone', async (t) => {
    const { ask, receiver, store, newWebhook, newToken, say, logged } = await newSendingHub(t, engine)
    const webhook = await newWebhook({ kinds: ['disposition.saved', 'call.ended'] })
    const host = (await ask('POST', '/api/v1/pbx3cx-hosts', { body: { host_name: 'a.example' } })).json.id
    await say('0199000001')
    const now = new Date().toISOString()
    await ask('POST', '/api/v1/pbx3cx_calls', {
      body: { pbx3cx_host_id: host, started_at: now, ended_at: now },
    })
    await store.write.updateTable('work').set({ ready_at: 1 }).where('kind', '=', 'call_over').execute()
    const rows = await logged(
      webhook.id,
      (all) => all.filter((one) => one.state === 'delivered').length === 2,
    )
    const mine = await newToken(['calls:read'], { host_id: host })
    const seen = (await ask('GET', '/api/v1/events', { token: mine })).json
    assert.deepEqual(
      [seen.data.map((event: Json) => event.kind), seen.next_cursor],
      [['call.ended', 'call.missed'], '3'],
    )
    const ofHost = (await ask('GET', `/api/v1/events?host=${host}&kind=call.ended,call.missed`)).json.data
    assert.deepEqual(
      ofHost.map((event: Json) => event.kind),
      ['call.ended', 'call.missed'],
    )
    assert.equal((await ask('GET', WEBHOOKS, { token: mine })).status, 403)

    const tenant = (await ask('POST', '/api/v1/tenants', { body: { name: 'Two', country: 'FR' } })).json.id
    const headers = { 'cordboard-tenant': String(tenant) }
    const before = receiver.received.length
    for (const path of ['/api/v1/events', `/api/v1/events?host=${host}`, WEBHOOKS])
      assert.deepEqual((await ask('GET', path, { headers })).json.data, [], path)
    const one = `${WEBHOOKS}/${webhook.id}`
    const guessed: [string, string, Json?][] = [
      ['GET', one],
      ['PUT', one, { name: 'mine' }],
      ['DELETE', one],
      ['POST', `${one}/rotate-secret`, {}],
      ['POST', `${one}/test`],
      ['GET', `${one}/deliveries`],
      ['POST', `${one}/deliveries/${rows[0].id}/redeliver`],
      ['POST', `${one}/replay`],
    ]
    for (const [method, path, body] of guessed) {
      const answer = await ask(method, path, { headers, ...(body === undefined ? {} : { body }) })
      assert.equal(answer.status, 404, `${method} ${path}: ${answer.text}`)
    }
    const foreign = { name: 'x', url: receiver.url, kinds: ['call.ended'], host_ids: [host] }
    assert.equal((await ask('POST', WEBHOOKS, { headers, body: foreign })).status, 422)
    await ask('POST', '/api/v1/dispositions', {
      headers,
      body: { number: '0199000001', status: 'completed' },
    })
    assert.equal((await ask('GET', '/api/v1/events', { headers })).json.data.length, 1)
    assert.equal((await ask('GET', `${one}/deliveries`)).json.total, 2)
    assert.equal(receiver.received.length, before)
  })
})
