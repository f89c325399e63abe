import type { Transaction } from 'kysely'
import { setImmediate } from 'node:timers/promises'
import { bulkInsert, bulkUpdate, takePartyIds, type BulkTable } from '../../platform/database/engine.ts'
import type { Tx } from '../../platform/database/store.ts'
import {
  CONTACT_CHANGES,
  CONTACTS,
  CONTRACT_CHANGES,
  CONTRACTS,
  CUSTOMER_CHANGES,
  CUSTOMERS,
  PHONE_CHANGES,
  PHONES,
  pushContact,
  pushContactChange,
  pushContract,
  pushContractChange,
  pushCustomer,
  pushCustomerChange,
  pushPhone,
  type ImportScope,
} from './bulk-rows.ts'
import type { ImportMemory } from './memory.ts'
import type { ContactState, CustomerState, Merged } from './merge.ts'
import { unnamedIds, writesOf, type PhoneList } from './phone-list.ts'
import type { ImportTables } from './tables.ts'

/** What is written to one table: values row after row. */
type Writes = { inserted: unknown[]; updated: unknown[] }
const noWrites = (): Writes => ({ inserted: [], updated: [] })
type Numbered = { id: number | null; phones: PhoneList | null }
type Touched = Writes & { ids: number[] }

/** Sends bulk statements of one transaction out to the store, one behind the other, without waiting for any of them. */
function openSender(tx: Tx<ImportTables>) {
  // The bulk statements name their columns themselves.
  const db = tx.db as unknown as Transaction<unknown>
  const sent: Promise<void>[] = []
  const send = (statement: Promise<void>) => {
    // Its failure is met in `settled`.
    statement.catch(() => {})
    sent.push(statement)
  }
  return {
    send(fresh: BulkTable, changes: BulkTable, { inserted, updated }: Writes) {
      send(bulkInsert(tx.engine, db, fresh, inserted))
      send(bulkUpdate(tx.engine, db, changes, updated))
    },
    /** Lets what was sent leave, so that the store works on it while the next rows are made. */
    leave: () => setImmediate(),
    /** All of them end before the transaction does, also when one fails: nothing may slip out of it. */
    async settled() {
      for (const one of await Promise.allSettled(sent)) if (one.status === 'rejected') throw one.reason
    },
  }
}

function isSame<Values extends object>(stored: Values, next: Values): boolean {
  for (const name in next) if (next[name] !== stored[name]) return false
  return true
}

/** What is written to `phones` for this party; true when that changes anything. */
function collectPhones(
  party: Numbered,
  owner: 'customer' | 'contact',
  tenantId: number,
  into: Writes,
): boolean {
  const { id, phones } = party
  if (phones === null || !(phones.numbers.touched || phones.extensions.touched)) return false
  const { inserted, updated } = writesOf(phones)
  for (const { values, position } of inserted) {
    into.inserted.push(tenantId, owner === 'customer' ? id : null, owner === 'contact' ? id : null)
    pushPhone(into.inserted, position, values)
  }
  for (const { id: phoneId, values, position } of updated) {
    into.updated.push(phoneId)
    pushPhone(into.updated, position, values)
  }
  return inserted.length + updated.length > 0
}

function collectCustomers(customers: Iterable<CustomerState>, scope: ImportScope, phones: Writes): Touched {
  const touched: Touched = { ids: [], ...noWrites() }
  for (const customer of customers) {
    const { id, stored, next } = customer
    const renumbered = collectPhones(customer, 'customer', scope.tenantId, phones)
    if (id === null || (stored !== null && !renumbered && isSame(stored, next))) continue
    touched.ids.push(id)
    if (stored === null) pushCustomer(touched.inserted, id, next, scope)
    else pushCustomerChange(touched.updated, id, next, scope)
  }
  return touched
}

const customerIdOf = ({ customer, stored }: ContactState) => customer?.id ?? stored?.customer_id ?? null

/** New contacts and those whose own fields changed; those of whom only numbers change come with the numbers. */
function collectContacts(contacts: Iterable<ContactState>, scope: ImportScope): Touched {
  const touched: Touched = { ids: [], ...noWrites() }
  for (const contact of contacts) {
    const { id, stored, next } = contact
    const customerId = customerIdOf(contact)
    if (id === null || (stored?.customer_id === customerId && isSame<object>(stored, next))) continue
    touched.ids.push(id)
    if (stored === null) pushContact(touched.inserted, id, customerId, next, scope)
    else pushContactChange(touched.updated, id, customerId, next, scope)
  }
  return touched
}

/** The numbers of contacts, and the contacts of whom nothing else changes. */
function collectContactPhones(
  contacts: Iterable<ContactState>,
  scope: ImportScope,
  collected: number[],
  phones: Writes,
): Touched {
  const touched: Touched = { ids: [], ...noWrites() }
  const known = new Set(collected)
  for (const contact of contacts) {
    const { id, next } = contact
    if (!collectPhones(contact, 'contact', scope.tenantId, phones) || id === null || known.has(id)) continue
    touched.ids.push(id)
    pushContactChange(touched.updated, id, customerIdOf(contact), next, scope)
  }
  return touched
}

function collectContracts(customers: Iterable<CustomerState>, scope: ImportScope): Touched {
  const touched: Touched = { ids: [], ...noWrites() }
  for (const { id, contract, byHand } of customers) {
    if (contract === null || id === null) continue
    const { stored, next } = contract
    if (stored === null ? byHand.some((one) => isSame(one, next)) : isSame(stored, next)) continue
    touched.ids.push(id)
    if (contract.id === null) pushContract(touched.inserted, id, next, scope)
    else pushContractChange(touched.updated, contract.id, next, scope)
  }
  return touched
}

/**
 * Writes what merging changed, and nothing else; new parties get their ids here. Each table's rows are made while the
 * store is still busy with the table before.
 */
export async function applyMerged(
  tx: Tx<ImportTables>,
  scope: ImportScope,
  { customers, contacts }: Merged,
): Promise<void> {
  const { tenantId } = scope
  const made = [...customers, ...contacts].filter((party) => party.id === null)
  const ids = await takePartyIds(tx.engine, tx.db as unknown as Transaction<unknown>, made.length)
  for (const [i, party] of made.entries()) party.id = ids[i] ?? null

  const { send, leave, settled } = openSender(tx)
  const phones = noWrites()
  const ofCustomers = collectCustomers(customers, scope, phones)
  send(CUSTOMERS, CUSTOMER_CHANGES, ofCustomers)
  await leave()
  const ofContacts = collectContacts(contacts, scope)
  send(CONTACTS, CONTACT_CHANGES, ofContacts)
  await leave()
  const renumbered = collectContactPhones(contacts, scope, ofContacts.ids, phones)
  send(CONTACTS, CONTACT_CHANGES, renumbered)
  send(PHONES, PHONE_CHANGES, phones)
  const entitled = collectContracts(customers, scope)
  send(CONTRACTS, CONTRACT_CHANGES, entitled)
  await settled()
  tx.changed(tenantId, 'customer', [...new Set([...ofCustomers.ids, ...entitled.ids])])
  tx.changed(tenantId, 'contact', [...ofContacts.ids, ...renumbered.ids])
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
