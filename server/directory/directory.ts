import type { Clock } from '../platform/clock.ts'
import type { Change, Store, Tx } from '../platform/database/store.ts'
import type { Log } from '../platform/log.ts'
import { openCalendar } from './calendar-day.ts'
import { openCategories, type Categories } from './categories.ts'
import { openContacts, type Contacts } from './contacts.ts'
import { openContracts, type Contracts } from './contracts.ts'
import { openCustomerFiles, type CustomerFiles } from './customer-files.ts'
import { openCustomers, type Customers } from './customers.ts'
import { openImports, type Imports } from './import/imports.ts'
import { writeBook } from './import/write-book.ts'
import { openIndexFollower } from './index-follower.ts'
import { readNumber } from './phone-number.ts'
import { openLookup, type Lookup, type TenantRules } from './lookup.ts'
import type { DirectoryTables } from './tables.ts'

export type { Categories } from './categories.ts'
export type { Contacts } from './contacts.ts'
export type { Contracts } from './contracts.ts'
export type { CustomerFiles } from './customer-files.ts'
export type { Customers } from './customers.ts'
export type { Imports } from './import/imports.ts'
export type { Explanation, Lookup } from './lookup.ts'
export type { Identified } from './match.ts'
export type { DirectoryTables } from './tables.ts'

export type Directory = {
  lookup: Lookup
  customers: Customers
  contacts: Contacts
  categories: Categories
  contracts: Contracts
  customerFiles: CustomerFiles
  imports: Imports
  /** The tenant's book as CSV, in the columns of an import, some rows at a time. */
  exportBook(tenantId: number): AsyncGenerator<string>
  /** Fills memory from the store. */
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  stats(): { parties: number; numbers: number; bytes: number }
  close(): Promise<void>
}

export type DirectoryOptions = {
  store: Store<DirectoryTables>
  clock: Clock
  log: Log
  dataDir: string
  /** How a tenant's callers are read; null for a tenant that is not there. From memory. */
  rules(tenantId: number): TenantRules | null
  /** Names the country of a tenant that has none yet. */
  nameCountry(tx: Tx<never>, tenantId: number, country: string): Promise<void>
  /** Waits until this directory's memory holds everything committed so far. */
  caughtUp(): Promise<unknown>
  onImported(ended: { accepted: number; rejected: number }): void
}

/** Who is calling: the tenants' customers and contacts, in the store and in memory. */
export function openDirectory(options: DirectoryOptions): Directory {
  const { store, clock, log, dataDir, rules, nameCountry, caughtUp, onImported } = options
  const calendar = openCalendar(clock)
  const follower = openIndexFollower(store)
  const country = (tenantId: number) => rules(tenantId)?.country ?? null
  const today = (tenantId: number) => calendar(rules(tenantId)?.timeZone ?? 'UTC')
  const ownersOf = (tenantId: number, number: string) =>
    follower.indexOf(tenantId).ownersOf(readNumber(number, country(tenantId)))
  const deps = { clock, country, today, ownersOf }
  const imports = openImports({
    store,
    dataDir,
    clock,
    log,
    country,
    nameCountry,
    caughtUp,
    onEnd: onImported,
  })
  return {
    lookup: openLookup({ indexOf: follower.indexOf, rules, today: calendar }),
    customers: openCustomers(store, deps),
    contacts: openContacts(store, deps),
    categories: openCategories(store, deps),
    contracts: openContracts(store, deps),
    customerFiles: openCustomerFiles(store, deps),
    imports,
    exportBook: (tenantId) => writeBook({ store, tenantId, country: country(tenantId) }),
    hydrate: follower.hydrate,
    apply: follower.apply,
    stats: follower.stats,
    close: () => imports.close(),
  }
}
