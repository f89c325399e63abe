import type { preValidationHookHandler } from 'fastify'
import type { TObject } from 'typebox'
import type { BackOfficeContact } from '../../../contract/back-office.ts'
import type { Contact } from '../../../contract/contacts.ts'
import { inOurSpelling } from '../spellings.ts'

const OF_CUSTOMERS = 'App\\Customer'
const isOfCustomers = (type: unknown) => typeof type === 'string' && /(^|\\)customer$/i.test(type)

/** A contact with its fields under the names of older clients as well. */
export function toBackOffice(contact: Contact): BackOfficeContact {
  const numberOf = (isWanted: (kind: string) => boolean) =>
    contact.phones.find((phone) => isWanted(phone.kind))?.raw ?? null
  return {
    ...contact,
    contactable_type: contact.customer_id === null ? null : OF_CUSTOMERS,
    contactable_id: contact.customer_id,
    firstName: contact.first_name,
    lastName: contact.last_name,
    emailAddress: contact.email,
    mobilePhone: numberOf((kind) => kind === 'mobile'),
    landlinePhone: numberOf((kind) => kind !== 'mobile'),
  }
}

/** Whose contacts a query of an older client asks for; null = it asks in our way. */
export function contactableOf(query: Record<string, unknown>): { customerId: string | null } | null {
  const { contactable_type, contactable_id } = query
  if (contactable_type === undefined && contactable_id === undefined) return null
  return { customerId: isOfCustomers(contactable_type) ? String(contactable_id) : null }
}

/** Our fields of a contact as an older client writes it; those of ours that are there already stay. */
function fromBackOffice(body: unknown, isNew: boolean): unknown {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return body
  const given: Record<string, unknown> = { ...body }
  const either = (...names: string[]) => names.map((name) => given[name]).find((value) => value !== undefined)
  const email = either('emailAddress', 'email_address')
  if (given['email'] === undefined && email !== undefined) given['email'] = email
  const owner = either('contactable_id', 'contactableId')
  const isOwned = isOfCustomers(either('contactable_type', 'contactableType'))
  if (either('customer_id', 'customerId') === undefined && isOwned && owner !== undefined)
    given['customer_id'] = owner
  // A change of two numbers is no word on the others, which a list of ours would replace.
  const numbers = [
    { raw: either('mobilePhone', 'mobile_phone'), kind: 'mobile' },
    { raw: either('landlinePhone', 'landline_phone'), kind: 'business' },
  ].filter(({ raw }) => typeof raw === 'string' && raw.trim() !== '')
  if (isNew && given['phones'] === undefined && numbers.length > 0) given['phones'] = numbers
  return given
}

/** Route option, as `takesEitherSpelling`, for contacts as older clients write them too. */
export function takesBackOffice(
  schema: TObject,
  { isNew }: { isNew: boolean },
): { preValidation: preValidationHookHandler } {
  return {
    preValidation(request, _reply, done) {
      request.body = inOurSpelling(schema, fromBackOffice(request.body, isNew))
      done()
    },
  }
}
