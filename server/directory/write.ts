import type { Kysely, Selectable } from 'kysely'
import type { Clock } from '../platform/clock.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import type { Committed } from '../platform/committed.ts'
import { asRefusal, type Uniques } from '../platform/refusal.ts'
import type { DirectoryTables } from './tables.ts'

/** The store, a handle on it, and a transaction on it, as the rooms of the directory see them. */
export type DirectoryStore = Store<DirectoryTables>
export type DirectoryDb = Kysely<DirectoryTables>
export type DirectoryTx = Tx<DirectoryTables>

/** What the resources of the directory need to know about their tenant; all of it answered from memory. */
export type DirectoryDeps = {
  clock: Clock
  /** ISO 3166-1 alpha-2, null until the tenant's country is named. */
  country: (tenantId: number) => string | null
  /** Whole days since 1970-01-01 in the tenant's zone. */
  today: (tenantId: number) => number
  /** Ids of all customers and contacts with the number that this text spells, in whatever spelling both were written. */
  ownersOf: (tenantId: number, number: string) => number[]
}

/** `store.transact`, with the refusals of the store put into the API's words. */
export async function write<T>(
  store: DirectoryStore,
  uniques: Uniques,
  work: (tx: DirectoryTx) => Promise<T>,
): Promise<Committed<T>> {
  try {
    return await store.transact(work)
  } catch (error) {
    throw asRefusal(error, uniques)
  }
}

type Table = 'categories' | 'customers' | 'contacts' | 'contracts' | 'customer_files'

/**
 * Reads a row that is about to be changed, and keeps others from changing it until the transaction ends.
 * (SQLite has one writer: nobody else can.)
 */
export async function lockRow<Name extends Table>(
  tx: DirectoryTx,
  table: Name,
  tenantId: number,
  id: number,
): Promise<Selectable<DirectoryTables[Name]> | undefined> {
  const rows = tx.db
    .selectFrom<Table>(table)
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
  const locked = tx.engine === 'postgres' ? rows.forUpdate() : rows
  return (await locked.executeTakeFirst()) as Selectable<DirectoryTables[Name]> | undefined
}

/** Whether a write of these columns would change the row; undefined ones are not written. */
export function differs(row: object, columns: object): boolean {
  return Object.entries(columns).some(
    ([name, value]) => value !== undefined && value !== (row as Record<string, unknown>)[name],
  )
}

/** An instant of the store as the API writes it. */
export const isoTime = (at: number): string => new Date(at).toISOString()
