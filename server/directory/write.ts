import type { Kysely, Selectable } from 'kysely'
import type { Clock } from '../platform/clock.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import type { Committed } from '../platform/committed.ts'
import { isReferenceViolation, isUniqueViolation } from '../platform/database/store-errors.ts'
import { HubError, invalid } from '../platform/errors.ts'
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

/** Part of a unique column's name → the field of the API it belongs to, and what to say of a second one. */
export type Uniques = Record<string, { field: string; message: string }>

/**
 * What a client is told of a refusal of the store: a second row with a unique value is a 422 on its field, a row that
 * went away under us a 409. Other errors stay as they are.
 */
export function asRefusal(error: unknown, uniques: Uniques): unknown {
  if (isUniqueViolation(error)) {
    const named = Object.entries(uniques).find(([column]) => (error as Error).message.includes(column))?.[1]
    if (named) return invalid({ [named.field]: [named.message] })
  }
  if (isReferenceViolation(error)) {
    return new HubError('conflict', 'Something this refers to was changed meanwhile; nothing was written.', {
      cause: error,
    })
  }
  return error
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
