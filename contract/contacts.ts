import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText, Truth } from './common.ts'
import { hintInputs, hints } from './hints.ts'
import { Phone, PhoneInput } from './phones.ts'

/**
 * A person, of a customer or of nobody, as clients of this API family write it: fields that are not ours are
 * ignored. One of first name, last name, e-mail and phone must be there.
 */
export const ContactInput = Type.Object({
  customer_id: Type.Optional(Nullable(Id)),
  /** The person's id in another system; unique in the tenant. */
  external_id: Type.Optional(Nullable(ShortText)),
  first_name: Type.Optional(Nullable(ShortText)),
  last_name: Type.Optional(Nullable(ShortText)),
  email: Type.Optional(Nullable(ShortText)),
  role: Type.Optional(Nullable(ShortText)),
  /** All numbers of the person: a write replaces the whole list. */
  phones: Type.Optional(Nullable(Type.Array(PhoneInput, { maxItems: 50 }))),
  ...hintInputs,
  active: Type.Optional(Truth),
  comment: Type.Optional(Nullable(LongText)),
})
/** A change: absent = unchanged, null = cleared. */
export const ContactPatch = PatchOf(ContactInput, { closed: false })

/** A contact as it is answered. */
export const Contact = Type.Object({
  id: Id,
  customer_id: Nullable(Id),
  customer_account: Nullable(Type.String()),
  /** The customer's name. */
  company: Nullable(Type.String()),
  external_id: Nullable(Type.String()),
  first_name: Nullable(Type.String()),
  last_name: Nullable(Type.String()),
  /** First and last name; the e-mail when there is neither; empty when there is only a phone. */
  name: Type.String(),
  email: Nullable(Type.String()),
  role: Nullable(Type.String()),
  phones: Type.Array(Phone),
  ...hints,
  active: Type.Boolean(),
  comment: Nullable(Type.String()),
  created_at: Instant,
  updated_at: Instant,
})
export const ContactPage = PageOf(Contact)
export type ContactInput = Static<typeof ContactInput>
export type ContactPatch = Static<typeof ContactPatch>
export type Contact = Static<typeof Contact>
