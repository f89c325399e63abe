import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { openStore, type Store, type StoreAddress } from '../../platform/database/store.ts'
import type { Engine } from '../../platform/database/engine.ts'
import type { AuditTables } from '../../platform/audit.ts'
import { openLog } from '../../platform/log.ts'
import { pruneDispositions } from '../../journal/journal-retention.ts'
import type { JournalTables } from '../../journal/tables.ts'

const DAY = 86_400_000
const BOOK = `customer_account,customer_name,customer_phone,first_name,last_name,contact_phones
CL1,Acme,0199000001,Ann,Lee,0199000002
CL2,Bolt,0199000003,,,
`

async function newJournal(t: TestContext, engine: Engine) {
  const world = { now: Date.parse('2026-05-01T12:00:00Z') }
  const dataDir = await newDirectory(t)
  const address: StoreAddress =
    engine === 'sqlite'
      ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
      : await newReadyAddress(t, engine)
  const opened = await newHub(t, engine, { address, dataDir, clock: { now: () => world.now } })
  const { ask } = opened
  const say = async (number: string, status: string, more: Json = {}): Promise<Json> => {
    const made = await ask('POST', '/api/v1/dispositions', { body: { number, status, ...more } })
    assert.equal(made.status, 201, made.text)
    return made.json
  }
  const list = async (query = '', resource = 'dispositions'): Promise<Json[]> => {
    const answer = await ask('GET', `/api/v1/${resource}?per_page=200&${query}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.json.data
  }
  const idOf = async (resource: string, name: string): Promise<number> =>
    (await ask('GET', `/api/v1/${resource}?filter[term_match]=${name}`)).json.data[0].id
  const mayCall = async (number: string) =>
    !(await ask('GET', `/api/v1/do-not-call/${encodeURIComponent(number)}`)).json.do_not_call
  const open = async () => {
    const store = await openStore<JournalTables>({ address })
    t.after(() => store.close())
    return store
  }
  return { ...opened, world, say, list, idOf, mayCall, open }
}

onEachStore('the journal over HTTP', (engine) => {
  test('a disposition keeps who called, and is found by every filter', async (t) => {
    const { ask, world, importBook, say, list, idOf, newToken } = await newJournal(t, engine)
    await importBook(BOOK)
    const [acme, bolt, ann] = [
      await idOf('customers', 'Acme'),
      await idOf('customers', 'Bolt'),
      await idOf('contacts', 'Ann'),
    ]
    const first = await say('01 99 00 00 02', 'no answer', { comment: 'rang', agent: '101', call: 'c1' })
    assert.deepEqual(
      [first.number, first.e164, first.status, first.customer_id, first.contact_id],
      ['01 99 00 00 02', '+33199000002', 'no_answer', acme, ann],
    )
    world.now += DAY
    const second = await say('+33199000003', 'Completed', { agent: '102' })
    const third = await say('anonymous', 'Completed')
    assert.deepEqual([third.e164, third.customer_id], [null, null])
    const ids = async (query: string) => (await list(query)).map((one) => one.id)
    for (const [query, expected] of [
      ['filter[number]=0033199000002', [first]],
      ['filter[number]=anonymous', [third]],
      [`filter[customer_id]=${bolt}`, [second]],
      [`filter[contact_id]=${ann}`, [first]],
      ['filter[status]=Completed', [second, third]],
      ['filter[agent]=102', [second]],
      ['filter[from]=2026-05-02', [second, third]],
      ['filter[to]=2026-05-02', [first]],
      ['filter[from]=2026-05-01T12:00:00Z&filter[to]=2026-05-01T12:00:01Z', [first]],
      ['sort=-id', [third, second, first]],
    ] as const)
      assert.deepEqual(
        await ids(query),
        expected.map((one) => one.id),
        query,
      )
    const refused = await ask('GET', '/api/v1/dispositions?filter[from]=yesterday')
    assert.deepEqual([refused.status, Object.keys(refused.json.errors)], [422, ['filter[from]']])
    const read = await ask('GET', `/api/v1/dispositions/${first.id}`)
    assert.deepEqual(read.json, first)
    const writer = await newToken(['journal:write'])
    assert.equal((await ask('GET', '/api/v1/dispositions', { token: writer })).status, 403)
    const body = { number: '1', status: 'Maybe' }
    const maybe = await ask('POST', '/api/v1/dispositions', { body, token: writer })
    assert.deepEqual([maybe.status, Object.keys(maybe.json.errors)], [422, ['status']])
  })

  test('merged customers keep their dispositions under the id that stays', async (t) => {
    const { ask, importBook, say, list, idOf } = await newJournal(t, engine)
    await importBook(BOOK)
    const [acme, bolt] = [await idOf('customers', 'Acme'), await idOf('customers', 'Bolt')]
    const made = await say('0199000003', 'Schedule Later')
    assert.equal(made.customer_id, bolt)
    const body = { from: bolt, account: 'CL1' }
    assert.equal((await ask('POST', `/api/v1/customers/${acme}/merge`, { body })).status, 200)
    assert.equal((await list(`filter[customer_id]=${acme}`))[0]!.customer_id, acme)
    assert.equal((await ask('GET', `/api/v1/dispositions/${made.id}`)).json.customer_id, acme)
    assert.equal((await list('', 'callbacks'))[0]!.customer_id, acme)
  })

  test('codes of a tenant’s own are statuses too, by code or label, of that tenant alone', async (t) => {
    const { ask, say } = await newJournal(t, engine)
    const path = '/api/v1/disposition-codes'
    const body = { code: 'wrong_number', label: 'Falsch verbunden' }
    const made = await ask('POST', path, { body })
    assert.equal(made.status, 201, made.text)
    assert.equal((await say('0199000001', 'FALSCH VERBUNDEN')).status, 'wrong_number')
    assert.equal((await say('0199000002', 'wrong number')).status, 'wrong_number')
    const codes = (await ask('GET', path)).json.map((one: Json) => one.code)
    assert.deepEqual(codes, ['no_answer', 'schedule_later', 'do_not_disturb', 'completed', 'wrong_number'])
    for (const [twice, field] of [
      [body, 'code'],
      [{ code: 'x', label: 'No Answer' }, 'label'],
      [{ code: 'dnd', label: 'X' }, 'code'],
    ] as const) {
      const refused = await ask('POST', path, { body: twice })
      assert.deepEqual([refused.status, Object.keys(refused.json.errors)], [422, [field]])
    }
    const { json: child } = await ask('POST', '/api/v1/tenants', { body: { name: 'Child', country: 'FR' } })
    const headers = { 'cordboard-tenant': String(child.id) }
    const strange = { number: '0199000001', status: 'wrong number' }
    assert.equal((await ask('POST', '/api/v1/dispositions', { body: strange, headers })).status, 422)
    assert.equal((await ask('GET', '/api/v1/dispositions', { headers })).json.total, 0)
    assert.equal((await ask('GET', '/api/v1/dispositions/1', { headers })).status, 404)
    assert.equal((await ask('DELETE', `${path}/${made.json.id}`)).status, 204)
    assert.equal((await ask('POST', '/api/v1/dispositions', { body: strange })).status, 422)
  })

  test('Schedule Later is a callback with its time, done when it is done, and follows a correction', async (t) => {
    const { ask, world, say, list } = await newJournal(t, engine)
    const at = '2026-05-01T14:00:00.000Z'
    const made = await say('0199000001', 'Schedule Later', { due_at: at, comment: 'ask for Ann' })
    await say('0199000002', 'Scheduled later')
    const [timed, untimed] = await list('sort=id', 'callbacks')
    assert.deepEqual(
      [timed!.due_at, timed!.overdue, timed!.comment, timed!.e164, untimed!.due_at],
      [at, false, 'ask for Ann', '+33199000001', null],
    )
    world.now = Date.parse(at)
    const due = await list('filter[status]=open&filter[due_to]=2026-05-01T14:00:01Z', 'callbacks')
    assert.deepEqual(
      due.map(({ id, overdue }) => [id, overdue]),
      [[timed!.id, true]],
    )
    const path = `/api/v1/callbacks/${timed!.id}`
    const { headers } = await ask('GET', path)
    const condition = { headers: { 'if-match': headers.get('etag') ?? '' } }
    const done = await ask('PATCH', path, { body: { status: 'done' }, ...condition })
    assert.deepEqual([done.status, done.json.status, done.json.completed_at], [200, 'done', at])
    assert.equal((await ask('PATCH', path, { body: { status: 'open' }, ...condition })).status, 412)
    assert.equal((await ask('PATCH', path, { body: { status: 'open' } })).json.completed_at, null)
    await ask('PATCH', `/api/v1/dispositions/${made.id}`, { body: { status: 'completed' } })
    assert.equal((await ask('GET', path)).json.status, 'cancelled')
    const body = { status: 'schedule_later', due_at: null }
    await ask('PATCH', `/api/v1/dispositions/${made.id}`, { body })
    assert.deepEqual(
      (await list('sort=id', 'callbacks')).map(({ id, status, due_at }) => [id, status, due_at]),
      [
        [timed!.id, 'open', null],
        [untimed!.id, 'open', null],
      ],
    )
  })

  test('Do not Disturb holds for the number in every spelling until it is lifted or corrected', async (t) => {
    const { ask, world, say, list, mayCall } = await newJournal(t, engine)
    assert.equal(await mayCall('0199000001'), true)
    const first = await say('0199000001', 'Do not Disturb')
    for (const spelling of ['+33199000001', '01.99.00.00.01']) assert.equal(await mayCall(spelling), false)
    assert.equal(await mayCall('0199000002'), true)
    assert.equal(await mayCall('anonymous'), true)
    world.now += DAY
    const second = await say('0199000001', 'DND')
    const change = (id: number, status: string) =>
      ask('PATCH', `/api/v1/dispositions/${id}`, { body: { status } })
    await change(second.id, 'completed')
    const { json: asked } = await ask('GET', '/api/v1/do-not-call/0199000001')
    assert.deepEqual(
      [asked.do_not_call, asked.disposition_id, asked.since],
      [true, first.id, first.recorded_at],
      'the older one still says so',
    )
    const lifted = await ask('DELETE', '/api/v1/do-not-call/0199000001')
    assert.deepEqual([lifted.status, lifted.json.do_not_call], [200, false])
    assert.equal(await mayCall('0199000001'), true)
    assert.equal((await ask('DELETE', '/api/v1/do-not-call/0199000001')).status, 404)
    await change(first.id, 'completed')
    assert.equal(await mayCall('0199000001'), true)
    await change(first.id, 'do_not_disturb')
    assert.equal(await mayCall('0199000001'), false, 'said anew, of a call older than the lifting')
    await change(first.id, 'completed')
    assert.equal(await mayCall('0199000001'), true)
    await say('anonymous', 'DND')
    await say('0199000009', 'DND')
    assert.deepEqual(
      (await list('', 'do-not-call')).map((one) => one.number),
      ['0199000009'],
    )
  })

  test('a correction is made by who has seen it as it is, and audited with the record', async (t) => {
    const { ask, say, open } = await newJournal(t, engine)
    const made = await say('0199000001', 'Completed', { comment: 'a' })
    const path = `/api/v1/dispositions/${made.id}`
    const etag = (await ask('GET', path)).headers.get('etag') ?? ''
    const body = { comment: null, agent: '7' }
    const stale = await ask('PATCH', path, { body, headers: { 'if-match': '"x"' } })
    assert.equal(stale.status, 412)
    const changed = await ask('PATCH', path, { body, headers: { 'if-match': etag } })
    assert.deepEqual([changed.status, changed.json.comment, changed.json.agent], [200, '', '7'])
    assert.equal((await ask('PATCH', path, { body: { number: '1' } })).status, 422)
    const store = await open()
    const rows = await (store as unknown as Store<AuditTables>).read
      .selectFrom('audit')
      .select(['action', 'before', 'after'])
      .where('entity', '=', 'disposition')
      .orderBy('id')
      .execute()
    assert.deepEqual(
      rows.map(({ action, before, after }) => [
        action,
        before && JSON.parse(before).comment,
        after && JSON.parse(after).comment,
      ]),
      [
        ['create', null, 'a'],
        ['update', 'a', ''],
      ],
    )
  })

  test('an erased caller is in no record, callback or list of those not to be called', async (t) => {
    const { ask, importBook, say, list, idOf, open } = await newJournal(t, engine)
    await importBook(BOOK)
    const store = await open()
    const held = async (): Promise<string> => {
      const tables = ['dispositions', 'do_not_call', 'audit'] as const
      const rows = tables.map((table) =>
        store.read
          .selectFrom(table as 'dispositions')
          .selectAll()
          .execute(),
      )
      return JSON.stringify(await Promise.all(rows))
    }
    await say('01 99 00 00 02', 'DND', { comment: 'Ann' })
    await say('0199000002', 'Schedule Later')
    const other = await say('0199000003', 'Completed', {
      comment: 'was +33 1 99 00 00 02, call=1',
      call: 'k',
    })
    const stays = await say('0199000003', 'Completed', { comment: 'fine' })
    assert.match(await held(), /1 ?99 ?00 ?00 ?02/)
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '0199000002' } })
    assert.equal(erased.status, 200, erased.text)
    assert.doesNotMatch(await held(), /1 ?99 ?00 ?00 ?02/)
    assert.deepEqual([erased.json.removed.dispositions, erased.json.removed.do_not_call], [3, 1])
    assert.deepEqual(
      (await list('sort=id')).map(({ id, comment }) => [id, comment]),
      [
        [other.id, 'was [erased], call=1'],
        [stays.id, 'fine'],
      ],
    )
    assert.deepEqual(await list('', 'callbacks'), [])
    const bolt = await idOf('customers', 'Bolt')
    const gone = await ask('POST', '/api/v1/erase', { body: { customer_id: bolt } })
    assert.equal(gone.json.removed.dispositions, 2, gone.text)
    assert.deepEqual(await list(), [])
    assert.doesNotMatch(await held(), /fine/, 'nor in what the audit trail says of its dispositions')
  })

  test('old dispositions are forgotten, those somebody waits for and who wants no calls are not', async (t) => {
    const { world, say, list, mayCall, ask, open } = await newJournal(t, engine)
    await say('0199000001', 'Completed')
    const waiting = await say('0199000002', 'Schedule Later')
    const done = await say('0199000003', 'Schedule Later')
    await say('0199000004', 'DND')
    const [, callback] = await list('sort=id', 'callbacks')
    assert.equal(callback!.disposition_id, done.id)
    await ask('PATCH', `/api/v1/callbacks/${callback!.id}`, { body: { status: 'done' } })
    world.now += 31 * DAY
    const fresh = await say('0199000001', 'Completed')
    const store = await open()
    const prune = pruneDispositions(store)
    assert.deepEqual([await prune(world.now - DAY, 2), await prune(world.now - DAY, 2)], [2, 1])
    assert.deepEqual(
      (await list('sort=id')).map((one) => one.id),
      [waiting.id, fresh.id],
    )
    assert.equal((await list('', 'callbacks')).length, 1)
    assert.equal(await mayCall('0199000004'), false)
  })
})

test('a hub forgets dispositions by itself', async (t) => {
  const dataDir = await newDirectory(t)
  const place = { dataDir }
  const first = await newHub(t, 'sqlite', place)
  await first.ask('GET', '/3cx/query?cid=0199000001&status=Completed')
  await first.hub.close()
  const forgot = Promise.withResolvers<Json>()
  await newHub(t, 'sqlite', {
    ...place,
    clock: { now: () => Date.now() + 31 * DAY },
    env: { CORDBOARD_RETENTION: 'dispositions=30' },
    log: {
      ...openLog({ level: 'silent' }),
      info: (message, fields) => void (/forgot/.test(message) && forgot.resolve(fields)),
    },
  })
  assert.equal((await forgot.promise).dispositions, 1)
})
