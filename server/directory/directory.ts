import type { Clock } from '../platform/clock.ts'
import type { Change, Store, Tx } from '../platform/database/store.ts'
import type { Eraser } from '../platform/erasure.ts'
import type { Log } from '../platform/log.ts'
import { openAttach, type Attach } from './attach.ts'
import { openBulk, type Bulk } from './bulk.ts'
import type { PruneOne } from '../platform/retention.ts'
import { openCalendar } from './calendar-day.ts'
import { openCategories, type Categories } from './categories.ts'
import { openContacts, type Contacts } from './contacts.ts'
import { openContracts, type Contracts } from './contracts.ts'
import { openCustomerFiles, type CustomerFiles } from './customer-files.ts'
import { openCustomers, type Customers } from './customers.ts'
import { pruneImports, pruneRenormalisations } from './directory-retention.ts'
import { openErase } from './erase.ts'
import { openFollowedParties, type FollowedParties } from './followed-parties.ts'
import { openImports, type Imports } from './import/imports.ts'
import { openIndexFollower, type DirectoryImage, type IndexSharing } from './index-follower.ts'
import { openQuality, type Quality } from './quality.ts'
import { writeBook } from './import/write-book.ts'
import { readNumber } from './phone-number.ts'
import { openContactMerge } from './merge-contacts.ts'
import { openCustomerMerge } from './merge-customers.ts'
import { openRenormalise, type Renormalise } from './renormalise.ts'
import { openLookup, type Lookup, type TenantRules } from './lookup.ts'
import type { DirectoryTables } from './tables.ts'

export type { Attach } from './attach.ts'
export type { Bulk, BulkOutcome, BulkRun, BulkWrite } from './bulk.ts'
export type { Categories } from './categories.ts'
export type { Contacts } from './contacts.ts'
export type { Contracts } from './contracts.ts'
export type { CustomerFiles } from './customer-files.ts'
export type { Customers } from './customers.ts'
export type { FollowedParties } from './followed-parties.ts'
export type { Imports } from './import/imports.ts'
export type { Asking, Explanation, Lookup } from './lookup.ts'
export type { Identified } from './match.ts'
export type { DirectoryImage, IndexSharing } from './index-follower.ts'
export type { ReadNumber } from './read-number.ts'
export { INDEX_FORM } from './caller-index.ts'
export { fold } from './fold.ts'
export { numberKey } from './number-key.ts'
export type { DirectoryTables } from './tables.ts'

export type Directory = {
  lookup: Lookup
  customers: Customers
  contacts: Contacts
  categories: Categories
  contracts: Contracts
  customerFiles: CustomerFiles
  imports: Imports
  bulk: Bulk
  attach: Attach
  mergeCustomers: ReturnType<typeof openCustomerMerge>
  mergeContacts: ReturnType<typeof openContactMerge>
  erase: ReturnType<typeof openErase>
  /** Which ids of parties mean another party by now. */
  parties: FollowedParties
  quality: Quality
  renormalise: Renormalise
  /** How the directory forgets what is too old. */
  prune: { imports: PruneOne; renormalisations: PruneOne }
  /** The tenant's book as CSV, in the columns of an import, some rows at a time. */
  exportBook(tenantId: number): AsyncGenerator<string>
  /** Fills memory from the store. */
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  stats(): { parties: number; numbers: number; bytes: number }
  /** What memory is made of, good until the next change is applied; `load` takes it over instead of hydrating. */
  image(): DirectoryImage
  load(image: DirectoryImage): void
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
  /** Those of the other rooms whose tables may hold a caller. */
  erasers: Eraser[]
  onImported(ended: { accepted: number; rejected: number }): void
  /** Whoever reads the indexes from other threads; null when nobody does. */
  sharing?: IndexSharing | null
}

/** Who is calling: the tenants' customers and contacts, in the store and in memory. */
export function openDirectory(options: DirectoryOptions): Directory {
  const { store, clock, log, dataDir, rules, nameCountry, caughtUp, erasers, onImported } = options
  const calendar = openCalendar(clock)
  const follower = openIndexFollower(store, options.sharing)
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
  const renormalise = openRenormalise({ store, clock, log, country, caughtUp })
  return {
    lookup: openLookup({ indexOf: follower.indexOf, rules, today: calendar }),
    customers: openCustomers(store, deps),
    contacts: openContacts(store, deps),
    categories: openCategories(store, deps),
    contracts: openContracts(store, deps),
    customerFiles: openCustomerFiles(store, deps),
    imports,
    bulk: openBulk(store, { ...deps, log }),
    attach: openAttach(store, deps),
    mergeCustomers: openCustomerMerge(store, deps),
    mergeContacts: openContactMerge(store, deps),
    erase: openErase(store, deps, erasers),
    parties: openFollowedParties(store),
    quality: openQuality(store),
    renormalise,
    prune: { imports: pruneImports(store), renormalisations: pruneRenormalisations(store) },
    exportBook: (tenantId) => writeBook({ store, tenantId, country: country(tenantId) }),
    hydrate: follower.hydrate,
    apply: follower.apply,
    stats: follower.stats,
    image: follower.image,
    load: follower.load,
    async close() {
      await renormalise.close()
      await imports.close()
    },
  }
}
