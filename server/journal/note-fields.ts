import type { Selectable } from 'kysely'
import type { Note, NoteInput, NotePatch, NoteableType } from '../../contract/notes.ts'
import { fold } from '../directory/directory.ts'
import { openFieldCheck, type FieldCheck } from '../platform/field-check.ts'
import { followedParty } from './disposition-shape.ts'
import type { NotesTable } from './tables.ts'
import { isoTime } from './write.ts'

export type NoteRow = Selectable<NotesTable>

export const DEFAULT_PRIORITY = 999

/** What clients of this API family call what a note is on, as its last word without separators. */
const SPELLINGS: Record<string, NoteableType | 'live_call'> = {
  customer: 'customer',
  customers: 'customer',
  contact: 'contact',
  contacts: 'contact',
  call: 'call',
  calls: 'call',
  phonecall: 'call',
  phonecalls: 'call',
  livecall: 'live_call',
}

/** The type that `App\Customer`, `contact` or `phone-call` means; null when it is none. */
export function noteableType(text: string): NoteableType | 'live_call' | null {
  const word = text
    .trim()
    .split(/[\\/.]/)
    .at(-1)
    ?.toLowerCase()
    .replaceAll(/[^a-z]/g, '')
  return SPELLINGS[word ?? ''] ?? null
}

/** As typed texts are searched. */
export const foldedNote = (title: string | null, body: string | null): string =>
  fold([title, body].filter((text) => text !== null).join(' '))

const wholeOf = (value: number | string | null | undefined) =>
  value === undefined || value === null ? value : Number(value)

/** The columns a write names; what it does not name stays undefined. */
export function readContent(check: FieldCheck, input: NotePatch) {
  const priority = input.priority === null ? DEFAULT_PRIORITY : wholeOf(input.priority)
  return {
    type: check.text('type', input.type),
    title: check.text('title', input.title),
    body: check.text('body', input.body),
    priority: priority ?? undefined,
    phone_call_id: wholeOf(input.phone_call_id),
  }
}

/** A new note as its row begins, and what it is on. 422 by field. */
export function readNote(input: NoteInput) {
  const check = openFieldCheck()
  const type = noteableType(input.noteable_type)
  if (type === null) check.refuse('noteable_type', 'Is customer, contact, call or live_call.')
  const { type: kind = null, title = null, body = null, priority, phone_call_id } = readContent(check, input)
  if (title === null && body === null) check.refuse('body', 'A note needs a title or a body.')
  check.done()
  const content = { type: kind, title, body, priority: priority ?? DEFAULT_PRIORITY }
  return {
    on: { type: type ?? ('customer' as const), id: Number(input.noteable_id) },
    columns: { ...content, folded: foldedNote(title, body), phone_call_id: phone_call_id ?? null },
  }
}

/** A row as it is answered, ids that were merged away meaning their survivors. */
export function toNote(row: NoteRow, survivors: ReadonlyMap<number, number> = new Map()): Note {
  const { id, noteable_type, type, title, body, priority, phone_call_id, author, user_id, token_id } = row
  const isParty = noteable_type === 'customer' || noteable_type === 'contact'
  return {
    id,
    noteable_type,
    noteable_id: isParty ? (survivors.get(row.noteable_id) ?? row.noteable_id) : row.noteable_id,
    ...followedParty(row, survivors),
    type,
    title,
    body,
    priority,
    phone_call_id,
    author,
    user_id,
    token_id,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  }
}
