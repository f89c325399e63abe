import { Type, type Static, type TNull, type TOptional, type TString, type TUnion } from 'typebox'
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
    /**
     * The call's id at the PBX, or `live:` and the hub's number of a live call: the same call and caller again is the same
     * record, whenever it comes.
     */
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
  /** The call in `pbx3cx-call-logs` that `call` names, joined with its record when that comes; null when it is not known. */
  call_log_id: Nullable(Id),
  due_at: Nullable(Instant),
  /** The user who recorded it, or the token it came with. */
  user_id: Nullable(Type.Integer()),
  token_id: Nullable(Type.Integer()),
  updated_at: Instant,
})
export const DispositionPage = PageOf(Disposition)
export type DispositionInput = Static<typeof DispositionInput>
export type DispositionPatch = Static<typeof DispositionPatch>
export type Disposition = Static<typeof Disposition>

/** The languages labels are in. */
export const LANGUAGES = ['en', 'fr', 'ro', 'de'] as const
export const Language = Type.Enum([...LANGUAGES])
export type Language = Static<typeof Language>

const Labels = Type.Object(
  Object.fromEntries(LANGUAGES.map((language) => [language, Type.Optional(Type.String())])) as Record<
    Language,
    TOptional<TString>
  >,
)
/** A status that dispositions may have. */
export const DispositionCode = Type.Object({
  /** null for the canonical ones, which are always there. */
  id: Nullable(Id),
  code: Type.String(),
  /** In the language asked for; without a label in it, the one the code was made with. */
  label: Type.String(),
  /** Every label there is, by language. */
  labels: Labels,
})
const LabelsInput = Type.Object(
  Object.fromEntries(
    LANGUAGES.map((language) => [
      language,
      Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 255 }))),
    ]),
  ) as Record<Language, TOptional<TUnion<[TString, TNull]>>>,
  { additionalProperties: false },
)
/** Labels of one status: absent = unchanged, null = the built-in label, or none for a status of your own. */
export const DispositionLabelsInput = Type.Object({ labels: LabelsInput }, { additionalProperties: false })

/** A status of the tenant's own, as a client writes it. */
export const DispositionCodeInput = Type.Object(
  {
    code: Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' }),
    /** What call flows and people call it. */
    label: Type.String({ minLength: 1, maxLength: 255 }),
    /** By language, where it differs. */
    labels: Type.Optional(LabelsInput),
  },
  { additionalProperties: false },
)
export const DispositionCodeList = Type.Array(DispositionCode)
export type DispositionCodeInput = Static<typeof DispositionCodeInput>
export type DispositionCode = Static<typeof DispositionCode>
export type DispositionLabelsInput = Static<typeof DispositionLabelsInput>
