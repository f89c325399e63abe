import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newStore, newStoreAddress, onEachStore } from '../../test/stores.ts'
import { openBulkRows } from '../platform/database/bulk-rows.ts'
import { bulkInsert } from '../platform/database/engine.ts'
import type { Store, StoreAddress } from '../platform/database/store.ts'
import { fillIndexes } from './index-fill.ts'
import { fillInThread } from './index-fill-start.ts'
import { openIndexFollower } from './index-follower.ts'
import type { DirectoryTables } from './tables.ts'

type Tables = DirectoryTables & { tenants: Record<string, unknown> }
type Row = Record<string, string | number | null | undefined>

const STAMPS = { created_at: 0, updated_at: 0 }
const TYPES = {
  tenants: {
    id: 'bigint',
    name: 'text',
    match_tail: 'bigint',
    match_switchboard: 'bigint',
    active: 'bigint',
  },
  categories: { id: 'bigint', tenant_id: 'bigint', name: 'text', name_folded: 'text', vip: 'bigint' },
  customers: {
    id: 'bigint',
    tenant_id: 'bigint',
    account: 'text',
    name: 'text',
    name_folded: 'text',
    category_id: 'bigint',
    active: 'bigint',
    queue_position: 'bigint',
    backend_link: 'text',
  },
  contacts: {
    id: 'bigint',
    tenant_id: 'bigint',
    customer_id: 'bigint',
    first_name: 'text',
    last_name: 'text',
    email: 'text',
    name_folded: 'text',
    active: 'bigint',
    direct_line: 'text',
  },
  phones: {
    tenant_id: 'bigint',
    customer_id: 'bigint',
    contact_id: 'bigint',
    position: 'bigint',
    kind: 'text',
    raw: 'text',
    e164: 'text',
    national: 'text',
    exact: 'text',
    extension: 'text',
    normaliser: 'bigint',
  },
  contracts: {
    tenant_id: 'bigint',
    customer_id: 'bigint',
    kind: 'text',
    reference: 'text',
    start_date: 'text',
    end_date: 'text',
    suspended: 'bigint',
    from_import: 'bigint',
  },
} as const
const STAMPED = ['tenants', 'categories', 'customers', 'contacts', 'contracts']

async function insert(store: Store<Tables>, table: keyof typeof TYPES, rows: Row[]): Promise<void> {
  const stamps = STAMPED.includes(table) ? { created_at: 'bigint', updated_at: 'bigint' } : {}
  const columns = { ...TYPES[table], ...stamps } as Record<string, 'bigint' | 'text'>
  const values = rows.flatMap((row) =>
    Object.keys(columns).map((name) => ({ ...STAMPS, ...row })[name] ?? null),
  )
  await store.transact(({ db, engine }) => bulkInsert(engine, db as never, { table, columns }, values))
}

function addressOf({ address }: Store<Tables>): StoreAddress {
  assert.ok(address)
  return address
}

const NAMES = ['Žluťoučký kůň', '株式会社', 'Anna', "O'Neil \\ \n", '☎️', 'x'.repeat(70_000)]

/** Two tenants whose ids lie among each other, with everything that a row may hold. */
async function writeBook(store: Store<Tables>): Promise<number> {
  const tenants = [1, 2]
  const flags = { match_tail: 0, match_switchboard: 0, active: 1 }
  await insert(
    store,
    'tenants',
    tenants.map((id) => ({ id, name: `T${id}`, ...flags })),
  )
  await insert(
    store,
    'categories',
    tenants.map((id) => ({ id, tenant_id: id, name: `C${id}`, name_folded: `c${id}`, vip: id - 1 })),
  )
  const customers: Row[] = []
  const contacts: Row[] = []
  const phones: Row[] = []
  const contracts: Row[] = []
  for (let id = 1; id <= 900; id++) {
    const tenant_id = 1 + (id % 2)
    const name = NAMES[id % 299 === 0 ? 5 : id % 5]!
    const own = { id, tenant_id, active: Number(id % 7 !== 0), name_folded: '' }
    const isCustomer = id <= 100
    if (isCustomer) {
      const category_id = id % 3 === 0 ? tenant_id : null
      const backend_link = id % 11 === 0 ? 'https://example.org/?a=b' : null
      customers.push({
        ...own,
        account: id % 4 === 0 ? null : `CL${id}`,
        name,
        category_id,
        backend_link,
        queue_position: id % 5 || null,
      })
      for (let i = 0; i < id % 3; i++) {
        const start_date = i === 0 ? null : '2026-02-28'
        const end_date = id % 2 === 0 ? null : '1969-12-31'
        contracts.push({
          tenant_id,
          customer_id: id,
          kind: i === 0 ? 'on_call_duty' : 'other',
          reference: id % 5 === 0 ? 'R' : null,
          start_date,
          end_date,
          suspended: id % 2,
          from_import: 0,
        })
      }
    } else {
      const [first_name, last_name] = [id % 6 === 0 ? '' : name, id % 4 === 0 ? null : `L${id}`]
      contacts.push({
        ...own,
        customer_id: id % 8 === 0 ? null : ((id % 50) + 1) * 2 - (id % 2),
        first_name,
        last_name,
        email: id % 3 === 0 ? `${id}@example.org` : null,
        direct_line: id % 9 === 0 ? 'SIP/1' : null,
      })
    }
    for (let i = (id % 4) - 1; i >= 0; i--) {
      const owner = isCustomer ? { customer_id: id } : { contact_id: id }
      const read = [
        { e164: `+336${10_000_000 + id * 4 + i}` },
        { e164: '+390612345678', extension: '45' },
        { national: '0612345678', extension: id % 2 === 0 ? '9' : null },
        { exact: id % 2 === 0 ? '10*' : 'ask Anna' },
        { e164: '+0331' },
        {},
      ][(id + i) % 6]!
      // Positions fall while ids rise in every other party.
      const position = id % 2 === 0 ? i : 3 - i
      phones.push({
        tenant_id,
        ...owner,
        position,
        kind: ['mobile', 'Büro', 'main'][id % 3]!,
        raw: `r${id}`,
        normaliser: 1,
        ...read,
      })
    }
  }
  await insert(store, 'customers', customers)
  await insert(store, 'contacts', contacts)
  await insert(store, 'phones', phones)
  await insert(store, 'contracts', contracts)
  return 900
}

