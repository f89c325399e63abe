import type { Selectable } from 'kysely'
import { isOneOf } from '../../platform/database/engine.ts'
import type { Tx } from '../../platform/database/store.ts'
import { HINTS } from '../hints.ts'
import { ON_CALL_DUTY } from '../on-call.ts'
import type { ContactsTable } from '../tables.ts'
import type { ImportMemory } from './memory.ts'
import { contactKey, type Categories, type ContactState, type CustomerState, type Found } from './merge.ts'
import { contactsOfPairs, NAMED_BY_HAND, type Pair } from './pairs.ts'
import { addStored, groupOf, newPhoneList, type PhoneList } from './phone-list.ts'
import type { Row } from './row.ts'
import type { ImportTables } from './tables.ts'

type ImportTx = Pick<Tx<ImportTables>, 'db' | 'engine'>

/** The tenant's categories, by folded name and by id. */
export async function readCategories({ db }: ImportTx, tenantId: number): Promise<Categories> {
  const rows = await db.selectFrom('categories').selectAll().where('tenant_id', '=', tenantId).execute()
  return {
    byName: new Map(rows.map((row) => [row.name_folded, row])),
    byId: new Map(rows.map((row) => [row.id, row])),
    builtin: rows.find((row) => row.builtin === 'vip') ?? null,
  }
}

async function readCustomers(
  { db, engine }: ImportTx,
  tenantId: number,
  keys: string[],
): Promise<Map<string, CustomerState>> {
  const found = new Map<string, CustomerState>()
  if (keys.length === 0) return found
  const query = db
    .selectFrom('customers')
    .select(['id', 'account', 'account_key', 'name', 'name_folded', 'category_id'])
    .select([...HINTS])
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, 'account_key', keys, 'text'))
  // Others may not change on PostgreSQL what is about to be compared and written back. Sorted there only: SQLite
  // would rather walk the whole table in order.
  for (const { id, ...stored } of await (
    engine === 'postgres' ? query.orderBy('id').forNoKeyUpdate() : query
  ).execute()) {
    found.set(stored.account_key ?? '', {
      id,
      stored,
      next: { ...stored },
      phones: null,
      contract: null,
      byHand: [],
    })
  }
  return found
}

async function addContracts(
  { db, engine }: ImportTx,
  tenantId: number,
  customers: Map<number, CustomerState>,
): Promise<void> {
  if (customers.size === 0) return
  const rows = await db
    .selectFrom('contracts')
    .select(['id', 'customer_id', 'start_date', 'end_date', 'suspended', 'from_import'])
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, 'customer_id', [...customers.keys()], 'bigint'))
    .where('kind', '=', ON_CALL_DUTY)
    .execute()
  for (const { id, customer_id, from_import, ...stored } of rows.toSorted((a, b) => a.id - b.id)) {
    const customer = customers.get(customer_id)
    if (from_import === 0) customer?.byHand.push(stored)
    if (!customer || customer.contract || from_import === 0) continue
    customer.contract = { id, stored, next: { ...stored } }
  }
}

async function addPhones(
  { db, engine }: ImportTx,
  tenantId: number,
  owner: 'customer_id' | 'contact_id',
  parties: Map<number, { phones: PhoneList | null }>,
  memory: ImportMemory,
): Promise<void> {
  if (parties.size === 0) return
  const rows = await db
    .selectFrom('phones')
    .select([
      'id',
      'customer_id',
      'contact_id',
      'position',
      'kind',
      'label',
      'raw',
      'e164',
      'national',
      'exact',
      'extension',
    ])
    .select(['country', 'normaliser'])
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, owner, [...parties.keys()], 'bigint'))
    .execute()
  rows.sort((a, b) => a.position - b.position || a.id - b.id)
  for (const { customer_id, contact_id, ...phone } of rows) {
    const id = (owner === 'customer_id' ? customer_id : contact_id) ?? 0
    const party = parties.get(id)
    if (!party) continue
    const named = memory.wasNamed(groupOf(phone.kind), id) && !memory.isUnnamed(id, phone.id)
    addStored((party.phones ??= newPhoneList()), phone, named)
  }
}

type ContactRowStored = Pick<
  Selectable<ContactsTable>,
  | 'id'
  | 'customer_id'
  | 'external_id'
  | 'import_key'
  | 'first_name'
  | 'last_name'
  | 'name_folded'
  | 'email'
  | 'direct_line'
  | 'queue_position'
  | 'route_identifier'
  | 'backend_link'
  | 'outbound_number'
  | 'language'
>

