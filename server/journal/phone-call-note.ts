import type { PhoneCallPatch } from '../../contract/phone-calls.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { authorOf } from './author.ts'
import { DEFAULT_PRIORITY, foldedNote, toNote, type NoteRow } from './note-fields.ts'
import { PHONE_CALL, type CallRow, type ToldCall } from './phone-call-fields.ts'
import type { JournalTx } from './write.ts'

/** Who writes, as it is shown; `now` in ms UTC. */
type Author = { actor: Actor; name: string; now: number }

/** Subject and body after a write: absent stays, null and empty are cleared. 422 on the field. */
function contentAfter(note: NoteRow | null, given: PhoneCallPatch) {
  const check = openFieldCheck()
  const [subject, text] = [check.text('subject', given.subject), check.text('body', given.body)]
  check.done()
  const title = subject === undefined ? (note?.title ?? null) : subject
  return { title, body: text === undefined ? (note?.body ?? null) : text }
}

/** What a note of a call is on: whom it was with, else the call itself. */
function noteableOf({
  id,
  contact_id,
  customer_id,
}: CallRow): Pick<NoteRow, 'noteable_type' | 'noteable_id'> {
  if (contact_id !== null) return { noteable_type: 'contact', noteable_id: contact_id }
  if (customer_id !== null) return { noteable_type: 'customer', noteable_id: customer_id }
  return { noteable_type: 'call', noteable_id: id }
}

/** Writes the subject and body of a call as its one note of that kind; with neither it goes. */
export async function writePhoneCallNote(
  tx: JournalTx,
  { actor, name, now }: Author,
  { call, note }: ToldCall,
  given: PhoneCallPatch,
): Promise<void> {
  const { title, body } = contentAfter(note, given)
  if (title === (note?.title ?? null) && body === (note?.body ?? null)) return
  const content = { title, body, folded: foldedNote(title, body), updated_at: now }
  const act = { entity: 'note', ...(note === null ? {} : { before: toNote(note) }) }
  if (note !== null && title === null && body === null) {
    await tx.db.deleteFrom('notes').where('id', '=', note.id).execute()
    await recordAudit(tx, actor, { ...act, action: 'delete', entityId: note.id })
    return
  }
  if (note !== null) {
    const row = await tx.db
      .updateTable('notes')
      .set(content)
      .where('id', '=', note.id)
      .returningAll()
      .executeTakeFirstOrThrow()
    await recordAudit(tx, actor, { ...act, action: 'update', entityId: note.id, after: toNote(row) })
    return
  }
  const { customer_id, contact_id } = call
  const { user_id, token_id } = authorOf(actor)
  const row = await tx.db
    .insertInto('notes')
    .values({
      ...content,
      ...noteableOf(call),
      number_key: null,
      tenant_id: actor.tenantId,
      customer_id,
      contact_id,
      type: PHONE_CALL,
      priority: DEFAULT_PRIORITY,
      phone_call_id: call.id,
      author: name,
      user_id,
      token_id,
      created_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await recordAudit(tx, actor, { ...act, action: 'create', entityId: row.id, after: toNote(row) })
}
