import type { Selectable } from 'kysely'
import type { Contact } from '../../contract/contacts.ts'
import { isOneOf } from '../platform/database/engine.ts'
import type { Reading } from './customer-shape.ts'
import { readPhones } from './party-phones.ts'
import { contactName } from './records.ts'
import type { ContactsTable } from './tables.ts'
import { isoTime } from './write.ts'

/** A contact as it is stored. */
export type ContactRow = Selectable<ContactsTable>

/** Contacts of one tenant as the API shows them. Two queries, however many. */
export async function toContacts(reading: Reading, tenantId: number, rows: ContactRow[]): Promise<Contact[]> {
  const phones = await readPhones(
    reading,
    tenantId,
    'contact_id',
    rows.map((row) => row.id),
  )
  const customers = await customersOf(reading, tenantId, rows)
  return rows.map((row) => {
    const customer = row.customer_id === null ? undefined : customers.get(row.customer_id)
    return {
      id: row.id,
      customer_id: row.customer_id,
      customer_account: customer?.account ?? null,
      company: customer?.name ?? null,
      external_id: row.external_id,
      first_name: row.first_name,
      last_name: row.last_name,
      name: contactName(row),
      email: row.email,
      role: row.role,
      phones: (phones.get(row.id) ?? []).map(({ kind, label, raw, e164 }) => ({ kind, label, raw, e164 })),
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

async function customersOf({ db, engine }: Reading, tenantId: number, rows: ContactRow[]) {
  const ids = [...new Set(rows.map((row) => row.customer_id).filter((id) => id !== null))]
  if (ids.length === 0) return new Map<number, { account: string | null; name: string }>()
  const found = await db
    .selectFrom('customers')
    .select(['id', 'account', 'name'])
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, 'id', ids, 'bigint'))
    .execute()
  return new Map(found.map((row) => [row.id, row]))
}

/** One contact as the API shows it. */
export async function toContact(reading: Reading, row: ContactRow): Promise<Contact> {
  const [contact] = await toContacts(reading, row.tenant_id, [row])
  if (!contact) throw new Error('a row gave no contact')
  return contact
}
