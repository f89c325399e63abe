import type { PopAttachInput, PopAttached } from '../../contract/pop.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { lockForTransaction } from '../platform/database/engine.ts'
import { invalid } from '../platform/errors.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { ownersNow, refuseTaken, type NumberOwner } from './attach-owners.ts'
import { CONTACT_UNIQUES, openContactWrites } from './contact-write.ts'
import { CUSTOMER_UNIQUES, openCustomerWrites } from './customer-write.ts'
import { fold } from './fold.ts'
import { customerMeant, lockContact, lockCustomer } from './merged-parties.ts'
import { numberKey } from './number-key.ts'
import { addPhones, checkPhone, readPhones, type Owner } from './party-phones.ts'
import { MAIN, readingOf, type PhoneValues } from './phones.ts'
import { contactName } from './records.ts'
import { write, type DirectoryDeps, type DirectoryStore, type DirectoryTx } from './write.ts'

/** Puts a number with somebody who is there or is made on the spot; see `PopAttachInput`. HubError `number_taken`. */
export type Attach = (actor: Actor, input: PopAttachInput) => Promise<Committed<PopAttached>>

const MOST_NUMBERS = 200
const BUSINESS = 'business'

type Names = { first_name: string | null; last_name: string | null; email: string | null }
const namesOf = ({ first_name, last_name, email }: NonNullable<PopAttachInput['contact']>): Names => {
  const text = (value: string | null | undefined) => value?.trim() || null
  return { first_name: text(first_name), last_name: text(last_name), email: text(email) }
}

/** 422 for what does not say with whom the number is to be put. */
function checkTarget({ customer_id, contact_id, customer, contact }: PopAttachInput): void {
  const check = openFieldCheck()
  if (contact_id !== undefined && (customer_id ?? customer ?? contact) !== undefined)
    check.refuse('contact_id', 'Goes with nothing else: the number is put with this contact.')
  if (customer_id !== undefined && customer !== undefined)
    check.refuse('customer', 'Name a customer that is there, or one to be made.')
  if ((contact_id ?? customer_id ?? customer ?? contact) === undefined)
    check.refuse('contact_id', 'Say whose number this is: contact_id, customer_id, contact or customer.')
  if (contact !== undefined && Object.values(namesOf(contact)).every((one) => one === null))
    check.refuse('contact', 'Needs a first name, a last name or an e-mail address.')
  if (customer !== undefined && customer.name.trim() === '') check.refuse('customer.name', 'Cannot be empty.')
  check.done()
}

