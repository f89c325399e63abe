import { Type, type Static } from 'typebox'
import { Nullable } from './common.ts'

const Raw = Type.String({ maxLength: 200 })
const Kind = Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' })
const Label = Type.String({ maxLength: 100 })

/**
 * A number of a person: the text alone (then `business`), or with its kind (`mobile`, `home` …) and a label.
 */
export const PhoneInput = Type.Union([
  Raw,
  Type.Object({
    raw: Raw,
    kind: Type.Optional(Nullable(Kind)),
    label: Type.Optional(Nullable(Label)),
  }),
])

/** A number of a person as it is answered. */
export const Phone = Type.Object({
  kind: Type.String(),
  label: Nullable(Type.String()),
  /** As it was typed. */
  raw: Type.String(),
  /** What it was read as; null for an extension, a number without a country, or a text nobody can read. */
  e164: Nullable(Type.String()),
})
export type PhoneInput = Static<typeof PhoneInput>
export type Phone = Static<typeof Phone>
