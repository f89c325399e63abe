import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf, ShortText } from './common.ts'
import { Destination } from './profiles.ts'

/** A question about a call: `number` or `account` says who calls (with both, the account counts). */
export const RouteQuestion = Type.Object({
  number: Type.Optional(Type.String({ maxLength: 200 })),
  account: Type.Optional(ShortText),
  /** The called number. */
  dnid: Type.Optional(Type.String({ maxLength: 200 })),
  /** The PBX host that asks; a token of one host always speaks for that one. */
  host: Type.Optional(Id),
  /** The moment it is about; now when absent. */
  at: Type.Optional(Instant),
  /** The call's id at the PBX. */
  call: Type.Optional(ShortText),
})

const decided = {
  known: Type.Boolean(),
  vip: Type.Boolean(),
  on_call: Type.Boolean(),
  /** Whether the profile is open at that moment. */
  open: Type.Boolean(),
  /** null: no rule holds, the PBX goes its own way. */
  destination: Nullable(Destination),
  /** The name of the rule that decided. */
  rule: Nullable(Type.String()),
}

/** Where a call should go, and why, in whole sentences. */
export const RouteAnswer = Type.Object({
  ...decided,
  reasons: Type.Array(Type.String()),
  queue_position: Nullable(Type.Integer()),
  profile: Nullable(
    Type.Object({
      id: Id,
      name: Type.String(),
      /** The number of ours that its callers are called from. */
      outbound_number: Nullable(Type.String()),
    }),
  ),
})

/** A decision as it was made. */
export const Decision = Type.Object({
  id: Id,
  decided_at: Instant,
  /** The dialect or route that asked. */
  source: Type.String(),
  number: Nullable(Type.String()),
  e164: Nullable(Type.String()),
  account: Nullable(Type.String()),
  dnid: Nullable(Type.String()),
  call: Nullable(Type.String()),
  /** The moment it was about. */
  at: Instant,
  customer_id: Nullable(Type.Integer()),
  contact_id: Nullable(Type.Integer()),
  profile_id: Nullable(Type.Integer()),
  ...decided,
  reasons: Type.Array(Type.String()),
})
export const DecisionPage = PageOf(Decision)
export type RouteQuestion = Static<typeof RouteQuestion>
export type RouteAnswer = Static<typeof RouteAnswer>
export type Decision = Static<typeof Decision>
