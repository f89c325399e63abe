import { invalid, notFound } from '../platform/errors.ts'
import type { ContactRow } from './contact-shape.ts'
import type { CustomerRow } from './customer-shape.ts'
import { lockRow, type DirectoryDb, type DirectoryTx } from './write.ts'

/** The two kinds of parties, and what each is called in the table of merged ids. */
export type PartyKind = 'customer' | 'contact'
const COLUMN = { customer: 'customer_id', contact: 'contact_id' } as const

/** The party that an id means since it was merged away; null for an id that never was. */
export async function survivorOf(
  db: DirectoryDb,
  kind: PartyKind,
  tenantId: number,
  id: number,
): Promise<number | null> {
  const row = await db
    .selectFrom('merged_parties')
    .select(COLUMN[kind])
    .where('tenant_id', '=', tenantId)
    .where('from_id', '=', id)
    .executeTakeFirst()
  return (row as Record<string, number | null> | undefined)?.[COLUMN[kind]] ?? null
}

/** The customer that a filter asks for by id: the survivor, for one that was merged away. */
export async function customerAsked(db: DirectoryDb, tenantId: number, id: number): Promise<number> {
  return (await survivorOf(db, 'customer', tenantId, id)) ?? id
}

/**
 * The customer that a write names by id: the survivor, for one that was merged away. Refuses, on field `customer_id`,
 * one that is not this tenant's.
 */
export async function customerMeant(tx: DirectoryTx, tenantId: number, id: number): Promise<number> {
  const find = (wanted: number) =>
    tx.db
      .selectFrom('customers')
      .select('id')
      .where('tenant_id', '=', tenantId)
      .where('id', '=', wanted)
      .executeTakeFirst()
  const found = (await find(id)) ?? (await find((await survivorOf(tx.db, 'customer', tenantId, id)) ?? 0))
  if (!found) throw invalid({ customer_id: [`There is no customer ${id}.`] })
  return found.id
}

/** As `lockRow`, with an id that was merged away meaning its survivor. HubError `not_found`. */
export async function lockCustomer(tx: DirectoryTx, tenantId: number, id: number): Promise<CustomerRow> {
  const row = await lockRow(tx, 'customers', tenantId, id)
  const into = row ? null : await survivorOf(tx.db, 'customer', tenantId, id)
  const found = row ?? (into === null ? undefined : await lockRow(tx, 'customers', tenantId, into))
  if (!found) throw notFound('Customer')
  return found
}

/** As `lockCustomer`, for contacts. */
export async function lockContact(tx: DirectoryTx, tenantId: number, id: number): Promise<ContactRow> {
  const row = await lockRow(tx, 'contacts', tenantId, id)
  const into = row ? null : await survivorOf(tx.db, 'contact', tenantId, id)
  const found = row ?? (into === null ? undefined : await lockRow(tx, 'contacts', tenantId, into))
  if (!found) throw notFound('Contact')
  return found
}

/**
 * Notes, before the row of `from` goes, that its id and all that were merged into it mean `into`. No entry ever
 * points to an id that was merged away itself.
 */
export async function redirectParty(
  tx: DirectoryTx,
  kind: PartyKind,
  tenantId: number,
  { from, into, now }: { from: number; into: number; now: number },
): Promise<void> {
  await tx.db
    .updateTable('merged_parties')
    .set({ [COLUMN[kind]]: into })
    .where('tenant_id', '=', tenantId)
    .where(COLUMN[kind], '=', from)
    .execute()
  const none = { customer_id: null, contact_id: null }
  await tx.db
    .insertInto('merged_parties')
    .values({ tenant_id: tenantId, from_id: from, ...none, [COLUMN[kind]]: into, merged_at: now })
    .execute()
}
