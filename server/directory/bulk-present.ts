import type { BulkLine } from '../../contract/bulk.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { HubError } from '../platform/errors.ts'
import type { BulkKeys } from './bulk-keys.ts'
import { BUILTIN_VIP } from './categories.ts'
import type { ContactRow } from './contact-shape.ts'
import type { CustomerRow } from './customer-shape.ts'
import { customersOnCall } from './on-call.ts'
import { readPhones, type Owner, type PhoneRow } from './party-phones.ts'
import type { DirectoryTx } from './write.ts'

type CategoryRules = { vip: number; builtin: string | null }

/** Everything there is of what the lines of one transaction name, read together; customers and contacts are locked. */
export type Present = {
  customers: Map<number, CustomerRow>
  contacts: Map<number, ContactRow>
  phones: Record<Owner, Map<number, PhoneRow[]>>
  /** Customers with on-call duty today, where lines say anything of it. */
  onCall: Set<number>
  categories: Map<number, CategoryRules>
  /** The category that the hub itself made for VIPs; null when there is none, or no line asks for it. */
  builtin: number | null
  /** Customers that lines name by id and that are there. */
  named: Set<number>
}

const distinct = <T>(values: (T | null | undefined)[]): T[] => [
  ...new Set(values.filter((value) => value !== null && value !== undefined)),
]

/** The ids that lines mean by what the store knows of their keys. */
async function targetsOf(
  lines: BulkLine[],
  keys: BulkKeys,
): Promise<Record<'customer' | 'contact', number[]>> {
  const found = { customer: [] as number[], contact: [] as number[] }
  for (const line of lines) {
    const target = await keys.target(line).catch((error: unknown) => {
      // It names nothing to find it by, which is said of the line when its turn comes.
      if (error instanceof HubError) return { id: null }
      throw error
    })
    if (target.id !== null) found[line.type].push(target.id)
  }
  return found
}

export async function readPresent(
  tx: DirectoryTx,
  lines: BulkLine[],
  { tenantId, keys, today }: { tenantId: number; keys: BulkKeys; today: string },
): Promise<Present> {
  const ids = await targetsOf(lines, keys)
  const locked = async <Row>(
    table: 'customers' | 'contacts',
    wanted: number[],
  ): Promise<Map<number, Row>> => {
    if (wanted.length === 0) return new Map()
    const rows = tx.db
      .selectFrom<'customers' | 'contacts'>(table)
      .selectAll()
      .where('tenant_id', '=', tenantId)
    // In one order, whoever locks them.
    const chosen = rows.where(isOneOf(tx.engine, 'id', distinct(wanted), 'bigint')).orderBy('id')
    const found = await (tx.engine === 'postgres' ? chosen.forUpdate() : chosen).execute()
    return new Map(found.map((row) => [row.id, row as Row]))
  }
  const customers = await locked<CustomerRow>('customers', ids.customer)
  const contacts = await locked<ContactRow>('contacts', ids.contact)

  const said = lines.filter((line) => line.op === 'upsert').filter((line) => line.type === 'customer')
  const duty = said.some((line) => line.on_call_duty !== undefined) ? [...customers.keys()] : []
  const categoryIds = [
    ...said.map((line) => line.category_id),
    ...[...customers.values()].map((row) => row.category_id),
  ]
  const categories = await readCategories(tx, tenantId, distinct(categoryIds))
  const byId = lines.flatMap((line) => ('customer_id' in line ? [line.customer_id] : []))
  return {
    customers,
    contacts,
    phones: {
      customer_id: await readPhones(tx, tenantId, 'customer_id', [...customers.keys()]),
      contact_id: await readPhones(tx, tenantId, 'contact_id', [...contacts.keys()]),
    },
    onCall: await customersOnCall(tx, tenantId, duty, today),
    categories,
    builtin: said.some((line) => line.vip !== undefined) ? await findBuiltin(tx, tenantId) : null,
    named: await existing(tx, tenantId, distinct(byId)),
  }
}

async function readCategories({ engine, db }: DirectoryTx, tenantId: number, ids: number[]) {
  if (ids.length === 0) return new Map<number, CategoryRules>()
  const own = db.selectFrom('categories').select(['id', 'vip', 'builtin']).where('tenant_id', '=', tenantId)
  const rows = await own.where(isOneOf(engine, 'id', ids, 'bigint')).execute()
  return new Map<number, CategoryRules>(rows.map((row) => [row.id, row]))
}

async function findBuiltin({ db }: DirectoryTx, tenantId: number): Promise<number | null> {
  const own = db.selectFrom('categories').select('id').where('tenant_id', '=', tenantId)
  return (await own.where('builtin', '=', BUILTIN_VIP).executeTakeFirst())?.id ?? null
}

async function existing({ engine, db }: DirectoryTx, tenantId: number, ids: number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set()
  const own = db.selectFrom('customers').select('id').where('tenant_id', '=', tenantId)
  const rows = await own.where(isOneOf(engine, 'id', ids, 'bigint')).execute()
  return new Set(rows.map((row) => row.id))
}
