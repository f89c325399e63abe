import { sql } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Customer } from '../../contract/customers.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { toFlag } from '../platform/database/json.ts'
import { readPage } from '../platform/listing.ts'
import { dateOf } from './calendar-day.ts'
import { toCustomers } from './customer-shape.ts'
import { occursIn, readFilteredList } from './filters.ts'
import { accountKey } from './fold.ts'
import { contractInForce, ON_CALL_DUTY } from './on-call.ts'
import type { DirectoryDeps, DirectoryStore } from './write.ts'

const COLUMNS = {
  id: 'id',
  name: 'name_folded',
  // Engines differ on where nothing sorts; empty text sorts first on both.
  customer_account: 'account_order',
  created_at: 'created_at',
  updated_at: 'updated_at',
}
const FILTERS = [
  'term_match',
  'customer_account',
  'external_id',
  'category_id',
  'vip',
  'active',
  'phone',
  'on_call_duty',
]

/** One page of a tenant's customers. */
export function listCustomers(
  store: DirectoryStore,
  { ownersOf, today }: Pick<DirectoryDeps, 'ownersOf' | 'today'>,
  tenantId: number,
  query: Record<string, unknown>,
): Promise<Page<Customer>> {
  const { request, filters } = readFilteredList(query, { sort: Object.keys(COLUMNS), filters: FILTERS })
  const account = filters.text('customer_account')
  const external = filters.text('external_id')
  const category = filters.id('category_id')
  const vip = filters.flag('vip')
  const active = filters.flag('active')
  const phone = filters.text('phone')
  const onCall = filters.flag('on_call_duty')
  const day = today(tenantId)

  let rows = store.read
    .selectFrom('customers')
    .selectAll()
    .select(sql<string>`coalesce(account_key, '')`.as('account_order'))
    .where('tenant_id', '=', tenantId)
  for (const word of filters.words('term_match'))
    rows = rows.where(occursIn(word, { folded: ['name_folded'], accounts: ['account_key'] }))
  if (account !== null) rows = rows.where('account_key', '=', accountKey(account))
  if (external !== null) rows = rows.where('external_id', '=', external)
  if (category !== null) rows = rows.where('category_id', '=', category)
  if (active !== null) rows = rows.where('active', '=', toFlag(active))
  if (phone !== null) rows = rows.where(isOneOf(store.engine, 'id', ownersOf(tenantId, phone), 'bigint'))
  if (vip !== null) {
    rows = rows.where((is) => {
      const vips = is
        .selectFrom('categories')
        .select('id')
        .where('tenant_id', '=', tenantId)
        .where('vip', '=', 1)
      return vip
        ? is('category_id', 'in', vips)
        : is.or([is('category_id', 'is', null), is('category_id', 'not in', vips)])
    })
  }
  if (onCall !== null) {
    rows = rows.where((is) => {
      const holders = is
        .selectFrom('contracts')
        .select('customer_id')
        .where('tenant_id', '=', tenantId)
        .where('kind', '=', ON_CALL_DUTY)
        .where(contractInForce(dateOf(day)))
      return is('id', onCall ? 'in' : 'not in', holders)
    })
  }
  return readPage(rows, request, COLUMNS, (found) =>
    toCustomers({ db: store.read, engine: store.engine }, tenantId, found, day),
  )
}
