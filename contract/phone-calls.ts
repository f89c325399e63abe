import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText, Truth } from './common.ts'
import { CALL_DIRECTIONS } from './pbx3cx-calls.ts'
import { Cleared, Whole, WrittenInstant } from './tolerant.ts'

const anyId = Whole(1, Number.MAX_SAFE_INTEGER)
const Party = Cleared(Type.String({ maxLength: 200 }))

/**
 * A call as clients of this API family tell of it; fields that are not ours are kept with it and mean nothing. It needs
 * a direction, and a status or `answered`.
 */
export const PhoneCallInput = Type.Object({
  /** The PBX it was on; absent = the credential's, else the only one there is. */
  pbx3cx_host_id: Cleared(anyId),
  /** The call's own id at its source: what comes again with it is the same call. */
  external_id: Cleared(ShortText),
  contact_id: Cleared(anyId),
  /** Absent = the contact's; without either whom the outside number means. */
  customer_id: Cleared(anyId),
  ticket_id: Cleared(anyId),
  direction: Cleared(Type.Enum([...CALL_DIRECTIONS])),
  /** `completed`, `missed`, `voicemail`, `no_answer`, `abandoned`, `busy`, `failed`; goes before `answered`. */
  status: Cleared(Type.String({ maxLength: 40 })),
  answered: Type.Optional(Nullable(Truth)),
  /** Subject and body become a note on whom the call was with. */
  subject: Cleared(ShortText),
  body: Cleared(LongText),
  number_from: Party,
  number_to: Party,
  recording_file: Cleared(ShortText),
  /** Absent = the end, else now. */
  started_at: Cleared(WrittenInstant),
  ended_at: Cleared(WrittenInstant),
})
/** A change: absent = unchanged, null = cleared; what a PBX told of the call cannot be changed here. */
export const PhoneCallPatch = PatchOf(PhoneCallInput, { closed: false })

const MaybeText = Nullable(Type.String())

/** A call of `pbx3cx-call-logs`, under the same id, as those clients read it. */
export const PhoneCall = Type.Object({
  id: Id,
  pbx3cx_host_id: Id,
  /** Who wrote the note of it. */
  user_id: Nullable(Id),
  contact_id: Nullable(Id),
  customer_id: Nullable(Id),
  ticket_id: Nullable(Id),
  direction: Nullable(Type.Enum([...CALL_DIRECTIONS])),
  /** `completed` for a call that was answered. */
  status: Type.String(),
  answered: Type.Boolean(),
  subject: MaybeText,
  body: MaybeText,
  note_id: Nullable(Id),
  number_from: MaybeText,
  number_to: MaybeText,
  recording_file: MaybeText,
  started_at: Instant,
  ended_at: Nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
})
export const PhoneCallPage = PageOf(PhoneCall)
export type PhoneCallInput = Static<typeof PhoneCallInput>
export type PhoneCallPatch = Static<typeof PhoneCallPatch>
export type PhoneCall = Static<typeof PhoneCall>
