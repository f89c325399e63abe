import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf } from './common.ts'

/** Something a PBX said of a call, as it said it. */
export const PbxEvent = Type.Object({
  id: Id,
  received_at: Instant,
  /** In the PBX's words, such as `queue_answer`, `missed_calls`, `outgoing_end`. */
  event: Type.String(),
  /** The call's id at the PBX. */
  call: Nullable(Type.String()),
  number: Nullable(Type.String()),
  e164: Nullable(Type.String()),
  dnid: Nullable(Type.String()),
  agent: Nullable(Type.String()),
  queue: Nullable(Type.String()),
  /** Whom it was about: the id that was sent back, else whom the number meant; merges since then followed. */
  customer_id: Nullable(Type.Integer()),
  contact_id: Nullable(Type.Integer()),
  /** Everything that was sent, but the token. */
  payload: Type.Record(Type.String(), Type.String()),
})
export const PbxEventPage = PageOf(PbxEvent)
export type PbxEvent = Static<typeof PbxEvent>
