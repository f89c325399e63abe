import { Type, type Static } from 'typebox'
import { Instant, Nullable, PageOf } from './common.ts'

/** Whether a number may be called. */
export const DoNotCall = Type.Object({
  /** As it was asked for. */
  number: Type.String(),
  e164: Nullable(Type.String()),
  do_not_call: Type.Boolean(),
  /** When it was last said; null when it never was. */
  since: Nullable(Instant),
  /** The disposition that said so. */
  disposition_id: Nullable(Type.Integer()),
  lifted_at: Nullable(Instant),
})
export const DoNotCallPage = PageOf(DoNotCall)
export type DoNotCall = Static<typeof DoNotCall>
