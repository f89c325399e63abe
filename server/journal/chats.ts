import type { Selectable } from 'kysely'
import type { Directory, Lookup } from '../directory/directory.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { storable } from '../platform/storable.ts'
import { readWrittenInstant } from '../platform/written-dates.ts'
import { DEFAULT_PRIORITY, foldedNote, toNote } from './note-fields.ts'
import type { NewPbxEvent, PbxEvents } from './pbx-events.ts'
import type { PbxEventsTable } from './tables.ts'
import type { JournalStore, Written } from './write.ts'

/** A chat that a PBX reports when it has ended; instants in UTC as they came. */
export type NewChat = Omit<NewPbxEvent, 'tenantId' | 'tokenId'> & {
  text: string
  email: string | null
  agentName: string | null
  startedUtc: string | null
  endedUtc: string | null
}

export type Chats = {
  /** Kept as the PBX told it and, in the same transaction, as a note of whom it was with; again it changes nothing. */
  take(actor: Actor, tokenId: number | null, chat: NewChat): Written<null>
}

export type ChatsDeps = {
  clock: Clock
  lookup: Lookup
  book: Pick<Directory, 'contacts'>
  pbxEvents: Pick<PbxEvents, 'insert'>
}

/** What a note may hold; the event beside it holds the whole. */
const LONGEST_NOTE = 10_000
const LONGEST_NAME = 255
const CHAT = 'chat'

const cut = (text: string, longest: number) =>
  text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`

/** Whom the note is on: the person, the company, or the chat itself. */
function noteableOf({ id, customer_id, contact_id }: Selectable<PbxEventsTable>) {
  if (contact_id !== null) return { noteable_type: 'contact' as const, noteable_id: contact_id }
  if (customer_id !== null) return { noteable_type: 'customer' as const, noteable_id: customer_id }
  return { noteable_type: 'pbx_event' as const, noteable_id: id }
}

export function openChats(store: JournalStore, { clock, lookup, book, pbxEvents }: ChatsDeps): Chats {
  /** The only person with that address, where neither an id nor a number says who it is. */
  const byEmail = async (tenantId: number, { partyId, number, email }: NewChat): Promise<number | null> => {
    if (partyId !== null || email === null) return partyId
    if (number !== null && lookup.byNumber(tenantId, number).known) return null
    const asked = { 'filter[email]': email, 'filter[active]': '1', per_page: '2' }
    const { data } = await book.contacts.list(tenantId, asked)
    return data.length === 1 ? (data[0]?.id ?? null) : null
  }

  return {
    async take(actor, tokenId, chat) {
      const { tenantId } = actor
      const { text, email: _, agentName, startedUtc, endedUtc, ...event } = chat
      const partyId = await byEmail(tenantId, chat)
      const now = clock.now()
      const read = (written: string | null) => (written === null ? null : readWrittenInstant(written, 'UTC'))
      const at = Math.min(now, read(endedUtc) ?? read(startedUtc) ?? now)
      const body = cut(storable(text), LONGEST_NOTE)
      const named = [agentName, event.agent].filter(Boolean).join(', ')
      const author = named === '' ? null : cut(storable(named), LONGEST_NAME)
      return await store.transact(async (tx) => {
        const row = await pbxEvents.insert(tx, { ...event, tenantId, tokenId, partyId })
        if (row === null) return null
        const note = await tx.db
          .insertInto('notes')
          .values({
            ...noteableOf(row),
            tenant_id: tenantId,
            customer_id: row.customer_id,
            contact_id: row.contact_id,
            number_key: row.number_key,
            type: CHAT,
            title: null,
            body,
            folded: foldedNote(null, body),
            priority: DEFAULT_PRIORITY,
            phone_call_id: null,
            author,
            user_id: null,
            token_id: tokenId,
            created_at: at,
            updated_at: at,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        const after = toNote(note)
        await recordAudit(tx, actor, { action: 'create', entity: 'note', entityId: note.id, after })
        return null
      })
    },
  }
}
