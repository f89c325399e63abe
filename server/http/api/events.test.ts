import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { newHub, type Json } from '../../../test/hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'
import { newReceiver, type Received } from '../../../test/webhook-receiver.ts'
import { pruneEvents } from '../../journal/event-forgetting.ts'
import { openAppend } from '../../journal/events.ts'
import { openOutbox } from '../../journal/outbox.ts'
import type { JournalTables } from '../../journal/tables.ts'
import type { Engine } from '../../platform/database/engine.ts'
import { openStore, type StoreAddress } from '../../platform/database/store.ts'
import { openLog } from '../../platform/log.ts'
import type { WorkTables } from '../../platform/work/work.ts'

const HOUR = 3_600_000
const iso = (at: number) => new Date(at).toISOString()

/** A hub whose store, log and events are looked at. */
async function newTellingHub(t: TestContext, engine: Engine) {
  const dataDir = await newDirectory(t)
  const address: StoreAddress =
    engine === 'sqlite'
      ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
      : await newReadyAddress(t, engine)
  const lines: string[] = []
  const log = openLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } })
  const env = { CORDBOARD_SECRET_KEY: newMasterKey(), CORDBOARD_ALLOW_PRIVATE: '127.0.0.1' }
  const opened = await newHub(t, engine, { address, dataDir, log, env })
  const { ask } = opened
  const store = await openStore<JournalTables & WorkTables>({ address })
  t.after(() => store.close())
  const post = async (path: string, body: Json): Promise<Json> => {
    const made = await ask('POST', `/api/v1/${path}`, { body })
    assert.ok(made.status < 300, made.text)
    return made.json
  }
  const events = async (query = ''): Promise<Json[]> => {
    const { status, json, text } = await ask('GET', `/api/v1/events?limit=1000&${query}`)
    assert.equal(status, 200, text)
    return json.data
  }
  /** Lets what is planned for later be done now, and waits until it is. */
  const doAll = async (kind: string) => {
    const ofKind = store.write.updateTable('work').set({ ready_at: 1 }).where('kind', '=', kind)
    await ofKind.where('lease_owner', 'is', null).execute()
    for (;;) {
      const left = store.read.selectFrom('work').select('id').where('kind', '=', kind)
      if ((await left.execute()).length === 0) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const planned = (kind: string) =>
    store.read.selectFrom('work').select(['payload', 'ready_at']).where('kind', '=', kind).execute()
  return { ...opened, store, dataDir, address, lines, post, events, doAll, planned }
}

/** Every byte of the data directory, and every row of every table. */
async function stored(address: StoreAddress, dataDir: string): Promise<string> {
  const texts: string[] = []
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) texts.push(await readFile(join(entry.parentPath, entry.name), 'latin1'))
  if (address.kind === 'sqlite') return texts.join('\n')
  const store = await openStore<Record<string, never>>({ address })
  try {
    const tables = await sql<{ name: string }>`select tablename as name from pg_tables
      where schemaname = 'public'`.execute(store.read)
    for (const { name } of tables.rows)
      texts.push(JSON.stringify((await sql`select * from ${sql.table(name)}`.execute(store.read)).rows))
  } finally {
    await store.close()
  }
  return texts.join('\n')
}

