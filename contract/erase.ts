import { Type, type Static } from 'typebox'
import { Id } from './common.ts'

/** What is to be forgotten: exactly one of the three. */
export const EraseInput = Type.Object(
  {
    /** An outside number in any spelling. Its owners stay, without it. */
    number: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    /** The customer with its contacts, contracts and files. */
    customer_id: Type.Optional(Id),
    contact_id: Type.Optional(Id),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
)
export type EraseInput = Static<typeof EraseInput>

export const EraseAnswer = Type.Object({
  kind: Type.Enum(['number', 'customer', 'contact']),
  /** Place → how many rows of it went or lost what was to be forgotten; places that held nothing are not named. */
  removed: Type.Record(Type.String(), Type.Integer()),
})
export type EraseAnswer = Static<typeof EraseAnswer>
