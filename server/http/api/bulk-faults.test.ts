import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import pg from 'pg'
import type { BulkAnswer } from '../../../contract/bulk.ts'
import { newHub, type Ask } from '../../../test/hub.ts'
import { newReadyAddress, onEachStore } from '../../../test/stores.ts'

const customers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    op: 'upsert',
    type: 'customer',
    customer_account: `CL${from + i}`,
    name: `N${from + i}`,
    phone: `0199${String(from + i).padStart(6, '0')}`,
  }))

async function push(ask: Ask, lines: object[]): Promise<BulkAnswer[]> {
  const body = lines.map((line) => JSON.stringify(line)).join('\n')
  const { status, text } = await ask('POST', '/api/v1/directory/bulk', { body, type: 'application/x-ndjson' })
  assert.equal(status, 200, text)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** A hub, and a connection of the test's own to its database. */
async function newWorld(t: TestContext) {
  const address = await newReadyAddress(t, 'postgres')
  if (address.kind !== 'postgres') throw new Error('another engine than asked for')
  const { ask } = await newHub(t, 'postgres', { address })
  const client = new pg.Client({ connectionString: address.url })
  // The database may be dropped before this ends.
  client.on('error', () => {})
  await client.connect()
  t.after(() => client.end())
  /** Lets the database do `act`, in PL/pgSQL, before a customer is stored whose account is `CLn`. */
  const beforeCustomer = async (n: number, act: string) => {
    await client.query('create sequence attempts')
    await client.query(`create function disturb() returns trigger language plpgsql as $$
      begin if new.account = 'CL${n}' then ${act} end if; return new; end $$`)
    await client.query(
      'create trigger disturb before insert on customers for each row execute function disturb()',
    )
  }
  const accounts = async () =>
    (await client.query<{ account: string }>('select account from customers order by id')).rows.map(
      (row) => row.account,
    )
  return { ask, client, beforeCustomer, accounts }
}

onEachStore('the bulk under faults', (engine) => {
  if (engine !== 'postgres') return

  test('the store goes away: lines answered before are there, the others are told and leave nothing', async (t) => {
    const { ask, client, beforeCustomer, accounts } = await newWorld(t)
    await beforeCustomer(450, 'perform pg_terminate_backend(pg_backend_pid());')
    const answers = await push(ask, customers(0, 1_000))
    const created = answers.filter(({ status }) => status === 'created')
    const refused = answers.slice(created.length)
    assert.ok(created.length > 0 && created.length <= 450, `${created.length} lines went through`)
    assert.ok(refused.length > 0)
    for (const answer of refused) {
      assert.deepEqual([answer.status, answer.id, answer.code], ['error', null, 'store_unavailable'])
      assert.match(answer.message ?? '', /nothing was written/)
    }
    assert.deepEqual(
      await accounts(),
      created.map((_, i) => `CL${i}`),
    )
    const { rows } = await client.query('select count(*)::int as phones from phones')
    assert.equal(rows[0]?.phones, created.length)

    await client.query('drop trigger disturb on customers')
    const again = await push(ask, customers(0, 1_000))
    const counts = Object.groupBy(again, ({ status }) => status)
    assert.deepEqual(
      [counts.unchanged?.length, counts.created?.length],
      [created.length, 1_000 - created.length],
    )
  })

  for (const code of ['40P01', '40001']) {
    test(`a transaction that the database ended for another one's sake (${code}) is run again`, async (t) => {
      const { ask, client, beforeCustomer, accounts } = await newWorld(t)
      await beforeCustomer(
        30,
        `if nextval('attempts') <= 2 then raise exception 'yours' using errcode = '${code}'; end if;`,
      )
      const answers = await push(ask, customers(0, 100))
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set(['created']))
      assert.equal((await accounts()).length, 100)
      const { rows } = await client.query(`select after from audit where entity = 'bulk'`)
      assert.deepEqual(
        rows.map(({ after }) => JSON.parse(after).created),
        [100],
      )
    })

    test(`a single write that the database ended for another one's sake (${code}) is told to come again`, async (t) => {
      const { ask, beforeCustomer } = await newWorld(t)
      await beforeCustomer(
        1,
        `if nextval('attempts') = 1 then raise exception 'yours' using errcode = '${code}'; end if;`,
      )
      const body = { customer_account: 'CL1', name: 'One' }
      const headers = { 'idempotency-key': 'k' }
      const ended = await ask('POST', '/api/v1/customers', { body, headers })
      assert.deepEqual([ended.status, ended.json.code], [503, 'store_unavailable'])
      assert.equal((await ask('POST', '/api/v1/customers', { body, headers })).status, 201)
    })
  }

  test('one line of many that the database refuses takes no other along', async (t) => {
    const { ask, beforeCustomer, accounts } = await newWorld(t)
    await beforeCustomer(30, `raise exception 'customers_by_external_id' using errcode = '23505';`)
    const answers = await push(ask, customers(0, 100))
    const wrong = answers.filter(({ status }) => status !== 'created')
    assert.deepEqual(
      wrong.map(({ line, code }) => [line, code]),
      [[31, 'validation_failed']],
    )
    assert.equal((await accounts()).length, 99)
    const seen = await ask('GET', '/api/isKnownPhoneNumber?number=0199000099&format=raw')
    assert.equal(seen.text, '1')
  })

  test('a customer that somebody else makes in the same moment is changed, not made twice', async (t) => {
    const { ask, client, accounts } = await newWorld(t)
    await client.query('begin')
    await client.query(
      `insert into customers (id, tenant_id, account, account_key, name, name_folded, active, created_at, updated_at)
       select nextval('party_ids'), id, 'CL30', 'cl30', 'Other', 'other', 1, 0, 0 from tenants`,
    )
    const pushed = push(ask, customers(0, 100))
    // The push waits for the end of this transaction.
    const waiting = 'select 1 from pg_locks where not granted and transactionid = pg_current_xact_id()::xid'
    while ((await client.query(waiting)).rows.length === 0) continue
    await client.query('commit')
    const answers = await pushed
    assert.deepEqual(
      answers.filter(({ status }) => status !== 'created').map(({ line, status }) => [line, status]),
      [[31, 'updated']],
    )
    assert.equal((await accounts()).length, 100)
  })
})
