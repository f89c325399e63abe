import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Import, ImportQuery } from '../../../contract/imports.ts'
import { newDirectory, newStore, onEachStore } from '../../../test/stores.ts'
import type { Actor } from '../../platform/audit.ts'
import type { Store } from '../../platform/database/store.ts'
import type { Log } from '../../platform/log.ts'
import type { HubError } from '../../platform/errors.ts'
import { openImports, type Imports } from './imports.ts'
import type { ImportTables } from './tables.ts'

const TENANT = 1
const ACTOR: Actor = {
  kind: 'token',
  id: null,
  name: 'test',
  tenantId: TENANT,
  requestId: null,
  address: null,
}
const silent: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  access() {},
  accessText() {},
  child: () => silent,
  flush: async () => {},
  close: async () => {},
}

type TestTables = ImportTables & { tenants: Record<string, unknown> & { id: number; country: string | null } }
type World = { store: Store<TestTables>; imports: Imports; dataDir: string; open(): Imports; tick(): void }

async function newWorld(
  t: TestContext,
  engine: 'sqlite' | 'postgres',
  options: { country?: string | null; maxBytes?: number } = {},
): Promise<World> {
  const store = await newStore<TestTables>(t, engine)
  const flags = { match_tail: 0, match_switchboard: 0, active: 1, created_at: 0, updated_at: 0 }
  const country = options.country === undefined ? 'FR' : options.country
  await store.write
    .insertInto('tenants')
    .values({ id: TENANT, name: 'Test', country, ...flags })
    .execute()
  const dataDir = await newDirectory(t)
  let now = 1_800_000_000_000
  const open = () => {
    const imports = openImports({
      store: store,
      dataDir,
      clock: { now: () => now },
      log: silent,
      country: () => country,
      async nameCountry(tx, tenantId, named) {
        const { db } = tx as unknown as Parameters<Parameters<Store<TestTables>['transact']>[0]>[0]
        await db.updateTable('tenants').set({ country: named }).where('id', '=', tenantId).execute()
      },
      ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
    })
    t.after(() => imports.close())
    return imports
  }
  return { store, imports: open(), dataDir, open, tick: () => void (now += 60_000) }
}

async function importBook(world: World, book: string | Uint8Array, query: ImportQuery = {}): Promise<Import> {
  world.tick()
  const { id } = await world.imports.create(ACTOR, Readable.from([Buffer.from(book)]), query)
  return world.imports.finished(TENANT, id)
}

async function done(world: World, book: string, query: ImportQuery = {}): Promise<Import> {
  const ended = await importBook(world, book, query)
  assert.equal(ended.status, 'done', ended.error ?? '')
  return ended
}

async function rejectsOf(world: World, id: number): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of await world.imports.rejects(TENANT, id)) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString('latin1')
}

async function remarksOf(world: World, id: number): Promise<string[]> {
  const { data } = await world.imports.remarks(TENANT, id, { per_page: 200 })
  return data.map(({ line, severity, code }) => `${line} ${severity} ${code}`)
}

const dump = async ({ store }: World) => ({
  customers: await store.read.selectFrom('customers').selectAll().orderBy('id').execute(),
  contacts: await store.read.selectFrom('contacts').selectAll().orderBy('id').execute(),
  phones: await store.read.selectFrom('phones').selectAll().orderBy('id').execute(),
  contracts: await store.read.selectFrom('contracts').selectAll().orderBy('id').execute(),
  categories: await store.read.selectFrom('categories').selectAll().orderBy('id').execute(),
})

/** The directory in a few words: what a person would compare. */
async function picture(world: World) {
  const { customers, contacts, phones, contracts, categories } = await dump(world)
  const numbers = (owner: 'customer_id' | 'contact_id', id: number) =>
    phones
      .filter((phone) => phone[owner] === id)
      .toSorted((a, b) => a.position - b.position)
      .map(({ kind, e164, exact }) => `${kind} ${e164 ?? exact}`)
  return {
    customers: customers.map(({ id, account, name, category_id }) => ({
      account,
      name,
      category: categories.find((category) => category.id === category_id)?.name ?? null,
      phones: numbers('customer_id', id),
      contracts: contracts
        .filter((contract) => contract.customer_id === id)
        .map(
          ({ start_date, end_date, suspended }) =>
            `${start_date}..${end_date}${suspended ? ' suspended' : ''}`,
        ),
    })),
    contacts: contacts.map((contact) => ({
      account: customers.find(({ id }) => id === contact.customer_id)?.account ?? null,
      name: `${contact.first_name ?? ''} ${contact.last_name ?? ''}`.trim(),
      email: contact.email,
      phones: numbers('contact_id', contact.id),
    })),
  }
}

