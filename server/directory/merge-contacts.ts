import type { Contact } from '../../contract/contacts.ts'
import type { ContactMerge } from '../../contract/merge.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { invalid } from '../platform/errors.ts'
import { toContact, type ContactRow } from './contact-shape.ts'
import { numberKey, valuesOf } from './customer-phones.ts'
import { fold } from './fold.ts'
import { HINTS } from './hints.ts'
import { lockContact, redirectParty } from './merged-parties.ts'
import { readPhones, replacePhones, type PhoneRow } from './party-phones.ts'
import { contactName } from './records.ts'
import { lockRow, write, type DirectoryDeps, type DirectoryStore, type DirectoryTx } from './write.ts'

const FILLED = ['customer_id', 'external_id', 'import_key', 'email', 'role', 'comment', ...HINTS] as const

/** What `into` has after `from` went into it: its own fields, and those of `from` where it had none. */
function filled(into: ContactRow, from: ContactRow) {
  const fields: Partial<Pick<ContactRow, (typeof FILLED)[number]>> = {}
  for (const name of FILLED) Object.assign(fields, { [name]: into[name] ?? from[name] })
  // Half a name of each would be a third person.
  const { first_name, last_name } = (into.first_name ?? into.last_name) ? into : from
  const name_folded = fold(contactName({ first_name, last_name, email: fields.email ?? null }))
  return { ...fields, first_name, last_name, name_folded }
}

/** Whether two lists of numbers have one in common. */
export function shareNumber(some: PhoneRow[], others: PhoneRow[]): boolean {
  const numbers = new Set(some.map(numberKey))
  return others.some((phone) => numbers.has(numberKey(phone)))
}

/** Puts everything of one contact into another of the tenant and leaves its id as another name of it. Both are locked. */
export async function joinContacts(
  tx: DirectoryTx,
  into: ContactRow,
  from: ContactRow,
  now: number,
): Promise<void> {
  const tenantId = into.tenant_id
  const phones = await readPhones(tx, tenantId, 'contact_id', [into.id, from.id])
  const numbers = new Map<string, PhoneRow>()
  for (const phone of [...(phones.get(into.id) ?? []), ...(phones.get(from.id) ?? [])]) {
    const number = numberKey(phone)
    if (!numbers.has(number)) numbers.set(number, phone)
  }
  await redirectParty(tx, 'contact', tenantId, { from: from.id, into: into.id, now })
  await tx.db.deleteFrom('contacts').where('tenant_id', '=', tenantId).where('id', '=', from.id).execute()
  await tx.db
    .updateTable('contacts')
    .set({ ...filled(into, from), updated_at: now })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', into.id)
    .execute()
  const merged = [...numbers.values()].map((phone, position) => ({ ...valuesOf(phone), position }))
  await replacePhones(tx, { tenantId, owner: 'contact_id', id: into.id }, merged)
}

/** Locks two rows in the order of their ids, so that two merges of the same parties cannot wait for each other. */
export async function lockBoth<Row>(
  ids: [number, number],
  lock: (id: number) => Promise<Row>,
): Promise<[Row, Row]> {
  const [first, second] = ids
  if (first <= second) return [await lock(first), await lock(second)]
  const later = await lock(second)
  return [await lock(first), later]
}

/** Makes one contact of two; answers it. 422 on `from` for one that is not there or is the same. */
export function openContactMerge(
  store: DirectoryStore,
  { clock }: Pick<DirectoryDeps, 'clock'>,
): (actor: Actor, id: number, input: ContactMerge) => Promise<Committed<Contact>> {
  return (actor, id, { from: fromId }) => {
    const { tenantId } = actor
    return write(store, {}, async (tx) => {
      const [into, from] = await lockBoth<ContactRow | undefined>([id, fromId], (one) =>
        one === id ? lockContact(tx, tenantId, one) : lockRow(tx, 'contacts', tenantId, one),
      )
      if (!into || !from) throw invalid({ from: [`There is no contact ${fromId}.`] })
      if (into.id === from.id) throw invalid({ from: ['Is the same contact.'] })
      const before = { into: await toContact(tx, into), from: await toContact(tx, from) }
      await joinContacts(tx, into, from, clock.now())
      const after = await toContact(tx, await lockContact(tx, tenantId, into.id))
      await recordAudit(tx, actor, {
        action: 'merge',
        entity: 'contact',
        entityId: into.id,
        before,
        after,
      })
      tx.changed(tenantId, 'contact', [into.id, from.id])
      return after
    })
  }
}
