import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText } from './common.ts'
import { Cleared, Whole } from './tolerant.ts'

/** `pbx_event`: a chat with somebody who is not in the book. */
export const NOTEABLE_TYPES = ['customer', 'contact', 'call', 'pbx_event'] as const
export const NoteableType = Type.Enum([...NOTEABLE_TYPES])
export type NoteableType = Static<typeof NoteableType>

const anyId = Whole(1, Number.MAX_SAFE_INTEGER)
const content = {
  /** A word of the client's own, such as `call` or `email`; `chat` is what a PBX reported. */
  type: Cleared(ShortText),
  title: Cleared(ShortText),
  body: Cleared(LongText),
  /** 1 comes first; default 999. */
  priority: Cleared(Whole(0, 999_999)),
  /** The call it was written about: an id of `phone-calls` or `pbx3cx-call-logs`. */
  phone_call_id: Cleared(anyId),
}

/**
 * A note on a customer, a contact or a call, as clients of this API family write it: `noteable_type` in any of their
 * spellings (`customer`, `App\Customer`, `App\Models\Contact`, `PhoneCall`), or `live_call` with the hub's number of a live
 * call: the note is then on the stored call that it is or becomes. Fields that are not ours are ignored. One of title and
 * body must be there.
 */
export const NoteInput = Type.Object({
  noteable_type: Type.String({ minLength: 1, maxLength: 100 }),
  noteable_id: anyId,
  ...content,
})
/** A change: absent = unchanged, null = cleared. What it is on stays. */
export const NotePatch = PatchOf(Type.Object(content), { closed: false })

/** A note as it is answered. */
export const Note = Type.Object({
  id: Id,
  noteable_type: NoteableType,
  /** Merges since then followed. */
  noteable_id: Id,
  /** Whom it is about: a note on a contact is about the contact's customer as well. */
  customer_id: Nullable(Id),
  contact_id: Nullable(Id),
  type: Nullable(Type.String()),
  title: Nullable(Type.String()),
  body: Nullable(Type.String()),
  priority: Type.Integer(),
  phone_call_id: Nullable(Id),
  /** The name of who wrote it. */
  author: Nullable(Type.String()),
  /** The user who wrote it, or the token it came with. */
  user_id: Nullable(Id),
  token_id: Nullable(Id),
  created_at: Instant,
  updated_at: Instant,
})
export const NotePage = PageOf(Note)
/** A page of the usual envelope; asked for by `noteable_type` and `noteable_id` alone, all of them as a bare array. */
export const NoteList = Type.Union([NotePage, Type.Array(Note)])
export type NoteInput = Static<typeof NoteInput>
export type NotePatch = Static<typeof NotePatch>
export type Note = Static<typeof Note>