/** A book of several batches, in which customers and contacts come back in later ones. */
function longBook(rows: number): string {
  const lines = ['account,company,phone,first_name,last_name,contact_phones,vip,on_call']
  for (let i = 0; i < rows; i++) {
    const n = i % 1_500
    const phone = `06 39 98 ${String(Math.floor(i / 100) % 100).padStart(2, '0')} ${String(i % 100).padStart(2, '0')}`
    lines.push(
      `C${n % 700},Company ${n % 700},01 99 00 ${String(n % 100).padStart(2, '0')} 00,Person,${n},${phone},${n % 700 === 3 ? 1 : 0},${n % 700 === 5 ? 1 : ''}`,
    )
  }
  return lines.join('\n')
}

onEachStore('an import', (engine) => {
  test('stores customers, their contacts and their numbers', async (t) => {
    const world = await newWorld(t, engine)
    const ended = await done(
      world,
      'customer_account;customer_name;customer_phone;extensions;first_name;last_name;contact_phones\r\nCL000101;Café Noël;01 99 00 12 34;101 102;Zoé;Petit;"mobile: 06 39 98 00 01; 01 99 00 12 35"\r\n;;;;Luc;Seul;06 39 98 00 09\r\n',
    )
    assert.deepEqual(await picture(world), {
      customers: [
        {
          account: 'CL000101',
          name: 'Café Noël',
          category: null,
          phones: ['main +33199001234', 'extension 101', 'extension 102'],
          contracts: [],
        },
      ],
      contacts: [
        {
          account: 'CL000101',
          name: 'Zoé Petit',
          email: null,
          phones: ['mobile +33639980001', 'phone +33199001235'],
        },
        { account: null, name: 'Luc Seul', email: null, phones: ['phone +33639980009'] },
      ],
    })
    const { status, rows_read, accepted, rejected, warnings, bytes_read, bytes_total } = ended
    assert.deepEqual(
      { status, rows_read, accepted, rejected, warnings },
      { status: 'done', rows_read: 2, accepted: 2, rejected: 0, warnings: 0 },
    )
    assert.equal(bytes_read, bytes_total)
    const audit = await world.store.read.selectFrom('audit').selectAll().execute()
    assert.deepEqual(
      audit.map(({ action, entity, entity_id }) => [action, entity, entity_id]),
      [['import', 'import', ended.id]],
    )
    assert.deepEqual(
      (await readdir(join(world.dataDir, 'imports'))).filter((name) => name !== 'place'),
      [],
    )
  })

  test('takes every row of the sample book, without a word of warning', async (t) => {
    const world = await newWorld(t, engine, { country: null })
    const book = await readFile(new URL('../../../examples/sample-book.csv', import.meta.url))
    const ended = await importBook(world, book, { country: 'FR' })
    assert.deepEqual([ended.status, ended.accepted, ended.rejected], ['done', 40, 0])
    assert.deepEqual(await remarksOf(world, ended.id), [])
    const { customers, phones } = await dump(world)
    assert.equal(customers.length, 29)
    assert.ok(customers.some(({ account }) => account === 'CL000101'))
    assert.ok(phones.every(({ kind, e164 }) => kind === 'extension' || e164 !== null))
  })

  test('of the same book twice writes nothing the second time', async (t) => {
    const world = await newWorld(t, engine)
    const book = longBook(3_200)
    await done(world, book)
    const before = await dump(world)
    const changes = await world.store.read.selectFrom('changes').selectAll().execute()
    assert.ok(
      before.contacts.length === 1_500 && before.customers.length === 700 && before.phones.length > 3_000,
    )
    const again = await done(world, book)
    assert.equal(again.accepted, 3_200)
    assert.deepEqual(await dump(world), before)
    assert.deepEqual(await world.store.read.selectFrom('changes').selectAll().execute(), changes)
  })

  test('interrupted between batches ends as an uninterrupted one', async (t) => {
    const book = longBook(23_000).replace('Person,7,', 'Person,7,junk ')
    const [whole, broken] = [await newWorld(t, engine), await newWorld(t, engine)]
    for (const world of [whole, broken])
      await done(
        world,
        'account,first_name,last_name,contact_phones\nC7,Person,7,01 99 00 99 99\nC8,Person,8,01 99 00 99 98',
      )
    const expected = await done(whole, book)

    broken.tick()
    const { id } = await broken.imports.create(ACTOR, Readable.from([book]), {})
    while ((await broken.imports.get(TENANT, id)).rows_read === 0)
      await new Promise((resolve) => setImmediate(resolve))
    await broken.imports.close()
    const between = await broken.imports.get(TENANT, id)
    assert.equal(between.status, 'running')
    assert.ok(between.rows_read > 0 && between.rows_read < 23_000, `stopped after ${between.rows_read} rows`)
    const reopened = broken.open()
    await reopened.resume()
    const ended = await reopened.finished(TENANT, id)
    assert.deepEqual({ ...ended }, { ...expected })
    assert.deepEqual(await dump(broken), await dump(whole))
    assert.deepEqual(await remarksOf(broken, id), await remarksOf(whole, id))
  })

  test('adds up the numbers of a contact within one book, and replaces them by the next', async (t) => {
    const world = await newWorld(t, engine)
    const header = 'account,last_name,contact_phones\n'
    await done(world, `${header}C1,Petit,01 99 00 00 01\nC1,PETIT,01 99 00 00 02\n`)
    assert.deepEqual(
      (await picture(world)).contacts.map(({ phones }) => phones),
      [['phone +33199000001', 'phone +33199000002']],
    )
    await done(world, `${header}C1,Petit,01 99 00 00 02\n`)
    assert.deepEqual(
      (await picture(world)).contacts.map(({ phones }) => phones),
      [['phone +33199000002']],
    )
    await done(world, `${header}C1,Petit,\n`)
    assert.deepEqual(
      (await picture(world)).contacts.map(({ phones }) => phones),
      [['phone +33199000002']],
    )
    await done(world, `${header}C1,Petit,\n`, { clear: 1 })
    assert.deepEqual(
      (await picture(world)).contacts.map(({ phones }) => phones),
      [[]],
    )
  })

  test('keeps the extensions of a customer when it brings only phones', async (t) => {
    const world = await newWorld(t, engine)
    await done(world, 'account,phone,extensions\nC1,01 99 00 00 01,101\n')
    await done(world, 'account,phone\nC1,01 99 00 00 02\n')
    assert.deepEqual((await picture(world)).customers[0]?.phones, ['main +33199000002', 'extension 101'])
  })

  test('finds an account in any case and a contact by its id, wherever it is now', async (t) => {
    const world = await newWorld(t, engine)
    await done(world, 'account,contact_id,last_name,email\nCL1,7,Petit,a@example.com\n')
    await done(world, 'account,company,contact_id,last_name,email\ncl1,Acme,,,\nCL2,Other,7,Grand,\n')
    const { customers, contacts } = await picture(world)
    assert.deepEqual(
      customers.map(({ account, name }) => [account, name]),
      [
        ['CL1', 'Acme'],
        ['CL2', 'Other'],
      ],
    )
    assert.deepEqual(contacts, [{ account: 'CL2', name: 'Grand', email: 'a@example.com', phones: [] }])
  })

  test('recognises by name a contact that somebody typed in', async (t) => {
    const world = await newWorld(t, engine)
    await done(world, 'account,first_name,last_name\nC1,Zoé,Petit\n')
    await world.store.write.updateTable('contacts').set({ import_key: null }).execute()
    await done(world, 'account,first_name,last_name,email\nC1,zoe,petit,z@example.com\n')
    assert.deepEqual(
      (await picture(world)).contacts.map(({ name, email }) => [name, email]),
      [['zoe petit', 'z@example.com']],
    )
  })

  test('puts VIPs into categories, and lets the category decide', async (t) => {
    const world = await newWorld(t, engine)
    const ended = await done(
      world,
      'account,category,vip\nA,,1\nB,Gold,1\nC,Plain,\nD,gold,0\nE,Plain,yes\nF,,0\n',
    )
    const categories = async () =>
      (await picture(world)).customers.map(({ account, category }) => `${account} ${category}`)
    assert.deepEqual(await categories(), ['A VIP', 'B Gold', 'C Plain', 'D Gold', 'E Plain', 'F null'])
    assert.deepEqual(await remarksOf(world, ended.id), [
      '5 warning category_decides',
      '6 warning category_decides',
    ])
    const vips = await world.store.read
      .selectFrom('categories')
      .select(['name', 'vip'])
      .orderBy('name')
      .execute()
    assert.deepEqual(
      vips.map(({ name, vip }) => `${name} ${vip}`),
      ['Gold 1', 'Plain 0', 'VIP 1'],
    )
    await done(world, 'account,vip\nA,0\nB,0\n')
    assert.deepEqual((await categories()).slice(0, 2), ['A null', 'B Gold'])
    const told = await world.store.read
      .selectFrom('changes')
      .select('entity')
      .where('entity', '=', 'category')
      .execute()
    assert.ok(told.length > 0)
  })

  test('owns one on-call contract a customer and leaves the others alone', async (t) => {
    const world = await newWorld(t, engine)
    const contracts = async () => (await picture(world)).customers.map(({ contracts: all }) => all)
    const header = 'account,on_call_duty,on_call_from,on_call_to\n'
    await done(world, `${header}A,1,,\nB,1,2026-01-01,31/12/2026\nC,0,2026-01-01,\nD,0,,\n`)
    assert.deepEqual(await contracts(), [
      ['null..null'],
      ['2026-01-01..2026-12-31'],
      ['2026-01-01..null suspended'],
      [],
    ])
    const { customers } = await dump(world)
    const own = {
      tenant_id: TENANT,
      customer_id: customers[0]?.id ?? 0,
      kind: 'on_call_duty',
      suspended: 0,
      from_import: 0,
      created_at: 0,
      updated_at: 0,
    } as const
    await world.store.write
      .insertInto('contracts')
      .values({ ...own, start_date: '2020-01-01' })
      .execute()
    await done(world, `${header}A,0,,\nB,,,\nC,1,,\n`)
    assert.deepEqual(await contracts(), [
      ['null..null suspended', '2020-01-01..null'],
      ['2026-01-01..2026-12-31'],
      ['null..null'],
      [],
    ])
  })

  test('lets no bad row take others along, and gives bad rows back as they were', async (t) => {
    const world = await newWorld(t, engine)
    const book = Buffer.from(
      'account;vip\nC1;1\nC2;maybe\n"C3;x";2;3\nC4;=1+1\nCaf\u00e9;1\nC6;"open\nC7;no\n',
      'latin1',
    )
    const ended = await importBook(world, book)
    assert.deepEqual([ended.status, ended.rows_read, ended.accepted, ended.rejected], ['done', 7, 2, 5])
    assert.deepEqual(
      (await picture(world)).customers.map(({ account }) => account),
      ['C1', 'C7'],
    )
    assert.deepEqual(await remarksOf(world, ended.id), [
      '3 reject bad_truth',
      '4 reject wrong_columns',
      '5 reject bad_truth',
      '6 reject bad_encoding',
      '7 reject bad_quotes',
    ])
    const [header, ...lines] = (await rejectsOf(world, ended.id)).split('\r\n')
    assert.equal(header, 'account;vip;reason')
    assert.deepEqual(
      lines.map((line) => line.slice(0, 12)),
      ['C2;maybe;"vi', '"C3;x";2;3;T', 'C4;=1+1;"vip', 'Caf\u00e9;1;"The ', 'C6;"""open";', ''],
    )
  })

  test('warns of numbers nobody can read and of columns nobody knows', async (t) => {
    const world = await newWorld(t, engine)
    const ended = await done(world, 'account,phone,shoe size\nC1,ask Bob,44\nC2,anonymous,45\n')
    assert.deepEqual(await remarksOf(world, ended.id), [
      '1 warning unknown_column',
      '2 warning unreadable_number',
      '3 warning withheld_number',
    ])
    assert.equal(ended.warnings, 3)
    assert.deepEqual(
      (await picture(world)).customers.map(({ phones }) => phones),
      [['main ask Bob'], []],
    )
  })

  test('that is only tried writes nothing but its result', async (t) => {
    const world = await newWorld(t, engine, { country: null })
    const ended = await done(world, 'account,category,vip,phone\nC1,New,1,0199000001\nC2,,1,\nC3,,maybe,\n', {
      dry_run: 1,
      country: 'fr',
    })
    assert.deepEqual([ended.dry_run, ended.accepted, ended.rejected, ended.country], [true, 2, 1, 'FR'])
    const { customers, phones, categories } = await dump(world)
    assert.deepEqual([customers, phones, categories], [[], [], []])
    assert.equal(
      (await world.store.read.selectFrom('tenants').select('country').executeTakeFirstOrThrow()).country,
      null,
    )
  })

  test('names the country of a tenant that has none', async (t) => {
    const world = await newWorld(t, engine, { country: null })
    await done(world, 'account,phone\nC1,020 7946 0123\n', { country: 'GB' })
    assert.equal(
      (await world.store.read.selectFrom('tenants').select('country').executeTakeFirstOrThrow()).country,
      'GB',
    )
    assert.deepEqual((await picture(world)).customers[0]?.phones, ['main +442079460123'])
  })

  test('without any country is refused before the file is read', async (t) => {
    const world = await newWorld(t, engine, { country: null })
    const body = new Readable({ read: () => assert.fail('the file was read') })
    await assert.rejects(
      world.imports.create(ACTOR, body, {}),
      (error: HubError) => error.code === 'country_required' && /country=/.test(error.message),
    )
  })

  test('refuses what it was asked for wrongly, field by field', async (t) => {
    const world = await newWorld(t, engine)
    const query = { country: 'XX', delimiter: '|', mapping: '{"a": "nothing"}' }
    await assert.rejects(world.imports.create(ACTOR, Readable.from([]), query), (error: HubError) => {
      assert.deepEqual(Object.keys(error.fields ?? {}), ['country', 'delimiter', 'mapping'])
      return true
    })
  })

  test('of a file that is too large keeps nothing of it', async (t) => {
    const world = await newWorld(t, engine, { maxBytes: 1_000 })
    await assert.rejects(
      world.imports.create(ACTOR, Readable.from([Buffer.alloc(1_001)]), {}),
      (error: HubError) => error.code === 'payload_too_large',
    )
    assert.deepEqual(
      (await readdir(join(world.dataDir, 'imports'))).filter((name) => name !== 'place'),
      [],
    )
  })

  test('fails, and says why, when the file is no book', async (t) => {
    const world = await newWorld(t, engine)
    const fails = async (book: string | Uint8Array, why: RegExp) => {
      const ended = await importBook(world, book)
      assert.equal(ended.status, 'failed')
      assert.match(ended.error ?? '', why)
    }
    await fails(Buffer.from('\uFEFFaccount,phone\nC1,2\n', 'utf16le'), /UTF-16/)
    await fails(Buffer.from('soci\u00e9t\u00e9,account\nC1,2\n', 'latin1'), /not UTF-8/)
    await fails('one,two\n1,2\n', /No column of the file is known/)
    await fails('account,account\n1,2\n', /twice/)
    await fails('\n\n', /empty/)
    assert.deepEqual((await dump(world)).customers, [])
  })

  test('whose file is gone at the next start has failed, with advice', async (t) => {
    const world = await newWorld(t, engine)
    await world.imports.close()
    world.tick()
    const { id } = await world.imports.create(ACTOR, Readable.from(['account\nC1\n']), {})
    await writeFile(join(world.dataDir, 'imports', 'left-over.part'), 'x')
    await rm(join(world.dataDir, 'imports', `${id}.csv`))
    const reopened = world.open()
    await reopened.resume()
    const ended = await reopened.finished(TENANT, id)
    assert.equal(ended.status, 'failed')
    assert.match(ended.error ?? '', /repeat it/)
    assert.deepEqual(await readdir(join(world.dataDir, 'imports')), ['place'])
  })
})

