import type { Selectable } from 'kysely'
import type { Store } from '../platform/database/store.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { dayOf } from './calendar-day.ts'
import type {
  CategoryRecord,
  ContactRecord,
  ContractRecord,
  CustomerRecord,
  RoutingHints,
} from './party-record.ts'
import { toStoredNumber } from './phones.ts'
import type { ContactsTable, ContractsTable, CustomersTable, DirectoryTables, PhonesTable } from './tables.ts'

/** Which rows to read: named ones, or the next `limit` after an id. */
export type Pick = { ids: number[] } | { after: number; limit: number }

type DirectoryStore = Store<DirectoryTables>

function hintsOf(row: Selectable<CustomersTable> | Selectable<ContactsTable>): RoutingHints {
  const { direct_line, queue_position, route_identifier, backend_link, outbound_number, language } = row
  return { direct_line, queue_position, route_identifier, backend_link, outbound_number, language }
}

/** Where the short name ends and the e-mail begins: a person with no name at all still shows as something. */
export function contactName(row: {
  first_name: string | null
  last_name: string | null
  email: string | null
}): string {
  const { first_name, last_name, email } = row
  if (first_name && last_name) return `${first_name} ${last_name}`
  return first_name || last_name || email || ''
}

function toContract(row: Selectable<ContractsTable>): ContractRecord {
  return {
    id: row.id,
    kind: row.kind,
    reference: row.reference,
    start_day: row.start_date === null ? null : dayOf(row.start_date),
    end_day: row.end_date === null ? null : dayOf(row.end_date),
    suspended: row.suspended === 1,
  }
}

function groupBy<Row>(rows: Row[], keyOf: (row: Row) => number | null): Map<number, Row[]> {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    if (key === null) continue
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return groups
}

const numbersOf = (rows: Selectable<PhonesTable>[] | undefined) =>
  (rows ?? []).toSorted((a, b) => a.position - b.position).map(toStoredNumber)

/** The bounds of a page of rows in id order, so that what belongs to them is read by range. */
function span(rows: { id: number }[]): { first: number; last: number } {
  return { first: rows[0]?.id ?? 0, last: rows.at(-1)?.id ?? -1 }
}

async function phonesOf(
  store: DirectoryStore,
  tenantId: number,
  owner: 'customer_id' | 'contact_id',
  rows: { id: number }[],
  pick: Pick,
) {
  const phones = store.feed.selectFrom('phones').selectAll().where('tenant_id', '=', tenantId)
  const { first, last } = span(rows)
  const found =
    'ids' in pick
      ? phones.where(isOneOf(store.engine, owner, pick.ids, 'bigint'))
      : phones.where(owner, '>=', first).where(owner, '<=', last)
  return groupBy(await found.execute(), (row) => row[owner])
}

export async function readCustomers(
  store: DirectoryStore,
  tenantId: number,
  pick: Pick,
): Promise<CustomerRecord[]> {
  const customers = store.feed
    .selectFrom('customers')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .orderBy('id')
  const rows = await (
    'ids' in pick
      ? customers.where(isOneOf(store.engine, 'id', pick.ids, 'bigint'))
      : customers.where('id', '>', pick.after).limit(pick.limit)
  ).execute()
  if (rows.length === 0) return []
  const { first, last } = span(rows)
  const ofThese = store.feed.selectFrom('contracts').selectAll().where('tenant_id', '=', tenantId)
  const [phones, contractRows] = await Promise.all([
    phonesOf(store, tenantId, 'customer_id', rows, pick),
    ('ids' in pick
      ? ofThese.where(isOneOf(store.engine, 'customer_id', pick.ids, 'bigint'))
      : ofThese.where('customer_id', '>=', first).where('customer_id', '<=', last)
    ).execute(),
  ])
  const contracts = groupBy(contractRows, (row) => row.customer_id)
  return rows.map((row) => ({
    party: 'customer',
    id: row.id,
    account: row.account,
    name: row.name,
    category_id: row.category_id,
    external_id: row.external_id,
    active: row.active === 1,
    hints: hintsOf(row),
    contracts: (contracts.get(row.id) ?? []).map(toContract),
    numbers: numbersOf(phones.get(row.id)),
  }))
}

export async function readContacts(
  store: DirectoryStore,
  tenantId: number,
  pick: Pick,
): Promise<ContactRecord[]> {
  const contacts = store.feed
    .selectFrom('contacts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .orderBy('id')
  const rows = await (
    'ids' in pick
      ? contacts.where(isOneOf(store.engine, 'id', pick.ids, 'bigint'))
      : contacts.where('id', '>', pick.after).limit(pick.limit)
  ).execute()
  if (rows.length === 0) return []
  const phones = await phonesOf(store, tenantId, 'contact_id', rows, pick)
  return rows.map((row) => ({
    party: 'contact',
    id: row.id,
    customer_id: row.customer_id,
    name: contactName(row),
    external_id: row.external_id,
    active: row.active === 1,
    hints: hintsOf(row),
    numbers: numbersOf(phones.get(row.id)),
  }))
}

/** The categories with these ids, or all of the tenant's. */
export async function readCategories(
  store: DirectoryStore,
  tenantId: number,
  ids: number[] | null,
): Promise<CategoryRecord[]> {
  const categories = store.feed
    .selectFrom('categories')
    .select(['id', 'name', 'vip'])
    .where('tenant_id', '=', tenantId)
  const rows = await (ids === null ? categories : categories.where('id', 'in', ids)).execute()
  return rows.map(({ id, name, vip }) => ({ id, name, vip: vip === 1 }))
}
