import type { BulkTable, ColumnType } from '../../platform/database/engine.ts'
import { ON_CALL_DUTY } from '../on-call.ts'
import type { PhoneValues } from '../phones.ts'
import type { ContactValues, ContractValues, CustomerValues } from './merge.ts'

/** Which import writes, for whom and when (ms UTC). */
export type ImportScope = { tenantId: number; importId: number; now: number }

/*
 * The columns of what an import writes in bulk, and beside each table the function that appends one row to its values
 * in just that order.
 */

const HINTS: Record<string, ColumnType> = {
  direct_line: 'text',
  queue_position: 'bigint',
  route_identifier: 'text',
  backend_link: 'text',
  outbound_number: 'text',
  language: 'text',
}
const STAMP: Record<string, ColumnType> = { import_id: 'bigint', updated_at: 'bigint' }
const FRESH: Record<string, ColumnType> = { tenant_id: 'bigint', active: 'integer', created_at: 'bigint' }

const pushHints = (into: unknown[], values: CustomerValues | ContactValues) => {
  into.push(values.direct_line, values.queue_position, values.route_identifier, values.backend_link)
  into.push(values.outbound_number, values.language)
}
const pushFresh = (into: unknown[], { tenantId, now }: ImportScope) => into.push(tenantId, 1, now)

const CUSTOMER_COLUMNS: Record<string, ColumnType> = {
  id: 'bigint',
  name: 'text',
  name_folded: 'text',
  category_id: 'bigint',
  ...HINTS,
  ...STAMP,
}
export const CUSTOMER_CHANGES: BulkTable = { table: 'customers', columns: CUSTOMER_COLUMNS }
export const CUSTOMERS: BulkTable = {
  table: 'customers',
  columns: { ...CUSTOMER_COLUMNS, ...FRESH, account: 'text', account_key: 'text' },
}

export function pushCustomerChange(into: unknown[], id: number, values: CustomerValues, by: ImportScope) {
  into.push(id, values.name, values.name_folded, values.category_id)
  pushHints(into, values)
  into.push(by.importId, by.now)
}

export function pushCustomer(into: unknown[], id: number, values: CustomerValues, by: ImportScope) {
  pushCustomerChange(into, id, values, by)
  pushFresh(into, by)
  into.push(values.account, values.account_key)
}

const CONTACT_COLUMNS: Record<string, ColumnType> = {
  id: 'bigint',
  customer_id: 'bigint',
  external_id: 'text',
  import_key: 'text',
  first_name: 'text',
  last_name: 'text',
  name_folded: 'text',
  email: 'text',
  ...HINTS,
  ...STAMP,
}
export const CONTACT_CHANGES: BulkTable = { table: 'contacts', columns: CONTACT_COLUMNS }
export const CONTACTS: BulkTable = { table: 'contacts', columns: { ...CONTACT_COLUMNS, ...FRESH } }

export function pushContactChange(
  into: unknown[],
  id: number,
  customerId: number | null,
  values: ContactValues,
  by: ImportScope,
) {
  into.push(id, customerId, values.external_id, values.import_key)
  into.push(values.first_name, values.last_name, values.name_folded, values.email)
  pushHints(into, values)
  into.push(by.importId, by.now)
}

export function pushContact(
  into: unknown[],
  id: number,
  customerId: number | null,
  values: ContactValues,
  by: ImportScope,
) {
  pushContactChange(into, id, customerId, values, by)
  pushFresh(into, by)
}

const PHONE_COLUMNS: Record<string, ColumnType> = {
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
export const PHONE_CHANGES: BulkTable = { table: 'phones', columns: { id: 'bigint', ...PHONE_COLUMNS } }
export const PHONES: BulkTable = {
  table: 'phones',
  columns: { tenant_id: 'bigint', customer_id: 'bigint', contact_id: 'bigint', ...PHONE_COLUMNS },
}

/** A number's own columns: what goes before them differs between an insert and a change. */
export function pushPhone(into: unknown[], position: number, values: PhoneValues) {
  into.push(position, values.kind, values.label, values.raw, values.e164, values.national, values.exact)
  into.push(values.extension, values.country, values.normaliser)
}

const CONTRACT_COLUMNS: Record<string, ColumnType> = {
  start_date: 'text',
  end_date: 'text',
  suspended: 'integer',
  updated_at: 'bigint',
}
export const CONTRACT_CHANGES: BulkTable = {
  table: 'contracts',
  columns: { id: 'bigint', ...CONTRACT_COLUMNS },
}
export const CONTRACTS: BulkTable = {
  table: 'contracts',
  columns: {
    tenant_id: 'bigint',
    customer_id: 'bigint',
    kind: 'text',
    from_import: 'integer',
    created_at: 'bigint',
    ...CONTRACT_COLUMNS,
  },
}

export function pushContractChange(
  into: unknown[],
  id: number,
  values: ContractValues,
  { now }: ImportScope,
) {
  into.push(id, values.start_date, values.end_date, values.suspended, now)
}

export function pushContract(
  into: unknown[],
  customerId: number,
  values: ContractValues,
  { tenantId, now }: ImportScope,
) {
  into.push(tenantId, customerId, ON_CALL_DUTY, 1, now)
  into.push(values.start_date, values.end_date, values.suspended, now)
}
