import type { Transaction } from 'kysely'
import { setImmediate } from 'node:timers/promises'
import {
  bulkInsert,
  bulkUpdate,
  takePartyIds,
  type BulkTable,
  type ColumnType,
} from '../../platform/database/engine.ts'
import type { Tx } from '../../platform/database/store.ts'
import { ON_CALL_DUTY } from '../on-call.ts'
import type { ImportMemory } from './memory.ts'
import type { CustomerState, Merged } from './merge.ts'
import { unnamedIds, writesOf, type PhoneList } from './phone-list.ts'
import type { ImportTables } from './tables.ts'

type ImportTx = Tx<ImportTables>
/** The bulk statements name their columns themselves. */
const untyped = (tx: ImportTx) => tx.db as unknown as Transaction<unknown>
export type ImportScope = { tenantId: number; importId: number; now: number }

const HINTS: Record<string, ColumnType> = {
  direct_line: 'text',
  queue_position: 'bigint',
  route_identifier: 'text',
  backend_link: 'text',
}
const CUSTOMER_CHANGES: Record<string, ColumnType> = {
  id: 'bigint',
  name: 'text',
  name_folded: 'text',
  category_id: 'bigint',
  ...HINTS,
  import_id: 'bigint',
  updated_at: 'bigint',
}
const CONTACT_CHANGES: Record<string, ColumnType> = {
  id: 'bigint',
  customer_id: 'bigint',
  external_id: 'text',
  import_key: 'text',
  first_name: 'text',
  last_name: 'text',
  name_folded: 'text',
  email: 'text',
  ...HINTS,
  import_id: 'bigint',
  updated_at: 'bigint',
}
const PHONE_VALUES: Record<string, ColumnType> = {
  position: 'bigint',
  kind: 'text',
  label: 'text',
  raw: 'text',
  e164: 'text',
  national: 'text',
  exact: 'text',
  extension: 'text',
  country: 'text',
  normaliser: 'bigint',
}
const STAMP: Record<string, ColumnType> = { tenant_id: 'bigint', active: 'integer', created_at: 'bigint' }
const CUSTOMERS: BulkTable = {
  table: 'customers',
  columns: { ...CUSTOMER_CHANGES, ...STAMP, account: 'text', account_key: 'text' },
}
const CONTACTS: BulkTable = { table: 'contacts', columns: { ...CONTACT_CHANGES, ...STAMP } }
const PHONES: BulkTable = {
  table: 'phones',
  columns: { tenant_id: 'bigint', customer_id: 'bigint', contact_id: 'bigint', ...PHONE_VALUES },
}
const CONTRACT_CHANGES: Record<string, ColumnType> = {
  start_date: 'text',
  end_date: 'text',
  suspended: 'integer',
  updated_at: 'bigint',
}
const CONTRACTS: BulkTable = {
  table: 'contracts',
  columns: {
    tenant_id: 'bigint',
    customer_id: 'bigint',
    kind: 'text',
    from_import: 'integer',
    created_at: 'bigint',
    ...CONTRACT_CHANGES,
  },
}

type Values = Record<string, unknown>

function inOrder(columns: Record<string, ColumnType>): (row: object) => unknown[] {
  const names = Object.keys(columns)
  return (row) => {
    const values: unknown[] = []
    for (const name of names) values.push((row as Values)[name])
    return values
  }
}
const customerRow = inOrder(CUSTOMERS.columns)
const customerChange = inOrder(CUSTOMER_CHANGES)
const contactRow = inOrder(CONTACTS.columns)
const contactChange = inOrder(CONTACT_CHANGES)
const phoneChange = inOrder({ id: 'bigint', ...PHONE_VALUES })

/** Inserts rows without the columns in which all of them have null: most books leave half of them empty. */
async function insertRows(tx: ImportTx, { table, columns }: BulkTable, rows: unknown[][]): Promise<void> {
  if (rows.length === 0) return
  const kept = Object.entries(columns)
    .map(([name, type], i) => ({ name, type, i }))
    .filter(({ i }) => rows.some((row) => row[i] !== null))
  const places = kept.map(({ i }) => i)
  const compact = rows.map((row) => {
    const values: unknown[] = []
    for (const place of places) values.push(row[place])
    return values
  })
  await bulkInsert(
    tx.engine,
    untyped(tx),
    { table, columns: Object.fromEntries(kept.map(({ name, type }) => [name, type])) },
    compact,
  )
}

function isSame(stored: object, next: object): boolean {
  for (const name in next) if ((next as Values)[name] !== (stored as Values)[name]) return false
  return true
}

type Numbered = { id: number | null; phones: PhoneList | null }
type PhoneRows = { inserted: unknown[][]; updated: unknown[][] }

/** What is written to `phones` for this party; true when that changes anything. */
function collectPhones(
  party: Numbered,
  owner: 'customer' | 'contact',
  tenantId: number,
  into: PhoneRows,
): boolean {
  const { id, phones } = party
  if (phones === null || !(phones.numbers.touched || phones.extensions.touched)) return false
  const { inserted, updated } = writesOf(phones)
  const customerId = owner === 'customer' ? id : null
  const contactId = owner === 'contact' ? id : null
  for (const { values: v, position } of inserted) {
    const reading = [v.e164, v.national, v.exact, v.extension, v.country, v.normaliser]
    into.inserted.push([tenantId, customerId, contactId, position, v.kind, v.label, v.raw, ...reading])
  }
  for (const { id: phoneId, values, position } of updated)
    into.updated.push(phoneChange({ ...values, position, id: phoneId }))
  return inserted.length + updated.length > 0
}