export function openAttach(store: DirectoryStore, deps: DirectoryDeps): Attach {
  const { clock, country, ownersOf } = deps
  const customers = openCustomerWrites(deps)
  const contacts = openContactWrites(deps)

  const numberOf = (tenantId: number, { number, kind, contact_id, contact }: PopAttachInput) => {
    const check = openFieldCheck()
    const ofPerson = contact_id !== undefined || contact !== undefined
    const wanted = { raw: number, kind: ofPerson ? (kind ?? BUSINESS) : MAIN, label: null, position: 0 }
    const phone = checkPhone(check, 'number', wanted, country(tenantId))
    check.done()
    if (phone === null) throw invalid({ number: ['Is no number.'] })
    return phone
  }

  /** Adds the number to a party that is locked; false when it has it already. */
  const add = async (tx: DirectoryTx, tenantId: number, owner: Owner, id: number, phone: PhoneValues) => {
    const present = (await readPhones(tx, tenantId, owner, [id])).get(id) ?? []
    const key = numberKey(readingOf(phone))
    if (present.some((one) => numberKey(readingOf(one)) === key)) return false
    if (present.length >= MOST_NUMBERS) throw invalid({ number: [`More than ${MOST_NUMBERS} are too many.`] })
    const position = Math.max(-1, ...present.map((one) => one.position)) + 1
    await addPhones(tx, { tenantId, owner, id }, [{ ...phone, position }])
    const party = owner === 'customer_id' ? 'customer' : 'contact'
    await tx.db
      .updateTable(party === 'customer' ? 'customers' : 'contacts')
      .set({ updated_at: clock.now() })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .execute()
    tx.changed(tenantId, party, id)
    return true
  }

  /** Puts it with a party that is there. */
  const toPresent = async (
    tx: DirectoryTx,
    actor: Actor,
    { contact_id, customer_id, shared }: PopAttachInput,
    phone: PhoneValues,
    owners: NumberOwner[],
  ): Promise<PopAttached> => {
    const { tenantId } = actor
    const isContact = contact_id !== undefined
    const row = isContact
      ? await lockContact(tx, tenantId, contact_id)
      : await lockCustomer(tx, tenantId, await customerMeant(tx, tenantId, customer_id ?? 0))
    const whose = {
      customer_id: 'customer_id' in row ? row.customer_id : row.id,
      contact_id: isContact ? row.id : null,
    }
    if (shared !== true) refuseTaken(owners, { customerId: whose.customer_id, contactId: whose.contact_id })
    const writes = isContact ? contacts : customers
    const before = await writes.load(tx, tenantId, row.id)
    const attached = await add(tx, tenantId, isContact ? 'contact_id' : 'customer_id', row.id, phone)
    const after = await writes.load(tx, tenantId, row.id)
    const entity = isContact ? 'contact' : 'customer'
    if (attached) await recordAudit(tx, actor, { action: 'update', entity, entityId: row.id, before, after })
    return { ...whose, created: [], attached, e164: phone.e164 }
  }

  /** Who would be made, if they were made with this number before. */
  const madeBefore = (
    { contact, customer }: PopAttachInput,
    customerId: number | null,
    owners: NumberOwner[],
  ) => {
    const company = customer === undefined ? null : fold(customer.name.trim())
    if (contact === undefined) return owners.find((one) => one.kind === 'customer' && one.folded === company)
    const folded = fold(contactName(namesOf(contact)))
    return owners.find(
      (one) =>
        one.kind === 'contact' &&
        one.folded === folded &&
        (company === null ? (one.customer?.id ?? null) === customerId : one.customer?.folded === company),
    )
  }

  const toNew = async (
    tx: DirectoryTx,
    actor: Actor,
    input: PopAttachInput,
    phone: PhoneValues,
    owners: NumberOwner[],
  ): Promise<PopAttached> => {
    const { tenantId } = actor
    const { contact, customer, number } = input
    const present =
      input.customer_id === undefined ? null : await customerMeant(tx, tenantId, input.customer_id)
    const same = madeBefore(input, present, owners)
    if (same) {
      const contact_id = same.kind === 'contact' ? same.id : null
      return {
        customer_id: same.customer?.id ?? null,
        contact_id,
        created: [],
        attached: false,
        e164: phone.e164,
      }
    }
    if (input.shared !== true)
      refuseTaken(owners, { customerId: present, contactId: contact === undefined ? null : 'new' })
    const created: PopAttached['created'] = []
    let customer_id = present
    if (customer !== undefined) {
      const fields = { ...customer, ...(contact === undefined ? { phone: number } : {}) }
      customer_id = await customers.insert(tx, tenantId, customers.check(tenantId, fields))
      const after = await customers.load(tx, tenantId, customer_id)
      await recordAudit(tx, actor, { action: 'create', entity: 'customer', entityId: customer_id, after })
      created.push('customer')
    }
    let contact_id: number | null = null
    if (contact !== undefined) {
      const fields = { ...contact, customer_id, phones: [{ raw: number, kind: phone.kind }] }
      contact_id = await contacts.insert(tx, tenantId, contacts.check(tenantId, fields))
      const after = await contacts.load(tx, tenantId, contact_id)
      await recordAudit(tx, actor, { action: 'create', entity: 'contact', entityId: contact_id, after })
      created.push('contact')
    }
    return { customer_id, contact_id, created, attached: true, e164: phone.e164 }
  }

  return async (actor, input) => {
    const { tenantId } = actor
    checkTarget(input)
    const phone = numberOf(tenantId, input)
    return await write(store, { ...CONTACT_UNIQUES, ...CUSTOMER_UNIQUES }, async (tx) => {
      // Of two who put the same number with two people at once, the second one sees what the first one did.
      const key = `number ${tenantId} ${numberKey(readingOf(phone))}`
      await lockForTransaction(tx.engine, tx.db as never, key)
      const owners = await ownersNow(tx, tenantId, ownersOf(tenantId, input.number), phone)
      const isNew = input.contact !== undefined || input.customer !== undefined
      return await (isNew ? toNew : toPresent)(tx, actor, input, phone, owners)
    })
  }
}
