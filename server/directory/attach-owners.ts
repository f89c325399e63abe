import { sql } from 'kysely'
import { isOneOf } from '../platform/database/engine.ts'
import { HubError } from '../platform/errors.ts'
import { fold } from './fold.ts'
import type { PhoneValues } from './phones.ts'
import type { DirectoryTx } from './write.ts'

/** An active party that has a number. `customer`: itself, or a person's company. */
export type NumberOwner = {
  id: number
  kind: 'customer' | 'contact'
  name: string
  folded: string
  customer: { id: number; folded: string } | null
}

/** Memory follows within a moment: what was written in that moment is among the newest rows. */
const NEWEST = 2_000

/** Who has a number: `known` are the parties that memory says have it. */
export async function ownersNow(
  tx: DirectoryTx,
  tenantId: number,
  known: number[],
  number: PhoneValues,
): Promise<NumberOwner[]> {
  const { db, engine } = tx
  const newest = await db
    .selectFrom('phones')
    .select(['customer_id', 'contact_id'])
    .where('id', '>', sql<number>`(select coalesce(max(id), 0) from phones) - ${sql.lit(NEWEST)}`)
    .where('tenant_id', '=', tenantId)
    .where(
      sql<string>`coalesce(e164, national, exact)`,
      '=',
      number.e164 ?? number.national ?? number.exact ?? '',
    )
    .execute()
  const ids = [
    ...new Set([...known, ...newest.flatMap((row) => [row.customer_id ?? [], row.contact_id ?? []].flat())]),
  ]
  const customers = await db
    .selectFrom('customers')
    .select(['id', 'name', 'name_folded as folded'])
    .where('tenant_id', '=', tenantId)
    .where('active', '=', 1)
    .where(isOneOf(engine, 'id', ids, 'bigint'))
    .execute()
  const contacts = await db
    .selectFrom('contacts')
    .leftJoin('customers', (join) =>
      join
        .onRef('customers.tenant_id', '=', 'contacts.tenant_id')
        .onRef('customers.id', '=', 'contacts.customer_id'),
    )
    .select([
      'contacts.id',
      'contacts.first_name',
      'contacts.last_name',
      'contacts.email',
      'contacts.name_folded as folded',
      'contacts.customer_id',
      'customers.name_folded as company_folded',
    ])
    .where('contacts.tenant_id', '=', tenantId)
    .where('contacts.active', '=', 1)
    .where(isOneOf(engine, 'contacts.id', ids, 'bigint'))
    .execute()
  return [
    ...customers.map((row) => ({ ...row, kind: 'customer' as const, customer: row })),
    ...contacts.map((row) => ({
      id: row.id,
      kind: 'contact' as const,
      name: [row.first_name, row.last_name].filter(Boolean).join(' ') || (row.email ?? ''),
      folded: row.folded,
      customer:
        row.customer_id === null ? null : { id: row.customer_id, folded: row.company_folded ?? fold('') },
    })),
  ]
}

/**
 * Refuses (HubError `number_taken`) a number of somebody else: of another company, or of another person. A company and
 * one of its people may have the same one.
 */
export function refuseTaken(
  owners: NumberOwner[],
  { customerId, contactId }: { customerId: number | null; contactId: number | 'new' | null },
): void {
  const isElse = ({ id, kind, customer }: NumberOwner) => {
    if (kind === 'contact' && id === contactId) return false
    const isSameCompany = customer !== null && customer.id === customerId
    return !isSameCompany || (kind === 'contact' && contactId !== null)
  }
  const taken = owners.find(isElse)
  if (!taken) return
  const who = taken.name === '' ? `${taken.kind} ${taken.id}` : `${taken.name} (${taken.kind} ${taken.id})`
  throw new HubError('number_taken', `This number belongs to ${who}. With shared: true both have it.`)
}