onEachStore('memory filled from a whole store at once', (engine) => {
  test('every index is the one that reading party by party gives, in this thread and in one of its own', async (t) => {
    const store = await newStore<Tables>(t, engine)
    const last = await writeBook(store)
    const byParty = openIndexFollower(store)
    await byParty.hydrate()
    const inThread = openIndexFollower(store)
    inThread.load(await fillInThread(addressOf(store)))
    const here = await fillIndexes(addressOf(store))
    assert.equal(byParty.stats().parties, last)
    assert.deepEqual({ ...inThread.stats(), bytes: 0 }, { ...byParty.stats(), bytes: 0 })
    for (const tenantId of [1, 2, 3]) {
      const wanted = byParty.indexOf(tenantId)
      for (let id = 0; id <= last + 1; id++) {
        const record = wanted.get(id)
        assert.deepEqual(inThread.indexOf(tenantId).get(id), record)
        assert.deepEqual(here.get(tenantId)?.get(id) ?? null, record)
        for (const { read } of record?.numbers ?? []) {
          const hit = wanted.findNumber(read, { tail: true, switchboard: true })
          const found = inThread.indexOf(tenantId).findNumber(read, { tail: true, switchboard: true })
          assert.deepEqual([found.tier, found.owners], [hit.tier, hit.owners])
        }
        const account = record?.party === 'customer' ? record.account : null
        if (account !== null)
          assert.deepEqual(inThread.indexOf(tenantId).findAccount(account), wanted.findAccount(account))
      }
      for (const id of [1, 2]) assert.deepEqual(inThread.indexOf(tenantId).category(id), wanted.category(id))
    }
  })

  test('a book of more than twenty thousand numbers is filled that way, and changes go on from there', async (t) => {
    const store = await newStore<Tables>(t, engine)
    const flags = { match_tail: 0, match_switchboard: 0, active: 1 }
    await insert(store, 'tenants', [{ id: 1, name: 'T', ...flags }])
    const people = Array.from({ length: 10_500 }, (_, i) => i + 1)
    await insert(
      store,
      'contacts',
      people.map((id) => ({ id, tenant_id: 1, last_name: `L${id}`, name_folded: '', active: 1 })),
    )
    const phone = (id: number, position: number) => ({
      tenant_id: 1,
      contact_id: id,
      position,
      kind: 'mobile',
      raw: '',
      e164: `+336${20_000_000 + id * 2 + position}`,
      normaliser: 1,
    })
    await insert(
      store,
      'phones',
      people.flatMap((id) => [phone(id, 0), phone(id, 1)]),
    )
    const follower = openIndexFollower(store)
    await follower.hydrate()
    assert.deepEqual({ ...follower.stats(), bytes: 0 }, { parties: 10_500, numbers: 21_000, bytes: 0 })
    assert.equal(follower.indexOf(1).exactOwner(33_620_021_000)?.party.name, 'L10500')
    await store.transact(({ db }) => db.deleteFrom('contacts').where('id', '=', 10_500).execute())
    await follower.apply([{ tenantId: 1, entity: 'contact', ids: [10_500] }])
    assert.equal(follower.indexOf(1).exactOwner(33_620_021_000), null)
    assert.equal(follower.indexOf(1).exactOwner(33_620_020_998)?.party.name, 'L10499')
  })

  test('an empty store gives no index, and a store that is not there or not ours says so', async (t) => {
    const store = await newStore<Tables>(t, engine)
    assert.equal((await fillIndexes(addressOf(store))).size, 0)
    await assert.rejects(openBulkRows(addressOf(store), 'select nothing').then((rows) => readAll(rows)))
    const bare = await newStoreAddress(t, engine)
    await assert.rejects(fillInThread(bare))
    const away =
      bare.kind === 'sqlite'
        ? { ...bare, file: `${bare.file}/nowhere` }
        : { ...bare, url: 'postgres://nobody@127.0.0.1:1/none' }
    await assert.rejects(fillInThread(away), { code: 'store_unavailable' })
  })
})

async function readAll(rows: Awaited<ReturnType<typeof openBulkRows>>): Promise<void> {
  try {
    while (await rows.more()) while (rows.next());
  } finally {
    await rows.close()
  }
}
