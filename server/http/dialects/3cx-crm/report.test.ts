import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Ask, type Json } from '../../../../test/hub.ts'
import { post } from '../../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../../test/stores.ts'
import { readSpan } from './report.ts'

const NUMBER = '+33628773862'
const PATH = '/3cx/crm/report-call'
const REPORT = {
  CallType: 'Inbound',
  CallDirection: 'Inbound',
  Number: NUMBER,
  Name: 'Ann Ouverte',
  Agent: '101',
  AgentFirstName: 'Bob',
  AgentLastName: 'Brun',
  AgentEmail: '[AgentEmail]',
  QueueExtension: '',
  Duration: '00:01:00',
  DateTime: '2026-05-01 12:00:00',
  CallStartTimeUTC: '[[CallStartTimeUTC].ToString("s")]',
  EntityId: '[EntityId]',
}
const newHost = async (ask: Ask, more: Json = {}): Promise<number> =>
  (await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', time_zone: 'Europe/Paris', ...more })).id
const callsOf = async (ask: Ask): Promise<Json[]> =>
  (await ask('GET', '/api/v1/pbx3cx-call-logs?per_page=100&sort=started_at')).json.data
const recordsOf = async (ask: Ask): Promise<Json[]> =>
  (await ask('GET', '/api/v1/pbx3cx_calls?page=1&sort=id')).json.data

/** The same call as the PBX's own records tell it. */
const line = (host: number, more: Json = {}) => ({
  pbx3cx_host_id: host,
  source: 'xapi',
  direction: 'inbound',
  started_at: '2026-05-01T10:00:00Z',
  answered_at: '2026-05-01T10:00:10Z',
  ended_at: '2026-05-01T10:01:10Z',
  caller_number: '0628773862',
  called_number: '0199000000',
  agent_extension: '101',
  ...more,
})

test('a duration is hours, minutes and seconds, or seconds', () => {
  for (const [text, ms] of [
    ['00:00:07', 7_000],
    ['01:02:03', 3_723_000],
    ['1.00:00:01', 86_401_000],
    ['00:00:07.9312', 7_000],
    ['90', 90_000],
    ['7.5', 7_500],
  ] as const)
    assert.equal(readSpan(text), ms, text)
  for (const text of ['', '1:2', 'soon', '-00:00:01', '1e3', '9'.repeat(400)])
    assert.equal(readSpan(text), null, text)
})

onEachStore('reports of calls', (engine) => {
  test('a report is one call however often it comes, by the wall clock of its PBX', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    await post(ask, 'customers', { name: 'Ouverte', phone: NUMBER })
    const host = await newHost(ask)
    const pbx = await newToken(['identify', 'journal:write'], { host_id: host })
    const first = await ask('POST', PATH, { body: { ...REPORT, host }, token: pbx })
    assert.deepEqual([first.status, first.json.success], [200, true], first.text)
    const again = [
      { body: REPORT, token: pbx },
      { body: { ...REPORT, host, Number: '0628773862', EntityId: '5' } },
      {
        body: new URLSearchParams({ ...REPORT, host: String(host) }).toString(),
        type: 'application/x-www-form-urlencoded',
      },
    ]
    for (const one of again) assert.deepEqual((await ask('POST', PATH, one)).json, first.json)
    const [call, ...more] = await callsOf(ask)
    assert.deepEqual(more, [])
    assert.deepEqual(
      [call.id, call.direction, call.status, call.started_at, call.answered_at, call.ended_at, call.talk_ms],
      [
        first.json.call_id,
        'inbound',
        'answered',
        '2026-05-01T10:00:00.000Z',
        '2026-05-01T10:00:00.000Z',
        '2026-05-01T10:01:00.000Z',
        60_000,
      ],
    )
    assert.deepEqual(
      [call.caller_e164, call.caller_name, call.called_number, call.agent_extension, call.agent_name],
      [NUMBER, 'Ann Ouverte', null, '101', 'Bob Brun'],
    )
    assert.deepEqual([call.customer_id, call.source, call.provisional, call.records], [1, 'crm', false, 1])
    const [record] = await recordsOf(ask)
    assert.equal(record.payload.agent, '101')
    assert.deepEqual(
      ['token', 'agentemail', 'entityid', 'queueextension'].filter((name) => name in record.payload),
      [],
    )
  })

  test('each kind of call is told by its type, and UTC goes before the wall clock', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    const kinds = [
      ['Inbound', 'inbound', 'answered'],
      ['Outbound', 'outbound', 'answered'],
      ['Missed', 'inbound', 'missed'],
      ['Notanswered', 'outbound', 'missed'],
      ['Unanswered', 'outbound', 'missed'],
      ['not answered', 'outbound', 'missed'],
    ] as const
    for (const [i, [CallType]] of kinds.entries()) {
      const CallStartTimeUTC = `2026-05-01T0${i}:00:00`
      const body = {
        ...REPORT,
        host,
        CallType,
        CallStartTimeUTC,
        CallEndTimeUTC: `2026-05-01T0${i}:02:00`,
      }
      assert.equal((await ask('POST', PATH, { body })).status, 200, CallType)
    }
    for (const [i, call] of (await callsOf(ask)).entries()) {
      const [name, direction, status] = kinds[i]!
      assert.deepEqual([call.direction, call.status], [direction, status], name)
      assert.equal(call.started_at, `2026-05-01T0${i}:00:00.000Z`)
      const answered_at = status === 'answered' ? `2026-05-01T0${i}:01:00.000Z` : null
      assert.deepEqual([call.answered_at, call.ended_at], [answered_at, `2026-05-01T0${i}:02:00.000Z`], name)
      assert.equal(direction === 'inbound' ? call.caller_e164 : call.called_e164, NUMBER, name)
    }
  })

  test('what cannot be read is refused by name, and nothing is stored', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const host = await newHost(ask)
    const other = await newHost(ask, { host_name: 'b.example' })
    const own = await newToken(['journal:write'], { host_id: host })
    const refused = async (more: Json, token?: string) => {
      const { status, json } = await ask('POST', PATH, {
        body: { ...REPORT, host, ...more },
        ...(token ? { token } : {}),
      })
      return [status, json.code]
    }
    assert.deepEqual(await refused({ host: undefined }), [422, 'validation_failed'])
    assert.deepEqual(await refused({ host: 'x' }), [422, 'validation_failed'])
    assert.deepEqual(await refused({ host: 999 }), [422, 'validation_failed'])
    assert.deepEqual(await refused({ CallType: '__proto__' }), [400, 'bad_request'])
    assert.deepEqual(await refused({ CallType: '', CallDirection: '' }), [400, 'bad_request'])
    assert.deepEqual(await refused({ DateTime: '[DateTime]' }), [400, 'parameter_missing'])
    assert.deepEqual(await refused({ DateTime: 'yesterday' }), [422, 'validation_failed'])
    assert.deepEqual(await refused({}, await newToken(['identify'])), [403, 'scope_missing'])
    assert.deepEqual(await recordsOf(ask), [])
    // A token of one PBX speaks for that one, whatever the request says.
    assert.equal((await ask('POST', PATH, { body: { ...REPORT, host: other }, token: own })).status, 200)
    assert.deepEqual(
      (await recordsOf(ask)).map((record) => record.pbx3cx_host_id),
      [host],
    )
  })

  test('who sees the calls of some departments only reports none', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const host = await newHost(ask)
    const token = await newToken(['journal:write'], { departments: ['Sales'] })
    const refused = await ask('POST', PATH, { body: { ...REPORT, host }, token })
    assert.deepEqual([refused.status, refused.json.code], [403, 'forbidden'])
    assert.deepEqual(await recordsOf(ask), [])
  })

  test('the agents of one call report it each, and it is one call', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    const tell = (more: Json) => ask('POST', PATH, { body: { ...REPORT, host, ...more } })
    await tell({ CallType: 'Missed', Agent: '100', Duration: '00:00:00' })
    await tell({ Agent: '101' })
    await tell({ Agent: '101', Number: '+33199000001' })
    const calls = await callsOf(ask)
    assert.deepEqual(
      calls.map((call) => [call.caller_e164, call.status, call.agent_extension, call.records]),
      [
        [NUMBER, 'answered', '101', 2],
        ['+33199000001', 'answered', '101', 1],
      ],
    )
  })

  for (const order of ['before', 'after'] as const)
    test(`a call that other records tell of ${order} the report stays one call, and is told by them`, async (t) => {
      const { ask } = await newHub(t, engine)
      const host = await newHost(ask, { cdr_source: 'xapi' })
      const records = [
        line(host, { call_history_id: 'h1', ended_at: '2026-05-01T10:00:20Z', agent_extension: null }),
        line(host, { call_history_id: 'h1', started_at: '2026-05-01T10:00:05Z' }),
      ]
      const tellRecords = async () => {
        for (const record of records) await post(ask, 'pbx3cx_calls', record)
      }
      const tellReport = async () =>
        (await ask('POST', PATH, { body: { ...REPORT, host, DateTime: '2026-05-01 12:00:05' } })).json.call_id
      if (order === 'before') await tellRecords()
      const reported = await tellReport()
      if (order === 'after') {
        assert.equal((await callsOf(ask))[0].provisional, true)
        await tellRecords()
      }
      const repeated = await tellReport()
      const [call, ...more] = await callsOf(ask)
      assert.deepEqual(more, [])
      assert.deepEqual([call.id, repeated], [reported, reported], 'known by the same id')
      assert.deepEqual(
        [call.source, call.provisional, call.records, call.called_number, call.talk_ms],
        ['xapi', false, 3, '0199000000', 10_000 + 60_000],
      )
      const { legs } = (await ask('GET', `/api/v1/pbx3cx-call-log-details/${call.id}`)).json
      assert.equal(legs.length, 2)
      // Without its records the call is what was reported of it.
      for (const record of await recordsOf(ask))
        if (record.source === 'xapi') await ask('DELETE', `/api/v1/pbx3cx_calls/${record.id}`)
      const [left] = await callsOf(ask)
      assert.deepEqual([left.source, left.provisional, left.records], ['crm', true, 1])
    })

  test('of calls from one number a report is about the nearest, and calls of others are none of its', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    const elsewhere = await newHost(ask, { host_name: 'b.example' })
    const at = (second: number) => new Date(Date.parse('2026-05-01T10:00:00Z') + second * 1_000).toISOString()
    const call = (from: number, to: number, more: Json = {}) => ({
      ...line(host, more),
      started_at: at(from),
      answered_at: at(from),
      ended_at: at(to),
    })
    for (const record of [
      call(0, 10),
      call(12, 60),
      call(12, 60, { caller_number: '0199000001' }),
      call(12, 60, { pbx3cx_host_id: elsewhere }),
      // A company's main number calls twice at once.
      call(100, 200, { agent_extension: '100' }),
      call(101, 200, { agent_extension: '101' }),
      call(300, 400, { caller_number: 'anonymous' }),
    ])
      await post(ask, 'pbx3cx_calls', record)
    const tell = async (second: number, more: Json = {}) => {
      const CallStartTimeUTC = at(second).slice(0, 19)
      return (await ask('POST', PATH, { body: { ...REPORT, host, CallStartTimeUTC, ...more } })).json.call_id
    }
    const ids = (await callsOf(ask)).map((one) => one.id)
    assert.equal(ids.length, 7)
    const told = [
      await tell(0),
      await tell(11),
      await tell(12),
      await tell(12, { Number: '+33199000001' }),
      await tell(100, { Agent: '101' }),
      await tell(300, { Number: 'Anonymous' }),
      await tell(302, { Number: '' }),
    ]
    const calls = await callsOf(ask)
    assert.equal(calls.length, 7, 'no call is new')
    const startOf = new Map(calls.map((one) => [one.id, one.started_at]))
    assert.deepEqual(
      told.map((id) => startOf.get(id)),
      [0, 12, 12, 12, 101, 300, 300].map(at),
    )
    await tell(300, { Number: '', Agent: '999' })
    await tell(500)
    assert.equal((await callsOf(ask)).length, 9)
  })

  test('a record and a report of the same call at the same time are one call', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    // A PBX is known to report calls from its first report on.
    await ask('POST', PATH, { body: { ...REPORT, host, DateTime: '2026-04-01 12:00:00' } })
    const rounds = Array.from({ length: 12 }, (_, i) => `2026-05-01T10:${10 + i}:00`)
    await Promise.all(
      rounds.flatMap((CallStartTimeUTC) => [
        ask('POST', PATH, { body: { ...REPORT, host, CallStartTimeUTC } }),
        ask('POST', '/api/v1/pbx3cx_calls', {
          body: line(host, { started_at: `${CallStartTimeUTC}Z`, answered_at: null, ended_at: null }),
        }),
      ]),
    )
    const calls = await callsOf(ask)
    assert.deepEqual(
      calls.slice(1).map((call) => [call.source, call.records]),
      rounds.map(() => ['xapi', 2]),
    )
  })

  test('a corrected report stays with its call, and is forgotten with its caller', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    await post(ask, 'pbx3cx_calls', line(host))
    for (const more of [{}, { Agent: '102' }, { DateTime: '2026-05-02 12:00:00' }])
      await ask('POST', PATH, { body: { ...REPORT, host, ...more } })
    await ask('POST', PATH, { body: { ...REPORT, host, DateTime: '2026-05-02 12:00:00', Agent: '102' } })
    const report = (await recordsOf(ask)).find((record) => record.source === 'crm')!
    const put = await ask('PATCH', `/api/v1/pbx3cx_calls/${report.id}`, { body: { agent_name: 'Robert' } })
    assert.equal(put.json.call_id, report.call_id, put.text)
    assert.equal((await callsOf(ask)).length, 2)
    assert.equal((await ask('POST', '/api/v1/erase', { body: { number: NUMBER } })).status, 200)
    const left = [...(await recordsOf(ask)), ...(await callsOf(ask))]
    assert.deepEqual(
      left.map(({ caller_number, caller_name }) => [caller_number, caller_name]),
      left.map(() => [null, null]),
    )
    assert.equal(left.length, 5 + 2)
    assert.doesNotMatch(JSON.stringify(left), /report:|sha256:/)
  })

  test('a chat is kept once, about the party the PBX was told', async (t) => {
    const { ask } = await newHub(t, engine)
    const customer = await post(ask, 'customers', { name: 'Ouverte', phone: '0199001234' })
    const body = {
      ChatMessages: `Ann: hello 👋\nBob: ${'x'.repeat(10_000)}`,
      ChatStartTimeUTC: '2026-05-01T10:00:00',
      Number: '[Number]',
      Email: 'ann@ouverte.example',
      Agent: '101',
      AgentFirstName: 'Bob',
      AgentLastName: 'Brun',
      EntityId: String(customer.id),
    }
    for (let i = 0; i < 2; i++) {
      const told = await ask('POST', '/3cx/crm/report-chat', { body })
      assert.deepEqual([told.status, told.json], [200, { success: true }], told.text)
    }
    const { json } = await ask('GET', '/api/v1/pbx-events')
    assert.equal(json.total, 1)
    const [chat] = json.data
    assert.deepEqual([chat.event, chat.customer_id, chat.agent], ['chat', customer.id, '101'])
    assert.equal(chat.payload.chatmessages, body.ChatMessages)
    assert.equal('number' in chat.payload, false)
    const notes = async (query: string): Promise<Json[]> =>
      (await ask('GET', `/api/v1/pop?${query}`)).json.notes
    const [note, ...more] = await notes(`customer_id=${customer.id}`)
    assert.deepEqual(
      [note.noteable_type, note.noteable_id, note.type, note.author, note.created_at, more],
      ['customer', customer.id, 'chat', 'Bob Brun, 101', '2026-05-01T10:00:00.000Z', []],
    )
    assert.deepEqual([note.body.length, note.body.slice(0, 12)], [10_000, 'Ann: hello 👋'.slice(0, 12)])

    // Somebody who is in the book by his address alone, and somebody who is not in it yet.
    const ann = await post(ask, 'contacts', { first_name: 'Ann', email: 'ann@ouverte.example' })
    const chats = [
      { ...body, ChatMessages: 'by mail', EntityId: '', Number: '' },
      { ...body, ChatMessages: 'by phone', EntityId: '', Email: '', Number: '0699000001' },
    ]
    for (const one of [...chats, ...chats])
      assert.equal((await ask('POST', '/3cx/crm/report-chat', { body: one })).status, 200)
    assert.deepEqual(
      (await notes(`contact_id=${ann.id}`)).map((one) => one.body),
      ['by mail'],
    )
    const [unknown] = await notes('number=0699000001')
    assert.deepEqual(
      [unknown.body, unknown.noteable_type, unknown.contact_id],
      ['by phone', 'pbx_event', null],
    )
    await ask('PATCH', `/api/v1/contacts/${ann.id}`, { body: { phones: ['0699000001'] } })
    assert.deepEqual(
      (await notes('number=0699000001'))
        .map((one) => String(one.body))
        .toSorted((one, other) => (one < other ? -1 : 1)),
      ['by mail', 'by phone'],
    )
    const own = { noteable_type: 'pbx_event', noteable_id: unknown.noteable_id }
    assert.equal((await ask('POST', '/api/v1/notes', { body: { ...own, body: 'x' } })).status, 422)
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '0699000001' } })
    assert.deepEqual([erased.status, erased.json.removed.notes], [200, 1], erased.text)
    assert.deepEqual(await notes('number=0699000001'), [])

    const empty = await ask('POST', '/3cx/crm/report-chat', { body: { ...body, ChatMessages: ' ' } })
    assert.deepEqual([empty.status, empty.json.code], [400, 'parameter_missing'])
  })
})
