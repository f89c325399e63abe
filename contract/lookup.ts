import { Type, type Static } from 'typebox'
import { Nullable } from './common.ts'

const CustomerAnswer = Type.Object({
  id: Type.Integer(),
  account: Nullable(Type.String()),
  name: Type.String(),
  vip: Type.Boolean(),
  on_call_duty: Type.Boolean(),
})
const ContactAnswer = Type.Object({ id: Type.Integer(), name: Type.String() })
const Candidate = Type.Object({ customer: Nullable(CustomerAnswer), contact: Nullable(ContactAnswer) })

/** Everything about one lookup: who, by which rule, how sure, and what was tried. */
export const LookupAnswer = Type.Object({
  number: Type.Object({
    kind: Type.String({ description: 'withheld, external, national, short or unreadable' }),
    e164: Nullable(Type.String()),
    extension: Nullable(Type.String()),
    text: Nullable(Type.String({ description: 'What is compared when the number has no E.164 form.' })),
    country: Nullable(Type.String({ description: 'The country in whose national form it was read.' })),
  }),
  known: Type.Boolean(),
  ambiguous: Type.Boolean(),
  tier: Nullable(Type.String()),
  confidence: Type.Number(),
  vip: Type.Boolean(),
  on_call_duty: Type.Boolean(),
  customer: Nullable(CustomerAnswer),
  contact: Nullable(ContactAnswer),
  reason: Type.String(),
  candidates: Type.Array(Candidate),
  tried: Type.Array(Type.Object({ tier: Type.String(), key: Type.String(), hits: Type.Integer() })),
  details: Type.Unknown(),
})
export type LookupAnswer = Static<typeof LookupAnswer>
