import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { sql } from 'kysely'
import { openStore, type Store, type StoreAddress } from '../../platform/database/store.ts'
import type { Engine } from '../../platform/database/engine.ts'

const NAMES: Record<Engine, string> = {
  sqlite: `select name from sqlite_master where type = 'table' and name not like 'sqlite%'`,
  postgres: `select tablename as name from pg_tables where schemaname = 'public'`,
}

/** Every row of every table of the store and the snapshot, as one text: whatever is written anywhere is in it. */
async function everything(address: StoreAddress, dataDir: string): Promise<string> {
  const snapshot = await readFile(join(dataDir, 'memory.snapshot'), 'utf8')
  const store = await openStore<Record<string, never>>({ address })
  try {
    const tables = await sql.raw<{ name: string }>(NAMES[address.kind]).execute(store.read)
    const texts = []
    for (const { name } of tables.rows) {
      const { rows } = await sql`select * from ${sql.table(name)}`.execute(store.read)
      texts.push(`${name}: ${JSON.stringify(rows)}`)
    }
    assert.ok(texts.length > 10)
    return [...texts, snapshot].join('\n')
  } finally {
    await store.close()
  }
}

async function newBook(t: TestContext, engine: Engine) {
  const dataDir = await newDirectory(t)
  const address: StoreAddress =
    engine === 'sqlite'
      ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
      : await newReadyAddress(t, engine)
  const opened = await newHub(t, engine, { address, dataDir })
  const make = async (resource: string, body: Json): Promise<Json> => {
    // With a key, so that the answer is recorded as well.
    const headers = { 'idempotency-key': randomUUID() }
    const made = await opened.ask('POST', `/api/v1/${resource}`, { body, headers })
    assert.equal(made.status, 201, made.text)
    return made.json
  }
  const erase = (body: Json) => opened.ask('POST', '/api/v1/erase', { body })
  const known = async (number: string) =>
    (await opened.ask('GET', `/api/isKnownPhoneNumber?number=${number}`)).json.known
  /** Writes behind the hub's back. */
  const during = async (work: (store: Store<Record<'imports', Json>>) => Promise<void>) => {
    const store = await openStore<Record<'imports', Json>>({ address })
    try {
      await work(store)
    } finally {
      await store.close()
    }
  }
  return { ...opened, make, erase, known, during, held: () => everything(address, dataDir) }
}

