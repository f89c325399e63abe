import { isTrue } from '../../contract/common.ts'
import type { Contact, ContactPatch } from '../../contract/contacts.ts'
import { takePartyIds } from '../platform/database/engine.ts'
import { toFlag } from '../platform/database/json.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { toContact, type ContactRow } from './contact-shape.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import type { Uniques } from '../platform/refusal.ts'
import { fold } from './fold.ts'
import { hintColumns } from './hints.ts'
import { customerMeant } from './merged-parties.ts'
import { addPhones, checkPhone, readPhones, replacePhones } from './party-phones.ts'
import { contactName } from './records.ts'
import { differs, lockRow, type DirectoryDeps, type DirectoryTx } from './write.ts'

/** What a second contact with the same external id is told. */
export const CONTACT_UNIQUES: Uniques = {
  external_id: { field: 'external_id', message: 'Another contact has this external id.' },
}

/** The kind of a number that comes without one. */
const BUSINESS = 'business'

/** Columns and numbers of a write; what it does not name stays undefined. */
function readFields(input: ContactPatch, country: string | null) {
  const check = openFieldCheck()
  const columns = {
    customer_id: input.customer_id,
    external_id: check.text('external_id', input.external_id),
    first_name: check.text('first_name', input.first_name),
    last_name: check.text('last_name', input.last_name),
    email: check.text('email', input.email),
    role: check.text('role', input.role),
    ...hintColumns(check, input),
    active: input.active === undefined ? undefined : toFlag(isTrue(input.active)),
    comment: check.text('comment', input.comment),
  }
  const given = input.phones === undefined ? undefined : (input.phones ?? [])
  const phones = given?.flatMap((phone, position) => {
    const { raw, kind = null, label = null } = typeof phone === 'string' ? { raw: phone } : phone
    const text = check.text('phones', label) ?? null
    return checkPhone(check, 'phones', { raw, kind: kind ?? BUSINESS, label: text, position }, country) ?? []
  })
  check.done()
  return { columns, phones }
}

/** Nobody could say who a contact is that has none of these. */
export function checkNamed({
  first_name,
  last_name,
  email,
  phones,
}: Pick<Contact, 'first_name' | 'last_name' | 'email'> & { phones: unknown[] }) {
  if (first_name !== null || last_name !== null || email !== null || phones.length > 0) return
  throw invalid({ last_name: ['A contact needs a first name, a last name, an e-mail or a phone.'] })
}

/** A write whose fields were looked at and found good: `validation_failed` comes before any transaction. */
export type CheckedContact = ReturnType<typeof readFields>

/** Refuses a new contact of whom nothing is said. */
export function checkNewContact({ columns, phones = [] }: Pick<CheckedContact, 'columns' | 'phones'>): void {
  const { first_name = null, last_name = null, email = null } = columns
  checkNamed({ first_name, last_name, email, phones })
}

/** The row of a new contact; columns that are not written stay undefined. */
export function newContactRow(
  { columns }: Pick<CheckedContact, 'columns'>,
  { id, tenantId, now }: { id: number; tenantId: number; now: number },
) {
  const { first_name = null, last_name = null, email = null, active = 1 } = columns
  const name_folded = fold(contactName({ first_name, last_name, email }))
  return { ...columns, id, tenant_id: tenantId, name_folded, active, created_at: now, updated_at: now }
}

/**
 * The rules by which contacts are written, inside a transaction of the caller's, which records the act. The change
 * feed is told.
 */
export type ContactWrites = {
  check(tenantId: number, input: ContactPatch): CheckedContact
  /** Answers the new one's id. */
  insert(tx: DirectoryTx, tenantId: number, written: CheckedContact): Promise<number>
  /** The contact as it now is, locked. HubError `not_found`. */
  load(tx: DirectoryTx, tenantId: number, id: number): Promise<Contact>
  /** The row, locked, and whether an update would change anything of it; null when it is not there. */
  compare(
    tx: DirectoryTx,
    tenantId: number,
    id: number,
    written: CheckedContact,
  ): Promise<{ row: ContactRow; isChange: boolean } | null>
  update(
    tx: DirectoryTx,
    tenantId: number,
    id: number,
    written: CheckedContact,
    condition?: Condition,
  ): Promise<{ before: Contact; after: Contact }>
  /** Answers what was there. */
  remove(tx: DirectoryTx, tenantId: number, id: number, condition?: Condition): Promise<Contact>
}

export function openContactWrites({
  clock,
  country,
}: Pick<DirectoryDeps, 'clock' | 'country'>): ContactWrites {
  const load = async (tx: DirectoryTx, tenantId: number, id: number): Promise<Contact> => {
    const row = await lockRow(tx, 'contacts', tenantId, id)
    if (!row) throw notFound('Contact')
    return toContact(tx, row)
  }

  return {
    check: (tenantId, input) => readFields(input, country(tenantId)),
    async insert(tx, tenantId, { columns, phones = [] }) {
      checkNewContact({ columns, phones })
      const customer_id = columns.customer_id && (await customerMeant(tx, tenantId, columns.customer_id))
      const [id] = await takePartyIds(tx.engine, tx.db as never, 1)
      if (id === undefined) throw new Error('no party id was given')
      const row = newContactRow({ columns: { ...columns, customer_id } }, { id, tenantId, now: clock.now() })
      await tx.db.insertInto('contacts').values(row).execute()
      await addPhones(tx, { tenantId, owner: 'contact_id', id }, phones)
      tx.changed(tenantId, 'contact', id)
      return id
    },
    load,
    async compare(tx, tenantId, id, { columns, phones }) {
      const row = await lockRow(tx, 'contacts', tenantId, id)
      if (!row) return null
      if (differs(row, columns)) return { row, isChange: true }
      if (phones === undefined) return { row, isChange: false }
      const present = (await readPhones(tx, tenantId, 'contact_id', [id])).get(id) ?? []
      const isSame =
        present.length === phones.length && phones.every((phone, i) => !differs(present[i] ?? {}, phone))
      return { row, isChange: !isSame }
    },
    async update(tx, tenantId, id, { columns, phones }, condition = unconditional) {
      const customer_id = columns.customer_id && (await customerMeant(tx, tenantId, columns.customer_id))
      const before = await load(tx, tenantId, id)
      condition(before)
      const { first_name = before.first_name, last_name = before.last_name, email = before.email } = columns
      const name_folded = fold(contactName({ first_name, last_name, email }))
      await tx.db
        .updateTable('contacts')
        .set({ ...columns, customer_id, name_folded, updated_at: clock.now() })
        .where('tenant_id', '=', tenantId)
        .where('id', '=', id)
        .execute()
      if (phones !== undefined) await replacePhones(tx, { tenantId, owner: 'contact_id', id }, phones)
      const after = await load(tx, tenantId, id)
      checkNamed(after)
      tx.changed(tenantId, 'contact', id)
      return { before, after }
    },
    async remove(tx, tenantId, id, condition = unconditional) {
      const before = await load(tx, tenantId, id)
      condition(before)
      await tx.db.deleteFrom('contacts').where('tenant_id', '=', tenantId).where('id', '=', id).execute()
      tx.changed(tenantId, 'contact', id)
      return before
    },
  }
}