/** Ids of the contacts that rows may mean: by external id, by key within the customer, or by name if no import ever knew them. */
async function contactIds(
  tx: ImportTx,
  tenantId: number,
  rows: Row[],
  customers: Map<string, CustomerState>,
): Promise<Set<number>> {
  const { db, engine } = tx
  const ids = new Set<number>()
  const externalIds = new Set<string>()
  const unattached = new Set<string>()
  const pairs = new Map<string, Pair>()
  for (const { customer, contact } of rows) {
    if (contact === null) continue
    if (contact.externalId !== null) externalIds.add(contact.externalId)
    if (contact.key === null) continue
    if (customer === null) unattached.add(contact.key)
    const customerId = customer === null ? null : (customers.get(customer.key)?.id ?? null)
    if (customerId !== null) pairs.set(`${customerId} ${contact.key}`, { customerId, text: contact.key })
  }
  const contacts = db.selectFrom('contacts').select('id').where('tenant_id', '=', tenantId)
  if (externalIds.size > 0) {
    for (const { id } of await contacts
      .where(isOneOf(engine, 'external_id', [...externalIds], 'text'))
      .execute())
      ids.add(id)
  }
  if (unattached.size > 0) {
    const found = contacts
      .where('customer_id', 'is', null)
      .where(isOneOf(engine, 'import_key', [...unattached], 'text'))
    const known = await found.execute()
    for (const { id } of known) ids.add(id)
    const names = [...unattached].filter((key) => key.startsWith('name ')).map((key) => key.slice(5))
    if (known.length < unattached.size && names.length > 0) {
      const typed = contacts
        .where('customer_id', 'is', null)
        .where(isOneOf(engine, 'name_folded', names, 'text'))
        .where(NAMED_BY_HAND)
      for (const { id } of await typed.execute()) ids.add(id)
    }
  }
  if (pairs.size === 0) return ids
  const known = await contactsOfPairs(engine, tenantId, 'import_key', [...pairs.values()]).execute(db)
  for (const { id } of known.rows) ids.add(id)
  const named = [...pairs.values()].filter(({ text }) => text.startsWith('name '))
  if (known.rows.length >= pairs.size || named.length === 0) return ids
  const byName = named.map(({ customerId, text }) => ({ customerId, text: text.slice('name '.length) }))
  const typed = await contactsOfPairs(engine, tenantId, 'name_folded', byName).execute(db)
  for (const { id } of typed.rows) ids.add(id)
  return ids
}

async function readContacts(
  { db, engine }: ImportTx,
  tenantId: number,
  ids: Set<number>,
): Promise<ContactRowStored[]> {
  if (ids.size === 0) return []
  const query = db
    .selectFrom('contacts')
    .select([
      'id',
      'customer_id',
      'external_id',
      'import_key',
      'first_name',
      'last_name',
      'name_folded',
      'email',
    ])
    .select([...HINTS])
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, 'id', [...ids], 'bigint'))
  const rows = await (engine === 'postgres' ? query.orderBy('id').forNoKeyUpdate() : query).execute()
  return rows.sort((a, b) => a.id - b.id)
}

/** Reads what the store has of everything these rows name. */
export async function findStored(
  tx: ImportTx,
  tenantId: number,
  rows: Row[],
  memory: ImportMemory,
  categories: Categories,
): Promise<Found> {
  const keys = new Set<string>()
  const onCall = new Set<string>()
  const ofCustomers = new Set<string>()
  for (const { customer } of rows) {
    if (customer === null) continue
    keys.add(customer.key)
    if (customer.onCall !== undefined) onCall.add(customer.key)
    if (customer.phones !== undefined || customer.extensions !== undefined) ofCustomers.add(customer.key)
  }
  const customers = await readCustomers(tx, tenantId, [...keys])
  const byId = (wanted: Set<string>) =>
    new Map(
      [...customers].flatMap(([key, state]) => (wanted.has(key) ? [[state.id ?? 0, state] as const] : [])),
    )
  await addContracts(tx, tenantId, byId(onCall))
  await addPhones(tx, tenantId, 'customer_id', byId(ofCustomers), memory)

  const found: Found = { customers, contactsById: new Map(), contactsByKey: new Map(), categories }
  const owners = new Map([...customers.values()].map((state) => [state.id, state]))
  const withPhones = new Map<number, ContactState>()
  for (const { id, customer_id, ...values } of await readContacts(
    tx,
    tenantId,
    await contactIds(tx, tenantId, rows, customers),
  )) {
    const customer = owners.get(customer_id) ?? null
    const state: ContactState = {
      id,
      stored: { ...values, customer_id },
      next: { ...values },
      customer,
      phones: null,
    }
    withPhones.set(id, state)
    if (values.external_id !== null) found.contactsById.set(values.external_id, state)
    // A person somebody typed in, whom an import names for the first time, goes by the name.
    const key = contactKey(
      customer?.next.account_key ?? null,
      values.import_key ?? `name ${values.name_folded}`,
    )
    if ((customer !== null || customer_id === null) && !found.contactsByKey.has(key))
      found.contactsByKey.set(key, state)
  }
  // Who was renamed since goes by the present name too, unless that is somebody's key.
  for (const state of withPhones.values()) {
    const customerId = state.stored?.customer_id ?? null
    if (state.customer === null && customerId !== null) continue
    const key = contactKey(state.customer?.next.account_key ?? null, `name ${state.next.name_folded}`)
    if (state.next.name_folded !== '' && !found.contactsByKey.has(key)) found.contactsByKey.set(key, state)
  }
  await addPhones(tx, tenantId, 'contact_id', withPhones, memory)
  return found
}
