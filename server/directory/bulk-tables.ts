import type { Transaction } from 'kysely'
import {
  bulkInsert,
  bulkUpdate,
  isOneOf,
  type BulkTable,
  type ColumnType,
} from '../platform/database/engine.ts'
import type { DirectoryTx } from './write.ts'

/** What a line of a bulk may say of a customer or a contact, as columns. */
const SAID: Record<string, ColumnType> = {
  id: 'bigint',
  external_id: 'text',
  name_folded: 'text',
  direct_line: 'text',
  queue_position: 'bigint',
  route_identifier: 'text',
  backend_link: 'text',
  outbound_number: 'text',
  language: 'text',
  active: 'integer',
  comment: 'text',
  updated_at: 'bigint',
}
const CUSTOMER: Record<string, ColumnType> = {
  ...SAID,
  account: 'text',
  account_key: 'text',
  name: 'text',
  category_id: 'bigint',
}
const CONTACT: Record<string, ColumnType> = {
  ...SAID,
  customer_id: 'bigint',
  first_name: 'text',
  last_name: 'text',
  email: 'text',
  role: 'text',
}
const FRESH: Record<string, ColumnType> = { tenant_id: 'bigint', created_at: 'bigint' }

export const CUSTOMER_CHANGES: BulkTable = { table: 'customers', columns: CUSTOMER }
export const NEW_CUSTOMERS: BulkTable = { table: 'customers', columns: { ...CUSTOMER, ...FRESH } }
export const CONTACT_CHANGES: BulkTable = { table: 'contacts', columns: CONTACT }
export const NEW_CONTACTS: BulkTable = { table: 'contacts', columns: { ...CONTACT, ...FRESH } }
export const NEW_PHONES: BulkTable = {
  table: 'phones',
  columns: {
    tenant_id: 'bigint',
    customer_id: 'bigint',
    contact_id: 'bigint',
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
  },
}

/** Rows as bulk statements take them: only the target's columns, null where a row has none. */
function valuesOf({ columns }: BulkTable, rows: object[]): unknown[] {
  const names = Object.keys(columns)
  return rows.flatMap((row) => names.map((name) => (row as Record<string, unknown>)[name] ?? null))
}

/** Inserts all rows in one statement. */
export function insertTogether(
  { engine, db }: DirectoryTx,
  target: BulkTable,
  rows: object[],
): Promise<void> {
  return bulkInsert(engine, db as unknown as Transaction<unknown>, target, valuesOf(target, rows))
}

/** Writes all columns of these rows, found by `id`, in one statement. */
export function updateTogether(
  { engine, db }: DirectoryTx,
  target: BulkTable,
  rows: object[],
): Promise<void> {
  return bulkUpdate(engine, db as unknown as Transaction<unknown>, target, valuesOf(target, rows))
}

/** Deletes all rows with one of these values in one statement; answers their ids. */
export async function removeTogether(
  { engine, db }: DirectoryTx,
  tenantId: number,
  table: 'customers' | 'contacts' | 'phones',
  column: 'id' | 'customer_id' | 'contact_id',
  values: number[],
): Promise<number[]> {
  if (values.length === 0) return []
  const rows = db.deleteFrom(table).where('tenant_id', '=', tenantId)
  const gone = await rows
    .where(isOneOf(engine, column, values, 'bigint'))
    .returning('id')
    .execute()
  return gone.map((row) => row.id)
}
