import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf } from './common.ts'

const Status = Type.Enum(['open', 'done', 'cancelled'])

/** A change of a callback: absent = unchanged. */
export const CallbackPatch = Type.Object(
  {
    status: Type.Optional(Status),
    /** null: at any time. */
    due_at: Type.Optional(Nullable(Instant)),
  },
  { additionalProperties: false },
)

/** Somebody who wants to be called (again). */
export const Callback = Type.Object({
  id: Id,
  disposition_id: Id,
  status: Status,
  due_at: Nullable(Instant),
  /** Open, and its time has come. */
  overdue: Type.Boolean(),
  number: Type.String(),
  e164: Nullable(Type.String()),
  customer_id: Nullable(Type.Integer()),
  contact_id: Nullable(Type.Integer()),
  comment: Type.String(),
  agent: Nullable(Type.String()),
  completed_at: Nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
})
export const CallbackPage = PageOf(Callback)
export type CallbackPatch = Static<typeof CallbackPatch>
export type Callback = Static<typeof Callback>