describe('junk', () => {
  test('never stops the job, and every row is counted once', async (t) => {
    const world = await newWorld(t, 'sqlite')
    const piece = fc.oneof(
      fc.constantFrom(
        '"',
        '""',
        ',',
        '\n',
        '\r\n',
        ';',
        'C1',
        '1',
        'Petit',
        '0199001234',
        '\u0000',
        '\u00e9',
        '\uFFFD',
      ),
      fc.string(),
    )
    const junk = fc.tuple(fc.array(piece, { maxLength: 60 }), fc.uint8Array({ maxLength: 20 }))
    await fc.assert(
      fc.asyncProperty(junk, async ([pieces, bytes]) => {
        const book = Buffer.concat([
          Buffer.from('account,last_name,contact_phones,vip\nC1,Petit,0199001234,1\n'),
          Buffer.from(pieces.join('')),
          bytes,
        ])
        const ended = await importBook(world, book)
        assert.equal(ended.status, 'done', ended.error ?? '')
        assert.ok(ended.rows_read >= 1)
        assert.equal(ended.rows_read, ended.accepted + ended.rejected)
        const lines = await remarksOf(world, ended.id)
        assert.equal(lines.filter((line) => line.includes('reject')).length, ended.rejected)
      }),
      { numRuns: 40 },
    )
  })
})
