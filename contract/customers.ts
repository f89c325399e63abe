import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText, Truth } from './common.ts'
import { hintInputs, hints } from './hints.ts'

/** A customer as clients of this API family write it: fields that are not ours are ignored. */
export const CustomerInput = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  /** Unique in the tenant, whatever the case. */
  customer_account: Type.Optional(Nullable(ShortText)),
  /** The customer's id in another system; unique in the tenant. */
  external_id: Type.Optional(Nullable(ShortText)),
  /** The main number, in any spelling. Cleared alone, it takes the other numbers with it. */
  phone: Type.Optional(Nullable(Type.String({ maxLength: 200 }))),
  /** Further numbers of the company. */
  other_phones: Type.Optional(Nullable(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 200 }))),
  /** Internal numbers of the PBX that belong to this customer. */
  extensions: Type.Optional(Nullable(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 200 }))),
  category_id: Type.Optional(Nullable(Id)),
  /** Follows from the category; `true` without a category puts the customer into the built-in one. */
  vip: Type.Optional(Truth),
  /** Follows from the contracts; `true` without one in force adds an open-ended one. */
  on_call_duty: Type.Optional(Truth),
  ...hintInputs,
  active: Type.Optional(Truth),
  comment: Type.Optional(Nullable(LongText)),
})
/** A change: absent = unchanged, null = cleared. */
export const CustomerPatch = PatchOf(CustomerInput, { closed: false })

/** A customer as it is answered. */
export const Customer = Type.Object({
  id: Id,
  customer_account: Nullable(Type.String()),
  external_id: Nullable(Type.String()),
  name: Type.String(),
  phone: Nullable(Type.String()),
  phone_e164: Nullable(Type.String()),
  other_phones: Type.Array(Type.String()),
  extensions: Type.Array(Type.String()),
  category_id: Nullable(Id),
  /** The category's name. */
  category: Nullable(Type.String()),
  vip: Type.Boolean(),
  /** Whether a contract of this kind is in force today, in the tenant's zone. */
  on_call_duty: Type.Boolean(),
  ...hints,
  active: Type.Boolean(),
  comment: Nullable(Type.String()),
  /** Account and on-call duty again, under the names that older clients of this API family read. */
  customerAccount: Nullable(Type.String()),
  onCallDuty: Type.Boolean(),
  created_at: Instant,
  updated_at: Instant,
})
export const CustomerPage = PageOf(Customer)
export type CustomerInput = Static<typeof CustomerInput>
export type CustomerPatch = Static<typeof CustomerPatch>
export type Customer = Static<typeof Customer>
