import type { Selectable } from 'kysely'
import type { Customer } from '../../contract/customers.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { dateOf } from './calendar-day.ts'
import { sortPhones } from './customer-phones.ts'
import { customersOnCall } from './on-call.ts'
import { readPhones } from './party-phones.ts'
import type { CustomersTable } from './tables.ts'
import { isoTime, type DirectoryDb, type DirectoryTx } from './write.ts'

/** A customer as it is stored. */
export type CustomerRow = Selectable<CustomersTable>

/** Where rows are read: the store at large, or a transaction under way. */
export type Reading = Pick<DirectoryTx, 'engine'> & { db: DirectoryDb }

/**
 * Customers of one tenant as the API shows them, today being a day number in its zone. Three queries, however
 * many.
 */
export async function toCustomers(
  reading: Reading,
  tenantId: number,
  rows: CustomerRow[],
  today: number,
): Promise<Customer[]> {
  const ids = rows.map((row) => row.id)
  const phones = await readPhones(reading, tenantId, 'customer_id', ids)
  const onCall = await customersOnCall(reading, tenantId, ids, dateOf(today))
  const categories = await categoriesOf(reading, tenantId, rows)
  return rows.map((row) => {
    const { main, others, extensions } = sortPhones(phones.get(row.id) ?? [])
    const category = row.category_id === null ? undefined : categories.get(row.category_id)
    return {
      id: row.id,
      customer_account: row.account,
      external_id: row.external_id,
      name: row.name,
      phone: main?.raw ?? null,
      phone_e164: main?.e164 ?? null,
      other_phones: others.map((phone) => phone.raw),
      extensions: extensions.map((phone) => phone.raw),
      category_id: row.category_id,
      category: category?.name ?? null,
      vip: category?.vip === 1,
      on_call_duty: onCall.has(row.id),
      customerAccount: row.account,
      onCallDuty: onCall.has(row.id),
      direct_line: row.direct_line,
      queue_position: row.queue_position,
      route_identifier: row.route_identifier,
      backend_link: row.backend_link,
      outbound_number: row.outbound_number,
      language: row.language,
      active: row.active === 1,
      comment: row.comment,
      created_at: isoTime(row.created_at),
      updated_at: isoTime(row.updated_at),
    }
  })
}

async function categoriesOf({ db, engine }: Reading, tenantId: number, rows: CustomerRow[]) {
  const ids = [...new Set(rows.map((row) => row.category_id).filter((id) => id !== null))]
  if (ids.length === 0) return new Map<number, { name: string; vip: number }>()
  const found = await db
    .selectFrom('categories')
    .select(['id', 'name', 'vip'])
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, 'id', ids, 'bigint'))
    .execute()
  return new Map(found.map((row) => [row.id, row]))
}

/** One customer as the API shows it. */
export async function toCustomer(reading: Reading, row: CustomerRow, today: number): Promise<Customer> {
  const [customer] = await toCustomers(reading, row.tenant_id, [row], today)
  if (!customer) throw new Error('a row gave no customer')
  return customer
}
