import type { Kysely } from 'kysely'
import type { Clock } from '../platform/clock.ts'
import type { Committed } from '../platform/committed.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import { asRefusal, type Uniques } from '../platform/refusal.ts'
import type { FleetTables } from './tables.ts'

/** The store, a handle on it and a transaction on it, as the fleet sees them. */
export type FleetStore = Store<FleetTables>
export type FleetDb = Kysely<FleetTables>
export type FleetTx = Tx<FleetTables>

/** What the fleet needs to know about its tenants. */
export type FleetDeps = {
  clock: Clock
  /** The tenant's country (ISO 3166-1 alpha-2, null until it is named) and zone; null for no such tenant. */
  tenant(tenantId: number): { country: string | null; timeZone: string } | null
  /** Ids of a customer's files. */
  filesOf(tenantId: number, customerId: number): Promise<number[]>
  hasFile(tenantId: number, id: number): Promise<boolean>
  /** Told which extensions a PBX has, in the transaction that keeps its map. */
  onExtensions(tx: Tx<never>, host: { tenantId: number; hostId: number }, numbers: string[]): Promise<void>
}

/** What a credential may see: its tenant, and in it all hosts or one. */
export type Reach = { tenantId: number; hostId: number | null }

/** `store.transact`, with the refusals of the store put into the API's words. */
export async function write<T>(
  store: FleetStore,
  work: (tx: FleetTx) => Promise<T>,
  uniques: Uniques = {},
): Promise<Committed<T>> {
  try {
    return await store.transact(work)
  } catch (error) {
    throw asRefusal(error, uniques)
  }
}

/** An instant of the store as the API writes it. */
export const isoTime = (at: number): string => new Date(at).toISOString()
export const isoOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at))

/** Later than the last change, so that two changes within a millisecond differ. */
export const stampAfter = (before: { updated_at: number }, clock: Clock): number =>
  Math.max(clock.now(), before.updated_at + 1)
