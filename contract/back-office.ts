import { Type, type Static } from 'typebox'
import { Id, Nullable } from './common.ts'
import { Contact } from './contacts.ts'

const MaybeText = Nullable(Type.String())

/** A contact with its fields also under the names that the older clients of this API family read. */
export const BackOfficeContact = Type.Object({
  ...Contact.properties,
  contactable_type: MaybeText,
  contactable_id: Nullable(Id),
  firstName: MaybeText,
  lastName: MaybeText,
  emailAddress: MaybeText,
  mobilePhone: MaybeText,
  landlinePhone: MaybeText,
})

/** Who has a number: `response` says so when nobody has, because that text is what those clients look at. */
export const ContactByNumber = Type.Object({
  data: Nullable(BackOfficeContact),
  response: Type.Optional(Type.String()),
})
export type BackOfficeContact = Static<typeof BackOfficeContact>
