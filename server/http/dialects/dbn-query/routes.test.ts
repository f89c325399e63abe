import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ADMIN_TOKEN, newHub, type Ask, type Json } from '../../../../test/hub.ts'
import { newReadyAddress, onEachStore } from '../../../../test/stores.ts'
import { newWire, until } from '../../../../test/wire.ts'

type Pair = {
  name: string
  get?: string
  post?: string
  contentType?: string
  send?: string
  status: number
  /** The answer, byte for byte. */
  raw?: string
  /** What a refusal holds, or the `success` of each of several. */
  refusal?: Record<string, unknown>
  refusals?: unknown[]
  /** The dispositions it leaves: number, status, comment. */
  recorded?: [string, string, string][]
}

const golden = (name: string) => readFile(new URL(`./golden/${name}`, import.meta.url), 'utf8')
const BOOK = await golden('book.csv')
const PAIRS = JSON.parse(await golden('pairs.json')) as Pair[]
const withToken = (text: string) => text.replaceAll('TOKEN', ADMIN_TOKEN)
const DISPOSITIONS = '/api/v1/dispositions?per_page=200'

const send = (ask: Ask, { get, post, send: body, contentType }: Pair, more: Record<string, string> = {}) =>
  get === undefined
    ? ask('POST', withToken(post!), {
        token: null,
        body: withToken(body!),
        type: contentType!,
        headers: more,
      })
    : ask('GET', withToken(get), { token: null, headers: more })

