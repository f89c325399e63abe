import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, ShortText } from './common.ts'
import { DispositionInput } from './dispositions.ts'

const DAY_S = 86_400

/** Whether the tenant lets cards be opened by a link alone. */
export const PopSettings = Type.Object({
  links: Type.Boolean(),
  /** When links made before ceased to count; null: never. */
  rotated_at: Nullable(Instant),
})
export const PopSettingsPatch = Type.Object(
  { links: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
)
export type PopSettings = Static<typeof PopSettings>
export type PopSettingsPatch = Static<typeof PopSettingsPatch>

export const PopLinkInput = Type.Object(
  {
    /** The only number whose card it opens. */
    number: Type.String({ minLength: 1, maxLength: 200 }),
    /** The call's id at its PBX. */
    call: Type.Optional(Nullable(ShortText)),
    host: Type.Optional(Nullable(Id)),
    /** Seconds, at most a day. */
    expires_in: Type.Integer({ minimum: 30, maximum: DAY_S, default: 3_600 }),
    /** Who will use it, where a token makes it; a user's link is the user's. */
    agent: Type.Optional(Nullable(ShortText)),
  },
  { additionalProperties: false },
)
export const PopLink = Type.Object({
  /** The credential, shown here and nowhere else: `Authorization: Bearer`. */
  token: Type.String(),
  /** The page with the credential in its fragment, which browsers send to nobody; null without `CORDBOARD_PUBLIC_URL`. */
  url: Nullable(Type.String()),
  expires_at: Instant,
})
export type PopLinkInput = Static<typeof PopLinkInput>
export type PopLink = Static<typeof PopLink>

/** What became of the call of a link; number, call and agent are the link's. */
export const LinkedDispositionInput = Type.Object(
  {
    status: DispositionInput.properties.status,
    comment: DispositionInput.properties.comment,
    due_at: DispositionInput.properties.due_at,
  },
  { additionalProperties: false },
)
/** A note on whom the link's number means. */
export const LinkedNoteInput = Type.Object(
  { title: Type.Optional(Nullable(ShortText)), body: Type.Optional(Nullable(LongText)) },
  { additionalProperties: false },
)
export type LinkedDispositionInput = Static<typeof LinkedDispositionInput>
export type LinkedNoteInput = Static<typeof LinkedNoteInput>