onEachStore('what happens', (engine) => {
  test('a record is one event by whatever way it comes, and each correction is another one', async (t) => {
    const { ask, post, events } = await newTellingHub(t, engine)
    const many = Array.from({ length: 3 }, (_, i) => ({ cid: `019900000${i}`, status: 'Completed' }))
    assert.equal((await ask('POST', '/3cx/query', { body: many })).status, 200)
    await ask('POST', '/3cx/query', { body: { ...many[0], call: 'c1' } })
    await ask('POST', '/3cx/query', { body: { ...many[0], call: 'c1' } })
    const said = await post('dispositions', { number: '0199000009', status: 'no answer' })
    await ask('POST', '/3cx/query', { body: { ...many[0], call: 'c1', comments: 'better' } })
    const patch = (body: Json) => ask('PATCH', `/api/v1/dispositions/${said.id}`, { body })
    const corrected = (await patch({ status: 'completed' })).json
    await patch({ status: 'completed' })
    const told = await events('kind=disposition.saved')
    assert.deepEqual(
      told.map(({ data }) => `${data.number} ${data.status} ${data.comment} ${data.corrected}`),
      [
        '0199000000 completed  false',
        '0199000001 completed  false',
        '0199000002 completed  false',
        '0199000000 completed  false',
        '0199000009 no_answer  false',
        '0199000000 completed better true',
        '0199000009 completed  true',
      ],
    )
    assert.equal(told.at(-1)?.happened_at, corrected.updated_at)
    assert.deepEqual(new Set(told.map(({ id }) => id)).size, 7)
    const page = (await ask('GET', '/api/v1/events?limit=4')).json
    assert.deepEqual([page.data.length, page.has_more, page.next_cursor], [4, true, '4'])
    const rest = (await ask('GET', `/api/v1/events?after=${page.next_cursor}`)).json
    assert.deepEqual([...page.data, ...rest.data], told)
    assert.deepEqual([rest.has_more, rest.next_cursor], [false, '7'])
    assert.deepEqual(await events(`from=${iso(Date.now() + HOUR)}`), [])
  })

  test('a callback is told of when it is due, once for each time it was agreed for', async (t) => {
    const { ask, post, events, doAll, planned } = await newTellingHub(t, engine)
    const due = Date.now() + HOUR
    const status = 'schedule later'
    const said = await post('dispositions', {
      number: '0199000001',
      status,
      due_at: iso(due),
      comment: 'at 5',
    })
    const [callback] = (await ask('GET', '/api/v1/callbacks')).json.data
    const change = async (body: Json) =>
      assert.equal((await ask('PATCH', `/api/v1/callbacks/${callback.id}`, { body })).status, 200)
    const times = async () => (await planned('callback_due')).map(({ payload }) => JSON.parse(payload).due_at)
    assert.deepEqual(await times(), [due])
    await change({ due_at: iso(due + HOUR) })
    assert.deepEqual(await times(), [due + HOUR])
    const [{ ready_at } = { ready_at: 0 }] = await planned('callback_due')
    assert.ok((ready_at ?? 0) > Date.now() + HOUR, 'it waits for its time')
    assert.deepEqual(await events('kind=callback.due'), [])
    await doAll('callback_due')
    const [told, ...more] = await events('kind=callback.due')
    assert.deepEqual(more, [])
    assert.equal(told.happened_at, iso(due + HOUR))
    assert.deepEqual(told.data, {
      callback_id: callback.id,
      disposition_id: said.id,
      due_at: iso(due + HOUR),
      number: '0199000001',
      e164: '+33199000001',
      customer_id: null,
      contact_id: null,
      comment: 'at 5',
      agent: null,
    })
    for (const [body, left] of [
      [{ status: 'done' }, []],
      [{ status: 'open', due_at: iso(due) }, [due]],
      [{ status: 'cancelled' }, []],
      [{ status: 'open' }, [due]],
      [{ due_at: null }, []],
      [{ due_at: iso(due) }, [due]],
    ] as const) {
      await change(body)
      assert.deepEqual(await times(), left, JSON.stringify(body))
    }
    await ask('PATCH', `/api/v1/dispositions/${said.id}`, { body: { status: 'completed' } })
    assert.deepEqual(await times(), [], 'the disposition no longer asks for it')
    assert.equal((await events('kind=callback.due')).length, 1)
  })

  test('a call that is known by its records alone ends once, when they have all come', async (t) => {
    const { post, events, doAll, planned } = await newTellingHub(t, engine)
    const host = (await post('pbx3cx-hosts', { host_name: 'a.example' })).id
    const began = Date.now() - 60_000
    const record = (more: Json) =>
      post('pbx3cx_calls', {
        pbx3cx_host_id: host,
        started_at: iso(began),
        ended_at: iso(began + 9_000),
        ...more,
      })
    const inbound = { direction: 'inbound', caller_number: '+33199000001' }
    await record({ ...inbound, call_history_id: 'H1', external_id: 'a', agent_extension: '101' })
    const answered = { answered_at: iso(began + 3_000), agent_extension: '102' }
    await record({ ...inbound, ...answered, call_history_id: 'H1', external_id: 'b' })
    await record({ ...inbound, external_id: 'c', caller_number: '+33199000002' })
    await record({ direction: 'outbound', external_id: 'd', called_number: '+33199000003' })
    const long_ago = { started_at: iso(began - 3 * HOUR), ended_at: iso(began - 2 * HOUR) }
    await record({ ...inbound, ...long_ago, external_id: 'e' })
    await record({ ...inbound, ended_at: null, external_id: 'f' })
    assert.equal((await planned('call_over')).length, 3)
    await doAll('call_over')
    const shown = async () =>
      (await events())
        .map(({ kind, data }) => `${kind} ${data.call} ${data.status} ${data.agent_extension}`)
        .toSorted((one, other) => one.localeCompare(other))
    const once = [
      'call.ended history:H1 answered 102',
      'call.ended record:id:c missed null',
      'call.ended record:id:d missed null',
      'call.missed record:id:c missed null',
    ]
    assert.deepEqual(await shown(), once)
    await record({ ...inbound, call_history_id: 'H1', external_id: 'g' })
    await doAll('call_over')
    assert.deepEqual(await shown(), once, 'a record that comes behind makes no second end')
    const [ended] = await events('kind=call.ended')
    assert.deepEqual(
      [ended.data.host_id, ended.happened_at, typeof ended.data.call_log_id],
      [host, iso(began + 9_000), 'number'],
    )
  })

  test('a call that somebody watched is not told of again by its records', async (t) => {
    const { post, events, doAll, store } = await newTellingHub(t, engine)
    const host = (await post('pbx3cx-hosts', { host_name: 'a.example', cdr_source: 'files' })).id
    const began = Date.now() - 60_000
    const times = { started_at: iso(began), ended_at: iso(began + 9_000) }
    const record = (more: Json) =>
      post('pbx3cx_calls', { pbx3cx_host_id: host, direction: 'inbound', ...times, ...more })
    const number = '+33199000001'
    await record({ caller_number: number, external_id: 'a', source: 'manual' })
    await doAll('call_over')
    assert.deepEqual(await events(), [], 'another source has the last word on this host')
    await record({ caller_number: number, external_id: 'b', source: 'files' })
    await record({ caller_number: '+33199000002', external_id: 'c', source: 'files' })
    // As the room that watches calls would tell it.
    const append = openAppend(Date.now, openOutbox({ add: () => Promise.resolve(null) }))
    const nobody = {
      queue: null,
      agent_extension: null,
      agent_name: null,
      customer_id: null,
      contact_id: null,
    }
    const unknown = { caller_name: null, called_number: null, called_e164: null, call_log_id: null }
    const spent = { answered_at: null, ring_ms: null, wait_ms: null, talk_ms: null }
    const watched = { host_id: host, call: 'live:1', direction: 'inbound', status: 'missed' } as const
    const caller = { caller_number: number, caller_e164: number }
    const data = {
      ...watched,
      ...caller,
      ...nobody,
      ...unknown,
      ...spent,
      ...times,
      started_at: iso(began + 2_000),
    }
    const event = { tenantId: 1, kind: 'call.ended', key: `call:${host}:live:1:ended`, data } as const
    await store.transact((tx) => append(tx as never, { ...event, happenedAt: began + 9_500 }))
    await doAll('call_over')
    assert.deepEqual(
      (await events('kind=call.ended')).map((one) => one.data.call),
      ['live:1', 'record:id:c'],
    )
  })

  test('secrets of webhooks are in no answer but the first, in no log and nowhere in the store', async (t) => {
    const { ask, post, lines, address, dataDir } = await newTellingHub(t, engine)
    const receiver = await newReceiver(t)
    receiver.answerWith(({ headers, text }: Received, response: ServerResponse) =>
      response.writeHead(500).end(`you sent ${String(headers['x-secret'])} ${text}`),
    )
    const planted = 'planted-header-value'
    const made = await post('webhooks', {
      name: 'CRM',
      url: receiver.url,
      kinds: ['disposition.saved'],
      headers: { 'X-Secret': planted },
    })
    const one = `/api/v1/webhooks/${made.id}`
    const rotated = await post(`webhooks/${made.id}/rotate-secret`, {})
    await post('dispositions', { number: '0199000001', status: 'completed' })
    await receiver.until((all) => all.length === 1)
    const answers: string[] = []
    const answer = async (method: string, path: string, body?: Json) => {
      const { text } = await ask(method, path, body === undefined ? {} : { body })
      answers.push(text)
      return text
    }
    for (const path of [one, '/api/v1/webhooks', `${one}/deliveries`, '/api/v1/work', '/api/v1/events'])
      await answer('GET', path)
    await answer('PATCH', one, { headers: { 'x-secret': '********' } })
    const tested = await answer('POST', `${one}/test`)
    assert.ok(tested.includes('you sent ********'), tested)
    assert.equal(receiver.received.at(-1)?.headers['x-secret'], planted)
    const places: [string, string][] = [
      ['an answer', answers.join('\n')],
      ['the log', lines.join('\n')],
      ['the store', await stored(address, dataDir)],
    ]
    for (const secret of [made.secret, rotated.secret, planted])
      for (const [place, text] of places) assert.ok(!text.includes(secret), `${secret} in ${place}`)
  })

  test('whoever is erased is in no event and no delivery, and what was to be sent of them is not', async (t) => {
    const { ask, post, events, store } = await newTellingHub(t, engine)
    const receiver = await newReceiver(t)
    const webhook = await post('webhooks', { name: 'CRM', url: receiver.url, kinds: ['disposition.saved'] })
    const customer = await post('customers', { name: 'Acme', phone: '0199000001' })
    await post('dispositions', { number: '0199000001', status: 'completed' })
    await post('dispositions', { number: '0199000002', status: 'completed', comment: 'call 01 99 00 00 01' })
    await post('dispositions', { number: '0199000003', status: 'completed' })
    const log = async () => (await ask('GET', `/api/v1/webhooks/${webhook.id}/deliveries`)).json
    const isSent = (row: Json) => row.state === 'delivered'
    while ((await log()).data.filter(isSent).length < 3)
      await new Promise((resolve) => setTimeout(resolve, 10))
    // As if they had been refused, and were to be tried again later.
    const refused = { delivered_at: null, next_attempt_at: Date.now() + HOUR, last_error: 'It answered 500.' }
    await store.write
      .updateTable('webhook_deliveries')
      .set({ ...refused, response: 'no room for +33 1 99 00 00 01' })
      .execute()
    const erased = await ask('POST', '/api/v1/erase', { body: { customer_id: customer.id } })
    assert.equal(erased.status, 200, erased.text)
    assert.equal(erased.json.removed.events, 2, erased.text)
    const left = await events()
    assert.deepEqual(
      left.map(({ data }) => data.number),
      ['0199000003'],
    )
    const { data, total } = await log()
    assert.deepEqual([total, data[0].event.id], [1, left[0].id])
    assert.equal(data[0].response, 'no room for [erased]')
  })

  test('events that are old enough go with their deliveries, and cursors go on', async (t) => {
    const { ask, post, events, store } = await newTellingHub(t, engine)
    const receiver = await newReceiver(t)
    await post('webhooks', { name: 'CRM', url: receiver.url, kinds: ['disposition.saved'], active: true })
    await post('dispositions', { number: '0199000001', status: 'completed' })
    await receiver.until((all) => all.length === 1)
    await store.write.updateTable('events').set({ created_at: 1_000 }).execute()
    assert.equal(await pruneEvents(store as never)(2_000, 10), 1)
    assert.equal(await pruneEvents(store as never)(2_000, 10), 0)
    assert.deepEqual(await events(), [])
    assert.equal((await store.read.selectFrom('webhook_deliveries').select('id').execute()).length, 0)
    await post('dispositions', { number: '0199000002', status: 'completed' })
    const { json } = await ask('GET', '/api/v1/events?after=1')
    assert.deepEqual([json.data.length, json.next_cursor], [1, '2'])
  })
})