onEachStore('erasing over HTTP', (engine) => {
  test('a number is nowhere any more, in no spelling; who had it stays', async (t) => {
    const { ask, make, erase, known, held, importBook } = await newBook(t, engine)
    const acme = await make('customers', {
      name: 'Acme',
      customer_account: 'A1',
      phone: '06 28 77 38 62',
      other_phones: ['0199001234'],
      direct_line: '0628773862',
      comment: 'Anna is +33 (0)6.28.77.38.62, Bob 0199005678',
    })
    const ann = await make('contacts', { first_name: 'Ann', phones: ['+33628773862', '0199009999'] })
    const nameless = await make('contacts', { phones: ['06-28-77-38-62'] })
    await ask('PATCH', `/api/v1/customers/${acme.id}`, { body: { comment: 'Anna: 0628773862' } })
    const rejected = await importBook(
      'customer_account,customer_phone,vip\r\n,0628773862,\r\nA2,06.28.77.38.62,maybe\r\nA3,0199001111,maybe\r\n',
    )
    assert.equal(rejected.rejected, 3)
    assert.match(await held(), /28[ .-]?77[ .-]?38[ .-]?62/)

    const answer = await erase({ number: '+33 6 28 77 38 62' })
    assert.equal(answer.status, 200, answer.text)
    const { kind, removed } = answer.json
    assert.deepEqual(
      [kind, removed.phones, removed.contacts, removed.customers, removed.import_remarks],
      ['number', 3, 1, 1, 2],
    )
    assert.ok(removed.audit >= 4)
    const left = await held()
    assert.doesNotMatch(left, /28[ .-]?77[ .-]?38[ .-]?62/)
    assert.match(left, /0199001111/, 'the row of somebody else stays')
    assert.equal(await known('0628773862'), false)
    const { json } = await ask('GET', `/api/v1/customers/${acme.id}`)
    assert.deepEqual(
      [json.name, json.phone, json.direct_line, json.comment],
      ['Acme', '0199001234', null, 'Anna: [erased]'],
    )
    assert.equal((await ask('GET', `/api/v1/contacts/${nameless.id}`)).status, 404)
    assert.equal((await ask('GET', `/api/v1/contacts/${ann.id}`)).json.phones.length, 1)
    assert.equal(await known('0199009999'), true)
    assert.deepEqual((await erase({ number: '0628773862' })).json.removed, {})
  })

  test('a customer goes with everybody and everything of it, its old ids included', async (t) => {
    const { ask, make, erase, known, held, importBook } = await newBook(t, engine)
    const gone = await make('customers', {
      name: 'Quixotic',
      customer_account: 'QX-77',
      phone: '0199001234',
      other_phones: ['0199005555'],
    })
    const twin = await make('customers', { name: 'Quixotic Ltd', phone: '0199001235' })
    const stays = await make('customers', { name: 'Neighbour', phone: '0199005555', comment: '0199001235' })
    const ada = await make('contacts', {
      customer_id: gone.id,
      first_name: 'Ada',
      last_name: 'Zephyr',
      email: 'ada@quixotic.example',
      phones: ['0639980001'],
    })
    await make('contracts', { customer_id: gone.id, kind: 'on_call_duty', reference: 'QR-9' })
    await make('customer-files', { customer_id: gone.id, name: 'Quixotic office' })
    await ask('POST', `/api/v1/customers/${gone.id}/merge`, { body: { from: twin.id } })
    await importBook('account,first_name,last_name,vip\r\nN1,ada,ZEPHYR,maybe\r\nqx-77,X,Y,maybe\r\n')
    const answer = await erase({ customer_id: twin.id })
    assert.equal(answer.status, 200, answer.text)
    const { audit, ...rest } = answer.json.removed
    assert.deepEqual(rest, {
      phones: 4,
      contracts: 1,
      customer_files: 1,
      merged_parties: 1,
      contacts: 1,
      customers: 2,
      import_remarks: 2,
      idempotency_keys: 6,
    })
    assert.ok(audit >= 6)
    const left = await held()
    for (const trace of [/quixotic/i, /zephyr/i, /QX-77/i, /QR-9/, /0199001234/, /0199001235/, /639980001/])
      assert.doesNotMatch(left, trace)
    for (const id of [gone.id, twin.id]) {
      assert.equal((await ask('GET', `/api/v1/customers/${id}`)).status, 404)
    }
    assert.equal((await ask('GET', `/api/v1/contacts/${ada.id}`)).status, 404)
    assert.equal(await known('0639980001'), false)
    assert.equal(await known('0199005555'), true, 'a number that others have stays theirs')
    assert.equal((await ask('GET', `/api/v1/customers/${stays.id}`)).json.comment, '[erased]')
  })

  test('a contact goes alone; what is left is one line that names nobody', async (t) => {
    const { ask, make, erase, held } = await newBook(t, engine)
    const acme = await make('customers', { name: 'Acme', phone: '0199001234' })
    const ann = await make('contacts', { customer_id: acme.id, last_name: 'Xylo', phones: ['0639980001'] })
    assert.deepEqual((await erase({ contact_id: ann.id })).json, {
      kind: 'contact',
      removed: { phones: 1, contacts: 1, audit: 1, idempotency_keys: 2 },
    })
    assert.doesNotMatch(await held(), /xylo|639980001/i)
    assert.match(await held(), /"action":"erase","entity":"contact","entity_id":null/)
    assert.equal((await ask('GET', `/api/v1/customers/${acme.id}`)).json.phone, '0199001234')
  })

  test('only for admins, in their own tenant, one thing at a time', async (t) => {
    const { ask, make, erase, known, newToken } = await newBook(t, engine)
    const acme = await make('customers', { name: 'Acme', phone: '0628773862' })
    const child = (await ask('POST', '/api/v1/tenants', { body: { name: 'Child', country: 'FR' } })).json.id
    const elsewhere = (body: Json) =>
      ask('POST', '/api/v1/erase', { body, headers: { 'cordboard-tenant': String(child) } })
    assert.deepEqual((await elsewhere({ number: '0628773862' })).json.removed, {})
    assert.equal((await elsewhere({ customer_id: acme.id })).status, 404)
    const writer = await newToken(['directory:write'])
    const refused = await ask('POST', '/api/v1/erase', { body: { customer_id: acme.id }, token: writer })
    assert.deepEqual([refused.status, refused.json.code], [403, 'scope_missing'])
    for (const body of [
      {},
      { number: '0628773862', customer_id: acme.id },
      { number: '101' },
      { number: 'anonymous' },
      { who: 1 },
    ])
      assert.equal((await erase(body)).status, 422, JSON.stringify(body))
    assert.equal((await erase({ contact_id: acme.id })).status, 404)
    assert.equal(await known('0628773862'), true)
  })

  test('while an import waits or runs nothing is erased: its file may hold the same caller', async (t) => {
    const { make, erase, known, hub, during } = await newBook(t, engine)
    const acme = await make('customers', { name: 'Acme', phone: '0628773862' })
    const status = (to: string) =>
      during(async (store) => {
        const stamps = { created_at: 1, updated_at: 1, options: '{}' }
        const none = { bytes_total: 0, bytes_read: 0, rows_read: 0, accepted: 0, rejected: 0, warnings: 0 }
        await store.write.deleteFrom('imports').execute()
        await store.write
          .insertInto('imports')
          .values({ tenant_id: hub.operatorTenantId, status: to, ...none, ...stamps })
          .execute()
      })
    for (const unfinished of ['queued', 'running']) {
      await status(unfinished)
      const refused = await erase({ customer_id: acme.id })
      assert.deepEqual([refused.status, refused.json.code], [409, 'conflict'])
    }
    assert.equal(await known('0628773862'), true)
    await status('done')
    assert.equal((await erase({ customer_id: acme.id })).status, 200)
    assert.equal(await known('0628773862'), false)
  })
})
