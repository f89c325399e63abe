import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import type { BulkAnswer } from '../../../contract/bulk.ts'
import { ADMIN_TOKEN, newHub, type Ask, type Json } from '../../../test/hub.ts'
import { newReadyAddress, onEachStore } from '../../../test/stores.ts'
import type { AuditTables } from '../../platform/audit.ts'
import type { Engine } from '../../platform/database/engine.ts'
import { openStore, type Store } from '../../platform/database/store.ts'

const PATH = '/api/v1/directory/bulk'
const TYPE = 'application/x-ndjson'
const customer = (account: string, more: object = {}) => ({
  op: 'upsert',
  type: 'customer',
  customer_account: account,
  ...more,
})
const contact = (external: string, more: object = {}) => ({
  op: 'upsert',
  type: 'contact',
  external_id: external,
  ...more,
})
const numberOf = (i: number) => `0199${String(i).padStart(6, '0')}`

async function push(ask: Ask, lines: (object | string)[]): Promise<BulkAnswer[]> {
  const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const { status, text, headers } = await ask('POST', PATH, { body, type: TYPE })
  assert.equal(status, 200, text)
  assert.equal(headers.get('content-type'), TYPE)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
const statuses = (answers: BulkAnswer[]) => answers.map(({ status }) => status)

/** A hub and a second handle on its store. */
async function newWorld(t: TestContext, engine: Engine) {
  const address = await newReadyAddress(t, engine)
  const env: Record<string, string> =
    address.kind === 'sqlite' ? { CORDBOARD_DATA_DIR: new URL('.', `file://${address.file}`).pathname } : {}
  const world = await newHub(t, engine, { address, env })
  const store: Store<AuditTables> = await openStore({ address })
  t.after(() => store.close())
  const audit = () =>
    store.read.selectFrom('audit').selectAll().where('entity', '=', 'bulk').orderBy('id').execute()
  return { ...world, address, env, audit }
}

/** A push that goes on until told otherwise. */
function openPush(url: string) {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': TYPE }
  const sent = request(url + PATH, { method: 'POST', headers })
  sent.on('error', () => {})
  sent.flushHeaders()
  const answered = once(sent, 'response').then(([response]) => response as IncomingMessage)
  const lines = (async function* () {
    const response = await answered
    response.on('error', () => {})
    for await (const line of createInterface({ input: response })) yield JSON.parse(line) as BulkAnswer
  })()
  return {
    sent,
    write: (line: object) => sent.write(`${JSON.stringify(line)}\n`),
    next: async () => (await lines.next()).value as BulkAnswer,
    lines,
  }
}

onEachStore('the bulk', (engine) => {
  test('5,000 lines, some of them bad: every line is answered, the good ones are there, and lookups follow', async (t) => {
    const { ask, audit } = await newWorld(t, engine)
    const bad = (i: number) => i % 50 === 7
    const line = (i: number) =>
      customer(`CL${i}`, { name: `Customer ${i}`, phone: bad(i) ? 'anonymous' : numberOf(i) })
    const lines = Array.from({ length: 5_000 }, (_, i) => line(i))
    const answers = await push(ask, lines)
    assert.deepEqual(
      answers.map(({ line: n }) => n),
      lines.map((_, i) => i + 1),
    )
    for (const [i, answer] of answers.entries()) {
      if (!bad(i)) assert.equal(answer.status, 'created', JSON.stringify(answer))
      else
        assert.deepEqual(
          [answer.status, answer.id, answer.code, Object.keys(answer.errors ?? {})],
          ['error', null, 'validation_failed', ['phone']],
        )
    }
    const seen = await ask('GET', `/api/isKnownPhoneNumber?number=${numberOf(4_999)}`)
    assert.equal(seen.json.customer.id, answers.at(-1)?.id)
    assert.equal((await ask('GET', '/api/v1/customers')).json.total, 4_900)
    const [record, ...others] = await audit()
    assert.deepEqual(others, [])
    assert.deepEqual(JSON.parse(record?.after ?? ''), {
      lines: 5_000,
      created: 4_900,
      updated: 0,
      unchanged: 0,
      deleted: 0,
      error: 100,
    })
  })

  test('customers are found by account, then by external id; contacts by id, then by external id', async (t) => {
    const { ask, audit } = await newWorld(t, engine)
    const made = await push(ask, [
      customer('CL1', { name: 'One', external_id: 'x1', phone: numberOf(1) }),
      contact('p1', { customer_account: 'cl1', last_name: 'Martin', phones: [numberOf(2)] }),
      contact('p2', { last_name: 'Alone' }),
    ])
    assert.deepEqual(statuses(made), ['created', 'created', 'created'])
    const { json: person } = await ask('GET', `/api/v1/contacts/${made[1]?.id}`)
    assert.deepEqual([person.customer_id, person.customer_account], [made[0]?.id, 'CL1'])
    const before = await ask('GET', `/api/v1/customers/${made[0]?.id}`)
    const again = await push(ask, [
      customer('cl1', { customer_account: 'CL1', name: 'One' }),
      contact('p1', { customer_account: 'CL1', last_name: 'Martin', phones: [numberOf(2)] }),
    ])
    assert.deepEqual(statuses(again), ['unchanged', 'unchanged'])
    assert.equal((await ask('GET', `/api/v1/customers/${made[0]?.id}`)).text, before.text)
    const changed = await push(ask, [
      { op: 'upsert', type: 'customer', external_id: 'x1', customer_account: 'CL1b' },
      { op: 'upsert', type: 'contact', id: made[1]?.id, external_id: 'p1b', phones: [numberOf(3)] },
      contact('p2', { customer_account: 'CL1b' }),
      contact('p2', { customer_account: null }),
    ])
    assert.deepEqual(statuses(changed), ['updated', 'updated', 'updated', 'updated'])
    assert.deepEqual(
      changed.map(({ id }) => id),
      [made[0]?.id, made[1]?.id, made[2]?.id, made[2]?.id],
    )
    const known = async (i: number) =>
      (await ask('GET', `/api/isKnownPhoneNumber?number=${numberOf(i)}&format=raw`)).text
    assert.deepEqual([await known(1), await known(2), await known(3)], ['1', '0', '1'])
    const gone = await push(ask, [
      { op: 'delete', type: 'contact', external_id: 'p2' },
      { op: 'delete', type: 'customer', customer_account: 'cl1B' },
      { op: 'delete', type: 'customer', customer_account: 'CL1b' },
      { op: 'delete', type: 'contact', id: made[1]?.id },
    ])
    assert.deepEqual(
      gone.map(({ status, id }) => [status, id]),
      [
        ['deleted', made[2]?.id],
        ['deleted', made[0]?.id],
        ['unchanged', null],
        ['unchanged', null],
      ],
    )
    assert.deepEqual([await known(1), await known(3)], ['0', '0'])
    assert.equal((await audit()).length, 4)
  })

  test('a book pushed again changes and writes nothing, whatever its lines say', async (t) => {
    const { ask } = await newWorld(t, engine)
    const book = Array.from({ length: 40 }, (_, i) => [
      customer(`CL${i}`, {
        name: `N${i}`,
        external_id: `x${i}`,
        phone: numberOf(i),
        extensions: [`${200 + i}`],
        vip: i % 2 === 0,
        on_call_duty: i % 3 === 0,
        queue_position: i,
        comment: null,
      }),
      contact(`p${i}`, {
        customer_account: `cl${i}`,
        last_name: `P${i}`,
        phones: [{ raw: numberOf(1_000 + i), kind: 'mobile' }, numberOf(2_000 + i)],
        active: '1',
      }),
    ]).flat()
    const made = await push(ask, book)
    assert.deepEqual(new Set(statuses(made)), new Set(['created']))
    const { text: before } = await ask('GET', '/api/v1/customers?per_page=200')
    const { text: people } = await ask('GET', '/api/v1/contacts?per_page=200')
    const again = await push(ask, book)
    assert.deepEqual(
      again,
      made.map((answer) => ({ ...answer, status: 'unchanged' })),
    )
    assert.equal((await ask('GET', '/api/v1/customers?per_page=200')).text, before)
    assert.equal((await ask('GET', '/api/v1/contacts?per_page=200')).text, people)
    const [first, ...rest] = await push(ask, [
      customer('CL7', { phone: numberOf(70) }),
      customer('CL8', { name: 'N8!' }),
      contact('p7', { phones: [numberOf(2_007)] }),
      customer('CL9', { on_call_duty: true }),
      customer('CL8', { name: 'N8!' }),
    ])
    assert.deepEqual(
      [first?.status, ...statuses(rest)],
      ['updated', 'updated', 'updated', 'unchanged', 'unchanged'],
    )
  })

  test('keys that lines of one batch give, change and free are followed from line to line', async (t) => {
    const { ask } = await newWorld(t, engine)
    const answers = await push(ask, [
      customer('A', { name: 'One', external_id: 'x' }),
      customer('B', { external_id: 'x' }),
      customer('A', { name: 'Two' }),
      contact('p', { customer_account: 'B', last_name: 'P' }),
      { op: 'delete', type: 'customer', external_id: 'x' },
      contact('p', { customer_account: 'A', last_name: 'P' }),
      customer('B', { name: 'Three', external_id: 'x' }),
    ])
    assert.deepEqual(statuses(answers), [
      'created',
      'updated',
      'created',
      'created',
      'deleted',
      'created',
      'created',
    ])
    const { json } = await ask('GET', '/api/v1/contacts')
    assert.deepEqual([json.total, json.data[0].company], [1, 'Two'])
  })

  test('a line that is refused is told why, as the same write alone would be, and leaves no trace', async (t) => {
    const { ask } = await newWorld(t, engine)
    const answers = await push(ask, [
      customer('CL1', { name: 'One', external_id: 'x1' }),
      customer('CL2', { name: 'Two', external_id: 'x2', on_call_duty: true }),
      customer('CL2', { name: 'Zwei', on_call_duty: false }),
      customer('CL3'),
      customer('CL3', { name: 'Three', colour: 'red' }),
      customer('CL3', { name: 'Three', category_id: 99 }),
      customer('CL2', { external_id: 'x1', name: 'Zwei' }),
      { op: 'upsert', type: 'customer', name: 'Nobody' },
      { op: 'upsert', type: 'contact', last_name: 'Nobody' },
      contact('p1', { customer_account: 'CL9' }),
      contact('p1', { first_name: ' ' }),
      { op: 'upsert', type: 'contact', id: 999, last_name: 'Nobody' },
      { op: 'delete', type: 'customer', customer_account: 'CL1', name: 'One' },
      { op: 'rename', type: 'customer' },
      '{"op":"upsert"',
      'null',
      customer('CL4', { name: 'x'.repeat(1024 * 1024) }),
      customer('CL4', { name: 'Four', comment: 'a\u0000b' }),
      customer('a\u0000b', { name: 'Four' }),
      contact('\ud800', { last_name: 'Four' }),
      customer('CL4', { name: 'Four', vip: true }),
    ])
    assert.deepEqual(
      answers.map(({ status, code, errors }) =>
        status === 'error' ? `${code} ${Object.keys(errors ?? {}).join()}`.trim() : status,
      ),
      [
        'created',
        'created',
        'validation_failed on_call_duty',
        'validation_failed name',
        'validation_failed colour',
        'validation_failed category_id',
        'validation_failed external_id',
        'validation_failed customer_account',
        'validation_failed external_id',
        'validation_failed customer_account',
        'validation_failed last_name',
        'not_found',
        'validation_failed name',
        'validation_failed op',
        'bad_request',
        'validation_failed body',
        'payload_too_large',
        'validation_failed comment',
        'validation_failed customer_account',
        'validation_failed external_id',
        'created',
      ],
    )
    const alone = await ask('POST', '/api/v1/customers', { body: { customer_account: 'CL3' } })
    assert.deepEqual([answers[3]?.message, answers[3]?.errors], [alone.json.message, alone.json.errors])
    const { json } = await ask('GET', '/api/v1/customers?sort=id')
    assert.deepEqual(
      json.data.map((row: Json) => [row.customer_account, row.name, row.external_id]),
      [
        ['CL1', 'One', 'x1'],
        ['CL2', 'Two', 'x2'],
        ['CL4', 'Four', null],
      ],
    )
    assert.equal((await ask('GET', '/api/v1/contacts')).json.total, 0)
  })

  test('it is answered while it is still being sent, and another hand-over is refused', async (t) => {
    const { hub, ask, newToken } = await newWorld(t, engine)
    const going = openPush(hub.url)
    for (let i = 1; i <= 3; i++) {
      going.write(customer(`CL${i}`, { name: `N${i}`, phone: numberOf(i) }))
      const answer = await going.next()
      assert.deepEqual([answer.line, answer.status], [i, 'created'])
      const seen = await ask('GET', `/api/isKnownPhoneNumber?number=${numberOf(i)}&format=raw`)
      assert.equal(seen.text, '1', 'answered means known')
    }
    going.sent.end()
    assert.equal((await going.lines.next()).done, true)
    const wrong = await ask('POST', PATH, { body: customer('CL1') })
    assert.deepEqual([wrong.status, wrong.json.code], [415, 'unsupported_media_type'])
    const token = await newToken(['directory:read'])
    const refused = await ask('POST', PATH, { body: '{}', type: TYPE, token })
    assert.deepEqual([refused.status, refused.json.code], [403, 'scope_missing'])
  })

  test('who hangs up in the middle has written whole batches from the start, and the audit counts them', async (t) => {
    const { hub, address, env, audit } = await newWorld(t, engine)
    const going = openPush(hub.url)
    const first = { ...customer('CL0', { name: 'N' }) }
    going.write(first)
    await going.next()
    for (let i = 1; i < 20_000; i++) going.write(customer(`CL${i}`, { name: 'N' }))
    let answered = 1
    while (answered < 300) answered = (await going.next()).line
    going.sent.destroy()
    await hub.close()
    const [record] = await audit()
    const counts = JSON.parse(record?.after ?? '') as Record<string, number>
    const again = await newHub(t, engine, { address, env })
    const { json } = await again.ask('GET', '/api/v1/customers?sort=-id&per_page=1')
    const { total } = json as { total: number }
    assert.ok(total >= answered && total < 20_000, `${total} of 20000, ${answered} answered`)
    assert.equal(json.data[0].customer_account, `CL${total - 1}`, 'nothing is missing in between')
    assert.deepEqual([counts['created'], counts['lines']], [total, total])
    await again.hub.close()
  })

  test('a hub that is stopped does not wait for the end of a push, and keeps what it has answered', async (t) => {
    const { hub, address, env } = await newWorld(t, engine)
    const going = openPush(hub.url)
    going.write(customer('CL1', { name: 'N' }))
    assert.equal((await going.next()).status, 'created')
    await hub.close()
    await assert.rejects(going.next())
    const again = await newHub(t, engine, { address, env })
    assert.equal((await again.ask('GET', '/api/isKnownCustomerAccount?code=CL1&format=raw')).text, '1')
    await again.hub.close()
  })

  test('two who push the same book at once make one of each', async (t) => {
    const { ask } = await newWorld(t, engine)
    const book = Array.from({ length: 600 }, (_, i) =>
      customer(`CL${i}`, { name: `N${i}`, external_id: `x${i}` }),
    )
    const [one, two] = await Promise.all([push(ask, book), push(ask, book.toReversed())])
    const created = [...one, ...two].filter(({ status }) => status === 'created')
    assert.equal(created.length, 600)
    for (const answer of [...one, ...two]) assert.notEqual(answer.status, 'error', JSON.stringify(answer))
    assert.equal((await ask('GET', '/api/v1/customers')).json.total, 600)
  })
})