onEachStore('the DBN query dialect', (engine) => {
  test('every golden request gets its golden answer and leaves its records', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    assert.equal((await importBook(BOOK)).rejected, 0)
    let known = 0
    for (const pair of PAIRS) {
      const answer = await send(ask, pair)
      assert.equal(answer.status, pair.status, `${pair.name}: ${answer.text}`)
      assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8', pair.name)
      assert.equal(answer.headers.get('cache-control'), 'no-store', pair.name)
      if (pair.raw !== undefined) assert.equal(answer.text, pair.raw, pair.name)
      if (pair.refusal) {
        assert.deepEqual({ ...answer.json, ...pair.refusal }, answer.json, pair.name)
        assert.ok(answer.json.message.length > 5, pair.name)
      }
      if (pair.refusals)
        assert.deepEqual(
          answer.json.map((one: Json) => one.success),
          pair.refusals,
          pair.name,
        )
      const { data } = (await ask('GET', `${DISPOSITIONS}&sort=-id`)).json
      const made = data.slice(0, data.length - known).toReversed()
      known = data.length
      assert.deepEqual(
        made.map(({ number, status, comment }: Json) => [number, status, comment]),
        pair.recorded ?? [],
        pair.name,
      )
    }
  })

  test('the fast lane and the router give the same answers, byte for byte', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    await importBook(BOOK)
    const shown = ['content-type', 'cache-control', 'content-length']
    for (const pair of PAIRS) {
      if (pair.get === undefined) continue
      // Naming the tenant, even one's own, is the router's business.
      const answers = []
      for (const headers of [{}, { 'cordboard-tenant': '1' }]) {
        const { status, text, headers: got } = await send(ask, pair, headers as Record<string, string>)
        answers.push({
          status,
          text: text.replace(/"request_id":"[^"]*"/, ''),
          headers: status < 400 ? shown.map((name) => got.get(name)) : [],
        })
      }
      assert.deepEqual(answers[0], answers[1], pair.name)
    }
  })

  test('a repetition within the window is one record, after it two; another comment is another one', async (t) => {
    let now = Date.parse('2026-05-01T12:00:00Z')
    const { ask } = await newHub(t, engine, { clock: { now: () => now } })
    const record = async (query: string, headers = {}) => {
      const { text } = await ask('GET', `/3cx/query?cid=0199001234&${query}`, { headers })
      assert.equal(text, '{"success":1}')
      return (await ask('GET', DISPOSITIONS)).json.total as number
    }
    assert.equal(await record('status=Completed&comments=x'), 1)
    now += 59_999
    assert.equal(await record('status=COMPLETED&Comments=x'), 1, 'repeated')
    assert.equal(await record('status=Completed&comments=y'), 2, 'another comment')
    assert.equal(await record('status=No%20Answer&comments=x'), 3, 'another status')
    now += 1
    assert.equal(await record('status=Completed&comments=x'), 4, 'said again later')
    assert.equal(await record('status=Completed&comments=x'), 4)
    now += 86_400_000
    const keyed = { 'idempotency-key': 'a1' }
    assert.equal(await record('status=Completed', keyed), 5)
    now += 86_400_000
    assert.equal(await record('status=Completed', keyed), 5, 'the same key at any time')
    assert.equal(await record('status=Completed', { 'idempotency-key': 'a2' }), 6, 'a key of its own')
    assert.equal(await record('status=Completed&call=77'), 7)
    now += 86_400_000
    assert.equal(await record('status=Completed&call=77'), 7, 'the same call at any time')
    assert.equal(await record('status=Completed&call=78'), 8, 'another call at the same moment')
    assert.equal(await record('status=Completed&call=%5BCallID%5D'), 9, 'a call that nobody filled in')
    assert.equal(await record('status=Completed&call='), 9, 'is none')
  })

  test('what is said again about the same call takes the place of what was said, and both are in the audit', async (t) => {
    const { ask } = await newHub(t, engine)
    const say = (query: string) => ask('GET', `/3cx/query?cid=0199001234&call=9&${query}`)
    await say('status=Schedule%20Later&due=2026-11-22T14:30')
    const { json: first } = await ask('GET', DISPOSITIONS)
    assert.deepEqual(
      [first.data[0].status, first.data[0].due_at],
      ['schedule_later', '2026-11-22T13:30:00.000Z'],
      'as the clocks of Paris show it',
    )
    await ask('PATCH', `/api/v1/dispositions/${first.data[0].id}`, { body: { comment: 'by hand' } })
    await say('status=Schedule%20Later&due=2026-11-22T14:30')
    assert.equal((await ask('GET', DISPOSITIONS)).json.data[0].comment, 'by hand', 'a late repetition')
    await say('status=Completed&comments=done')
    const { json: second } = await ask('GET', DISPOSITIONS)
    assert.deepEqual([second.total, second.data[0].status, second.data[0].comment], [1, 'completed', 'done'])
    assert.equal((await ask('GET', '/api/v1/callbacks')).json.data[0].status, 'cancelled')
  })

  test('two tokens that say the same are two records; a record needs the scope to write', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const path = '/3cx/query?cid=0199001234&status=Completed'
    const [one, two] = [
      await newToken(['identify', 'journal:write']),
      await newToken(['identify', 'journal:write']),
    ]
    for (const token of [one, two, one])
      assert.equal((await ask('GET', path, { token })).text, '{"success":1}')
    assert.equal((await ask('GET', DISPOSITIONS)).json.total, 2)
    const reader = await newToken(['identify'])
    const refused = await ask('GET', path, { token: reader })
    assert.deepEqual([refused.status, refused.json.success, refused.json.code], [403, 0, 'scope_missing'])
    assert.equal((await ask('GET', '/3cx/query?cid=1', { token: reader })).text, '{"success":false}')
    const mixed = [
      { cid: '1', token: one },
      { cid: '2', token: two },
    ]
    const strange = await ask('POST', '/3cx/query', { token: null, body: mixed })
    assert.deepEqual([strange.status, strange.json.length, strange.json[0].code], [400, 2, 'bad_request'])
  })

  // Each would keep the hub, and every call with it, for an hour if it were looked through again and again.
  test('a body or a time of a megabyte that is nothing is refused like any other', async (t) => {
    const { ask } = await newHub(t, engine)
    const unended = `{"cid":"${'\\"'.repeat(400_000)}`
    for (const body of [unended, `${unended}\\`]) {
      const broken = await ask('POST', '/3cx/query', { body, type: 'application/json', token: null })
      assert.equal(broken.status, 401)
    }
    const due = `${' '.repeat(800_000)}soon`
    const late = await ask('POST', '/3cx/query', { body: { cid: '1', status: 'Schedule Later', due } })
    assert.deepEqual([late.status, late.json.success], [400, 0])
  })

  test('of many repetitions at once exactly one is a record, alone, in lists and by call', async (t) => {
    const { ask } = await newHub(t, engine)
    const callers = Array.from({ length: 12 }, (_, i) => `01990012${10 + i}`)
    const list = callers.map((cid) => ({ cid, status: 'Do not Disturb' }))
    const requests = callers.flatMap((cid, i) => [
      ...Array.from({ length: 6 }, () => () => ask('GET', `/3cx/query?cid=${cid}&status=DND`)),
      ...Array.from(
        { length: 4 },
        () => () => ask('GET', `/3cx/query?cid=${cid}&status=Completed&call=${i}`),
      ),
    ])
    const lists = [list, list.toReversed(), list].map((body) => () => ask('POST', '/3cx/query', { body }))
    const answers = await Promise.all([...requests, ...lists].map((one) => one()))
    for (const { status, text } of answers) {
      assert.equal(status, 200, text)
      assert.match(text, /^\[?(\{"success":1\},?)+\]?$/)
    }
    const { data, total } = (await ask('GET', DISPOSITIONS)).json
    assert.equal(total, 24)
    const of = (status: string) =>
      data.filter((one: Json) => one.status === status).map((one: Json) => one.number)
    assert.deepEqual(of('do_not_disturb').toSorted(), callers)
    assert.deepEqual(of('completed').toSorted(), callers)
    assert.equal((await ask('GET', '/api/v1/do-not-call')).json.total, 12)
  })

  if (engine === 'postgres')
    test('with the store away a record is refused and a question answered; once it is back the repetition is kept', async (t) => {
      const address = await newReadyAddress(t, engine)
      assert.ok(address.kind === 'postgres')
      const wire = await newWire(t, address.url)
      const { ask, importBook } = await newHub(t, engine, { address: { kind: 'postgres', url: wire.url } })
      await importBook(BOOK)
      wire.cut()
      const body = { cid: '0199001234', status: 'Completed' }
      const refused = await ask('POST', '/3cx/query', { body })
      assert.deepEqual(
        [refused.status, refused.json.success, refused.json.code],
        [503, 0, 'store_unavailable'],
      )
      const list = await ask('POST', '/3cx/query', { body: [body, { cid: '1' }] })
      assert.deepEqual([list.status, list.json.map((one: Json) => one.success)], [503, [0, false]])
      assert.equal((await ask('GET', '/3cx/query?cid=0199001234')).text, '{"success":true}')
      wire.mend()
      await until('recorded', async () => (await ask('POST', '/3cx/query', { body })).status === 200)
      assert.equal((await ask('GET', DISPOSITIONS)).json.total, 1)
    })
})
