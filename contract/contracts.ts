import { Type, type Static } from 'typebox'
import { CalendarDate, Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText } from './common.ts'

/** What a customer is entitled to, for a time; `on_call_duty` is the kind that the hub itself asks about. */
export const ContractInput = Type.Object(
  {
    customer_id: Id,
    kind: Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' }),
    reference: Type.Optional(Nullable(ShortText)),
    /** Both days belong to the contract, in the tenant's zone; null = open. */
    start_date: Type.Optional(Nullable(CalendarDate)),
    end_date: Type.Optional(Nullable(CalendarDate)),
    suspended: Type.Optional(Type.Boolean()),
    comment: Type.Optional(Nullable(LongText)),
  },
  { additionalProperties: false },
)
/** A change: absent = unchanged, null = cleared. */
export const ContractPatch = PatchOf(ContractInput, { closed: true })

/** A contract as it is answered. */
export const Contract = Type.Object({
  id: Id,
  customer_id: Id,
  kind: Type.String(),
  reference: Nullable(Type.String()),
  start_date: Nullable(Type.String()),
  end_date: Nullable(Type.String()),
  suspended: Type.Boolean(),
  /** Not suspended, and today lies within its days. */
  active: Type.Boolean(),
  comment: Nullable(Type.String()),
  created_at: Instant,
  updated_at: Instant,
})
export const ContractPage = PageOf(Contract)
export type ContractInput = Static<typeof ContractInput>
export type ContractPatch = Static<typeof ContractPatch>
export type Contract = Static<typeof Contract>