async function writeContracts(
  tx: ImportTx,
  { tenantId, now }: ImportScope,
  customers: Iterable<CustomerState>,
): Promise<number[]> {
  const inserted: unknown[][] = []
  const updated: unknown[][] = []
  const changed: number[] = []
  for (const { id, contract } of customers) {
    if (contract === null || id === null) continue
    const { stored, next } = contract
    if (stored !== null && isSame(stored, next)) continue
    const { start_date, end_date, suspended } = next
    if (contract.id === null)
      inserted.push([tenantId, id, ON_CALL_DUTY, 1, now, start_date, end_date, suspended, now])
    else updated.push([contract.id, start_date, end_date, suspended, now])
    changed.push(id)
  }
  await insertRows(tx, CONTRACTS, inserted)
  await bulkUpdate(
    tx.engine,
    untyped(tx),
    { table: 'contracts', columns: { id: 'bigint', ...CONTRACT_CHANGES } },
    updated,
  )
  return changed
}

/** Lets what was started go out to the store. */
async function turn(started: Promise<void>[]): Promise<void> {
  for (const one of started) one.catch(() => {})
  await setImmediate()
}

type Touched = { ids: number[]; inserted: unknown[][]; updated: unknown[][] }
const nothing = (): Touched => ({ ids: [], inserted: [], updated: [] })

/**
 * Writes what merging changed, and nothing else; new parties get their ids here. Each table's rows are made while the
 * store is still busy with the table before.
 */
export async function applyMerged(
  tx: ImportTx,
  scope: ImportScope,
  { customers, contacts }: Merged,
): Promise<void> {
  const { tenantId, importId: import_id, now } = scope
  const { engine } = tx
  const db = untyped(tx)
  const made = [...customers, ...contacts].filter((party) => party.id === null)
  const ids = await takePartyIds(engine, db, made.length)
  for (const [i, party] of made.entries()) party.id = ids[i] ?? null

  const phones: PhoneRows = { inserted: [], updated: [] }
  const fresh = { tenant_id: tenantId, active: 1, import_id, created_at: now, updated_at: now }
  const changes = { import_id, updated_at: now }
  const ofCustomers = nothing()
  for (const customer of customers) {
    const { id, stored, next } = customer
    const renumbered = collectPhones(customer, 'customer', tenantId, phones)
    if (id === null || (stored !== null && !renumbered && isSame(stored, next))) continue
    ofCustomers.ids.push(id)
    if (stored === null) ofCustomers.inserted.push(customerRow({ ...next, ...fresh, id }))
    else ofCustomers.updated.push(customerChange({ ...next, ...changes, id }))
  }
  const writing = [
    insertRows(tx, CUSTOMERS, ofCustomers.inserted),
    bulkUpdate(engine, db, { table: 'customers', columns: CUSTOMER_CHANGES }, ofCustomers.updated),
  ]
  await turn(writing)
  const ofContacts = nothing()
  for (const { id, stored, next, customer } of contacts) {
    const customer_id = customer?.id ?? stored?.customer_id ?? null
    const values = { ...next, customer_id }
    if (id === null || (stored !== null && isSame(stored, values))) continue
    ofContacts.ids.push(id)
    if (stored === null) ofContacts.inserted.push(contactRow({ ...values, ...fresh, id }))
    else ofContacts.updated.push(contactChange({ ...values, ...changes, id }))
  }
  writing.push(insertRows(tx, CONTACTS, ofContacts.inserted))
  await turn(writing)
  const written = new Set(ofContacts.ids)
  for (const contact of contacts) {
    const { id, next, customer, stored } = contact
    if (!collectPhones(contact, 'contact', tenantId, phones) || id === null || written.has(id)) continue
    ofContacts.ids.push(id)
    ofContacts.updated.push(
      contactChange({ ...next, customer_id: customer?.id ?? stored?.customer_id ?? null, ...changes, id }),
    )
  }
  writing.push(
    bulkUpdate(engine, db, { table: 'contacts', columns: CONTACT_CHANGES }, ofContacts.updated),
    insertRows(tx, PHONES, phones.inserted),
    bulkUpdate(engine, db, { table: 'phones', columns: { id: 'bigint', ...PHONE_VALUES } }, phones.updated),
  )
  // All of them end before the transaction does, also when one fails: nothing may slip out of it.
  for (const one of await Promise.allSettled(writing)) if (one.status === 'rejected') throw one.reason
  const entitled = await writeContracts(tx, scope, customers)
  tx.changed(tenantId, 'customer', [...new Set([...ofCustomers.ids, ...entitled])])
  tx.changed(tenantId, 'contact', ofContacts.ids)
}

/** Notes in memory, once the batch is committed, whose numbers its rows named. */
export function remember({ customers, contacts }: Merged, memory: ImportMemory): void {
  const note = (party: 'customer' | 'contact', { id, phones }: Numbered) => {
    if (phones === null || id === null) return
    for (const group of ['numbers', 'extensions'] as const) {
      if (phones[group].touched) memory.note(group, party, id, unnamedIds(phones, group))
    }
  }
  for (const one of customers) note('customer', one)
  for (const one of contacts) note('contact', one)
}
