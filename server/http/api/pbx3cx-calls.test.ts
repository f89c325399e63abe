import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Ask, type Json } from '../../../test/hub.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../test/stores.ts'

const RECORDS = '/api/v1/pbx3cx_calls'
const LOGS = '/api/v1/pbx3cx-call-logs'
const DETAILS = '/api/v1/pbx3cx-call-log-details'

const newHost = async (ask: Ask, more: Json = {}): Promise<number> =>
  (await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', time_zone: 'Europe/Paris', ...more })).id
const ids = (list: Json[]) => list.map((one) => one.id).toSorted((a, b) => a - b)

/** An answered call of one record. */
const line = (host: number, more: Json = {}) => ({
  pbx3cx_host_id: host,
  direction: 'inbound',
  started_at: '2026-05-01T10:00:00Z',
  answered_at: '2026-05-01T10:00:05Z',
  ended_at: '2026-05-01T10:01:05Z',
  caller_number: '06 28 77 38 62',
  caller_name: 'Ann',
  called_number: '0199000000',
  queue: '800',
  agent_extension: '101',
  agent_name: 'Bob',
  ...more,
})

onEachStore('pbx3cx_calls', (engine) => {
  test('POST answers 201 with the record, GET reads it, PUT 201 corrects it, DELETE 201 says so; then 404', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    const made = await ask('POST', RECORDS, { body: { ...line(host), vendor_field: { x: 1 } } })
    assert.equal(made.status, 201, made.text)
    const { id, call_id, natural_key, payload, created_at, updated_at, ...told } = made.json
    assert.deepEqual(told, {
      ...line(host),
      started_at: '2026-05-01T10:00:00.000Z',
      answered_at: '2026-05-01T10:00:05.000Z',
      ended_at: '2026-05-01T10:01:05.000Z',
      external_id: null,
      call_history_id: null,
      source: 'manual',
      ring_ms: null,
      wait_ms: null,
      talk_ms: null,
      status: 'answered',
    })
    const { pbx3cx_host_id: _, ...received } = { ...line(host), vendor_field: { x: 1 } }
    assert.deepEqual(payload, received)
    assert.match(natural_key, /^sha256:/)
    assert.equal(created_at, updated_at)
    const read = await ask('GET', `${RECORDS}/${id}`)
    assert.deepEqual([read.status, read.json], [200, made.json])
    const put = await ask('PUT', `${RECORDS}/${id}`, {
      body: { agentName: 'Carol', status: 'voicemail', queue: null },
    })
    assert.deepEqual(
      [put.status, put.json.agent_name, put.json.status, put.json.queue, put.json.natural_key],
      [201, 'Carol', 'voicemail', null, natural_key],
    )
    const call = (await ask('GET', `${LOGS}/${call_id}`)).json
    assert.deepEqual([call.agent_name, call.status, call.queue], ['Carol', 'voicemail', null])
    const gone = await ask('DELETE', `${RECORDS}/${id}`)
    assert.deepEqual([gone.status, typeof gone.json.message], [201, 'string'])
    for (const path of [`${RECORDS}/${id}`, `${LOGS}/${call_id}`, `${DETAILS}/${call_id}`])
      assert.equal((await ask('GET', path)).status, 404, path)
  })

  test('the same record again is stored once and answered as the first, however many come at once', async (t) => {
    const { ask } = await newHub(t, engine)
    const [host, other] = [await newHost(ask), await newHost(ask)]
    const same = line(host, { external_id: 'cdr-1' })
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        ask('POST', RECORDS, { body: { ...same, agent_name: `writer ${i}` } }),
      ),
    )
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
    const [first] = answers
    for (const { json } of answers) assert.deepEqual(json, first?.json)
    // Without an id of its own it is known by what it tells, in whatever form that was written.
    const plain = await post(ask, 'pbx3cx_calls', line(host))
    const again = await post(
      ask,
      'pbx3cx_calls',
      line(host, { started_at: '01/05/2026 12:00', source: 'files' }),
    )
    assert.equal(again.id, plain.id)
    assert.equal(again.source, 'manual')
    const elsewhere = await post(ask, 'pbx3cx_calls', { ...same, pbx3cx_host_id: other })
    const later = await post(ask, 'pbx3cx_calls', line(host, { started_at: '2026-05-01T09:59:59Z' }))
    const list = await ask('GET', RECORDS)
    assert.deepEqual(ids(list.json.data), ids([first?.json, plain, elsewhere, later]))
    assert.equal((await ask('GET', LOGS)).json.length, 4)
    // A corrected record is still known when its line comes again.
    await ask('PUT', `${RECORDS}/${plain.id}`, { body: { ended_at: '2026-05-01T10:02:00Z' } })
    assert.equal((await post(ask, 'pbx3cx_calls', line(host))).id, plain.id)
  })

  test('records of one call history are one call, also when they come at once and in no order', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask, { cdr_source: 'xapi' })
    const { id: customer } = await post(ask, 'customers', { name: 'Acme', phone: '0628773862' })
    const leg = (n: number, more: Json) =>
      line(host, { external_id: `leg-${n}`, call_history_id: 'h1', source: 'xapi', ...more })
    const legs = [
      leg(3, {
        started_at: '2026-05-01T10:01:05Z',
        answered_at: '2026-05-01T10:01:10Z',
        ended_at: '2026-05-01T10:02:00Z',
        agent_extension: '102',
        agent_name: 'Carol',
      }),
      leg(1, {
        answered_at: null,
        ended_at: '2026-05-01T10:00:20Z',
        wait_ms: 15_000,
        ring_ms: '5000',
        agent_extension: '100',
        agent_name: null,
      }),
      leg(2, { started_at: '2026-05-01T10:00:20Z', answered_at: '2026-05-01T10:00:25Z' }),
    ]
    const made = await Promise.all(legs.map((body) => ask('POST', RECORDS, { body })))
    for (const { status, text } of made) assert.equal(status, 201, text)
    const [{ id, ...call }] = (await ask('GET', LOGS)).json
    assert.deepEqual(
      made.map(({ json }) => json.call_id),
      [id, id, id],
    )
    const { records, status, agent_extension, wait_ms, talk_ms, provisional, customer_id, caller_e164 } = call
    assert.deepEqual(
      { records, status, agent_extension, wait_ms, talk_ms, provisional, customer_id, caller_e164 },
      {
        records: 3,
        status: 'answered',
        agent_extension: '101',
        wait_ms: 15_000,
        talk_ms: 90_000,
        provisional: false,
        customer_id: customer,
        caller_e164: '+33628773862',
      },
    )
    const details = await ask('GET', `${DETAILS}/${id}`)
    assert.equal(details.status, 200)
    assert.deepEqual(
      details.json.legs.map((one: Json) => [
        one.position,
        one.agent_extension,
        one.duration_ms,
        one.steps.map((step: Json) => [step.kind, step.duration_ms]),
      ]),
      [
        [
          1,
          '100',
          20_000,
          [
            ['wait', 15_000],
            ['ring', 5_000],
          ],
        ],
        [
          2,
          '101',
          45_000,
          [
            ['ring', 5_000],
            ['talk', 40_000],
          ],
        ],
        [
          3,
          '102',
          55_000,
          [
            ['ring', 5_000],
            ['talk', 50_000],
          ],
        ],
      ],
    )
    // One leg belongs elsewhere: both calls follow.
    const moved = made[0]?.json
    await ask('PUT', `${RECORDS}/${moved.id}`, { body: { call_history_id: 'h2' } })
    const calls = (await ask('GET', `${LOGS}?sort=id`)).json
    assert.deepEqual(
      calls.map((one: Json) => one.records),
      [2, 1],
    )
    assert.equal((await ask('GET', `${DETAILS}/${id}`)).json.legs.length, 2)
  })

  test('lists are narrowed by host, period, number in any spelling, agent, queue, status and direction', async (t) => {
    const { ask } = await newHub(t, engine)
    const [host, other] = [await newHost(ask), await newHost(ask)]
    const one = await post(ask, 'pbx3cx_calls', line(host))
    const two = await post(
      ask,
      'pbx3cx_calls',
      line(other, {
        direction: 'outbound',
        started_at: '2026-05-02T21:59:59Z',
        answered_at: null,
        ended_at: null,
        caller_number: '101',
        called_number: '+33 6 28 77 38 62',
        queue: '801',
        agent_extension: '102',
        agent_name: 'Carol',
      }),
    )
    const both = ids([one, two])
    const cases: [string, number[]][] = [
      ['', both],
      [`pbx3cx_host_id=${host}`, [one.id]],
      [`filter[pbx3cx_host_id]=${other}`, [two.id]],
      ['number=0033628773862', both],
      ['number=0199000000', [one.id]],
      ['number=anonymous', []],
      ['number=0700000000', []],
      ['agent=101', [one.id]],
      ['agent=Carol', [two.id]],
      ['queue=801', [two.id]],
      ['status=missed', [two.id]],
      ['direction=inbound', [one.id]],
      ['from=2026-05-02', [two.id]],
      ['from=01/05/2026&to=01/05/2026', [one.id]],
      ['to=2026-05-02', both],
      ['from=2026-05-01T10:00:00Z&to=2026-05-01T10:00:01Z', [one.id]],
    ]
    const calls = new Map([
      [one.id, one.call_id],
      [two.id, two.call_id],
    ])
    for (const [query, expected] of cases) {
      const records = await ask('GET', `${RECORDS}?${query}`)
      assert.deepEqual(ids(records.json.data), expected, `records ${query}`)
      const logs = await ask('GET', `${LOGS}?${query}`)
      assert.deepEqual(
        ids(logs.json),
        expected.map((id) => calls.get(id)),
        `calls ${query}`,
      )
    }
    for (const query of ['from=soon', 'status=gone', 'pbx3cx_host_id=x'])
      assert.equal((await ask('GET', `${RECORDS}?${query}`)).status, 422, query)
    assert.equal((await ask('GET', `${RECORDS}?cursor=x`)).status, 422)
  })

  test('records are read to the end by cursor, newest first, or in pages', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    for (let n = 0; n < 5; n++) await post(ask, 'pbx3cx_calls', line(host, { external_id: `n${n}` }))
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { json } = await ask('GET', `${RECORDS}?per_page=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      seen.push(...json.data.map((one: Json) => one.external_id))
      cursor = json.next_cursor
    }
    assert.deepEqual(seen, ['n4', 'n3', 'n2', 'n1', 'n0'])
    const page = (await ask('GET', `${RECORDS}?page=2&per_page=2&sort=started_at`)).json
    assert.deepEqual([page.total, page.last_page, page.data.length], [5, 3, 2])
    const { headers, json } = await ask('GET', LOGS)
    assert.ok(Array.isArray(json) && /rel="first"/.test(headers.get('link') ?? ''))
  })

  test('what is wrong is a 422 on its field, and nothing is written', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    const wrong: [Json, string][] = [
      [{}, 'pbx3cx_host_id'],
      [line(999), 'pbx3cx_host_id'],
      [{ pbx3cx_host_id: host }, 'started_at'],
      [line(host, { started_at: '31/02/2026 10:00' }), 'started_at'],
      [line(host, { answered_at: '2026-05-01T09:00:00Z' }), 'answered_at'],
      [line(host, { ended_at: '2026-05-01T10:00:01Z' }), 'ended_at'],
      [line(host, { status: 'perhaps' }), 'status'],
      [line(host, { ring_ms: -1 }), 'ring_ms'],
      [line(host, { caller_name: 'A\u0000' }), 'caller_name'],
      [line(host, { source: 'No Source' }), 'source'],
    ]
    for (const path of [RECORDS, LOGS])
      for (const [body, field] of wrong) {
        const { status, json } = await ask('POST', path, { body })
        assert.equal(status, 422, JSON.stringify(body))
        assert.ok(json.errors[field], `${JSON.stringify(body)} → ${JSON.stringify(json.errors)}`)
      }
    assert.deepEqual((await ask('GET', RECORDS)).json.data, [])
    const bare = await post(ask, 'pbx3cx_calls', { pbx3cx_host_id: host, external_id: 'only' })
    assert.equal(bare.started_at, bare.created_at)
    const two = await post(ask, 'pbx3cx_calls', line(host, { external_id: 'two' }))
    const taken = await ask('PUT', `${RECORDS}/${two.id}`, { body: { external_id: 'only' } })
    assert.deepEqual([taken.status, Object.keys(taken.json.errors)], [422, ['external_id']])
  })

  test('a call told of in the call log is a call with one record; told of again it is the same', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    const made = await ask('POST', LOGS, { body: line(host) })
    assert.equal(made.status, 201, made.text)
    assert.deepEqual([made.json.records, made.json.source], [1, 'manual'])
    assert.deepEqual((await ask('GET', `${LOGS}/${made.json.id}`)).json, made.json)
    assert.deepEqual((await ask('POST', LOGS, { body: line(host) })).json, made.json)
    const work = await ask('GET', '/api/v1/work?filter[kind]=pbx_call_log')
    assert.deepEqual(work.json.data, [], 'a host without an API client has no log to be read')
  })

  test('a token of one host sees and writes the calls of that host alone', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const [host, other] = [await newHost(ask), await newHost(ask)]
    const mine = await post(ask, 'pbx3cx_calls', line(host))
    const theirs = await post(ask, 'pbx3cx_calls', line(other))
    const token = await newToken(['calls:write'], { host_id: host })
    assert.deepEqual(ids((await ask('GET', RECORDS, { token })).json.data), [mine.id])
    assert.deepEqual(ids((await ask('GET', `${LOGS}?pbx3cx_host_id=${other}`, { token })).json), [])
    for (const path of [
      `${RECORDS}/${theirs.id}`,
      `${LOGS}/${theirs.call_id}`,
      `${DETAILS}/${theirs.call_id}`,
    ])
      assert.equal((await ask('GET', path, { token })).status, 404, path)
    const body = line(other, { external_id: 'x' })
    assert.equal((await ask('POST', RECORDS, { token, body })).status, 422)
    assert.equal((await ask('POST', LOGS, { token, body })).status, 422)
    assert.equal((await ask('DELETE', `${RECORDS}/${theirs.id}`, { token })).status, 404)
    assert.equal((await ask('POST', RECORDS, { token, body: { ...body, pbx3cx_host_id: host } })).status, 201)
  })

  test('who is erased is in no record and no call any more, which stay as calls that somebody made', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    const { id: customer } = await post(ask, 'customers', { name: 'Acme', phone: '0199005555' })
    const known = await post(
      ask,
      'pbx3cx_calls',
      line(host, { external_id: 'cdr-1', note: 'Ann 0628773862' }),
    )
    const digest = await post(
      ask,
      'pbx3cx_calls',
      line(host, { direction: 'outbound', caller_number: '101', called_number: '0628773862' }),
    )
    const acme = await post(
      ask,
      'pbx3cx_calls',
      line(host, { external_id: 'cdr-2', caller_number: '0199005555', caller_name: 'Mr A' }),
    )
    const theirs = await post(
      ask,
      'pbx3cx_calls',
      line(host, { direction: 'outbound', caller_number: '102', called_number: '0199005555' }),
    )
    const other = await post(
      ask,
      'pbx3cx_calls',
      line(host, { external_id: 'cdr-3', caller_number: '0199006666' }),
    )
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '+33628773862' } })
    assert.deepEqual([erased.json.removed.records, erased.json.removed.calls], [2, 2], erased.text)
    assert.equal((await ask('POST', '/api/v1/erase', { body: { customer_id: customer } })).status, 200)
    const answers = await Promise.all(
      [`${RECORDS}?per_page=50`, LOGS, `${DETAILS}/${known.call_id}`].map((path) => ask('GET', path)),
    )
    for (const { text } of answers)
      for (const gone of [
        /28\D?77\D?38\D?62/,
        /0199005555/,
        /99005555/,
        /Mr A/,
        /"Ann 06/,
        new RegExp(digest.natural_key),
      ])
        assert.doesNotMatch(text, gone)
    const records = new Map<number, Json>(answers[0]?.json.data.map((one: Json) => [one.id, one]))
    assert.deepEqual(
      [...records.keys()].toSorted((a, b) => a - b),
      ids([known, digest, acme, theirs, other]),
    )
    assert.deepEqual(records.get(other.id), other)
    assert.deepEqual(
      [
        records.get(known.id)?.caller_number,
        records.get(known.id)?.agent_name,
        records.get(digest.id)?.called_number,
      ],
      [null, 'Bob', null],
    )
    const calls = new Map<number, Json>(answers[1]?.json.map((one: Json) => [one.id, one]))
    assert.deepEqual(
      [...calls.keys()].toSorted((a, b) => a - b),
      [known, digest, acme, theirs, other].map((one) => one.call_id),
    )
    for (const { call_id } of [acme, theirs]) assert.equal(calls.get(call_id)?.customer_id, null)
    // Its source tells of it again: it is still known, and nothing of it comes back.
    assert.equal((await post(ask, 'pbx3cx_calls', line(host, { external_id: 'cdr-1' }))).caller_number, null)
    // A correction stitches the call from what is left.
    await ask('PUT', `${RECORDS}/${digest.id}`, { body: { agent_name: 'Carol' } })
    const corrected = (await ask('GET', `${LOGS}/${digest.call_id}`)).json
    assert.deepEqual([corrected.agent_name, corrected.called_number], ['Carol', null])
  })

  test('a hub forgets calls that are too old, with their records and legs', async (t) => {
    const { ask, hub } = await newHub(t, engine)
    const host = await newHost(ask)
    const old = await post(ask, 'pbx3cx_calls', line(host, { call_history_id: 'h' }))
    await post(ask, 'pbx3cx_calls', line(host, { call_history_id: 'h', external_id: 'second' }))
    const young = await post(ask, 'pbx3cx_calls', line(host, { started_at: '2026-05-01T10:00:01Z' }))
    assert.equal(await hub.journal.prune.calls(Date.parse('2026-05-01T10:00:01Z'), 10), 1)
    assert.equal(await hub.journal.prune.calls(Date.parse('2026-05-01T10:00:01Z'), 10), 0)
    assert.deepEqual(ids((await ask('GET', RECORDS)).json.data), [young.id])
    assert.deepEqual(ids((await ask('GET', LOGS)).json), [young.call_id])
    assert.equal((await ask('GET', `${DETAILS}/${old.call_id}`)).status, 404)
    // A PBX that goes takes its calls along.
    assert.equal((await ask('DELETE', `/api/v1/pbx3cx-hosts/${host}`)).status, 201)
    assert.deepEqual((await ask('GET', LOGS)).json, [])
  })
})
