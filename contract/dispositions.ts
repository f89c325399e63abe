import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText } from './common.ts'

/**
 * A status in any spelling, such as `No Answer`: the canonical `no_answer`, `schedule_later`, `do_not_disturb`,
 * `completed`, or a code of the tenant's own.
 */
const Status = Type.String({ minLength: 1, maxLength: 255 })

/** What became of a call, as a client writes it. */
export const DispositionInput = Type.Object(
  {
    /** The caller in any spelling; empty or withheld is kept as such. */
    number: Type.String({ maxLength: 200 }),
    status: Status,
    comment: Type.Optional(Nullable(LongText)),
    /** Who spoke: a name or an extension. */
    agent: Type.Optional(Nullable(ShortText)),
    /** The call's id at the PBX: the same call and caller again is the same record, whenever it comes. */
    call: Type.Optional(Nullable(ShortText)),
    /** When to call back; only means something with `schedule_later`. */
    due_at: Type.Optional(Nullable(Instant)),
  },
  { additionalProperties: false },
)

/** A correction: absent = unchanged, null = cleared. */
export const DispositionPatch = PatchOf(
  Type.Object({
    status: Status,
    comment: Nullable(LongText),
    agent: Nullable(ShortText),
    due_at: Nullable(Instant),
  }),
  { closed: true },
)

/** A disposition as it is answered. */
export const Disposition = Type.Object({
  id: Id,
  recorded_at: Instant,
  /** As it was sent. */
  number: Type.String(),
  e164: Nullable(Type.String()),
  /** Whom the number meant when it was recorded, merges since then followed; null when nobody or several. */
  customer_id: Nullable(Type.Integer()),
  contact_id: Nullable(Type.Integer()),
  status: Type.String(),
  comment: Type.String(),
  agent: Nullable(Type.String()),
  call: Nullable(Type.String()),
  due_at: Nullable(Instant),
  /** The token it came with. */
  token_id: Nullable(Type.Integer()),
  updated_at: Instant,
})
export const DispositionPage = PageOf(Disposition)
export type DispositionInput = Static<typeof DispositionInput>
export type DispositionPatch = Static<typeof DispositionPatch>
export type Disposition = Static<typeof Disposition>

/** A status of the tenant's own, as a client writes it. */
export const DispositionCodeInput = Type.Object(
  {
    code: Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' }),
    /** What call flows and people call it. */
    label: Type.String({ minLength: 1, maxLength: 255 }),
  },
  { additionalProperties: false },
)
/** A status that dispositions may have. */
export const DispositionCode = Type.Object({
  /** null for the canonical ones, which are always there. */
  id: Nullable(Id),
  code: Type.String(),
  label: Type.String(),
})
export const DispositionCodeList = Type.Array(DispositionCode)
export type DispositionCodeInput = Static<typeof DispositionCodeInput>
export type DispositionCode = Static<typeof DispositionCode>
