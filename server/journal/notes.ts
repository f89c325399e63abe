import type { Insertable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Note, NoteInput, NotePatch } from '../../contract/notes.ts'
import { fold, type Directory } from '../directory/directory.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { held } from '../platform/database/claiming.ts'
import { contains, isOneOf } from '../platform/database/engine.ts'
import { HubError, invalid, notFound } from '../platform/errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { readPage } from '../platform/listing.ts'
import { isAbout, type About as Whom } from './about.ts'
import { authorOf, refuseForeign } from './author.ts'
import type { CallReach } from './call-filters.ts'
import type { Calls } from './calls.ts'
import { partyIdsOf } from './disposition-shape.ts'
import { readJournalList } from './list-filters.ts'
import { foldedNote, noteableType, readContent, readNote, toNote, type NoteRow } from './note-fields.ts'
import { seenName, type SeenCalls } from './seen-calls.ts'
import type { NotesTable } from './tables.ts'
import type { JournalDeps, JournalStore, JournalTx, Written } from './write.ts'

/** Who writes: what its credential reaches, and whether it may change what others wrote. */
export type NoteWriter = { actor: Actor; reach: CallReach; anybodys: boolean }

/** What people write down about customers, contacts and calls. */
export type Notes = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Note>>
  /** Newest first. */
  ofNoteable(tenantId: number, asked: { type: string; id: number }, limit: number): Promise<Note[]>
  get(tenantId: number, id: number): Promise<Note>
  /** On these parties or one of these calls, newest first. */
  recent(tenantId: number, about: Whom, callIds: number[], limit: number): Promise<Note[]>
  /** 422 on `noteable_id` for what is not there; `name` is the author's, as it is shown. */
  create(writer: NoteWriter, input: NoteInput, name: string): Written<Note>
  /** HubError `not_yours`. */
  update(writer: NoteWriter, id: number, patch: NotePatch, condition?: Condition): Written<Note>
  remove(writer: NoteWriter, id: number, condition?: Condition): Written<null>
}

export type NotesDeps = JournalDeps & {
  book: Pick<Directory, 'customers' | 'contacts'>
  calls: Calls
  seenCalls: SeenCalls
}

const isOnParty = ({ noteable_type: type }: NoteRow) => type === 'customer' || type === 'contact'
const COLUMNS = { id: 'id', created_at: 'created_at', priority: 'priority' }
const FILTERS = ['customer_id', 'contact_id', 'phone_call_id', 'user_id', 'type', 'term_match', 'from', 'to']
const MOST_WORDS = 10

type About = Pick<Insertable<NotesTable>, 'noteable_type' | 'noteable_id' | 'customer_id' | 'contact_id'>
/** What a new note is on, in the transaction that writes it; null when it is not there. */
type On = ((tx: JournalTx) => Promise<About>) | null

/** null for what is not there. */
export async function unlessMissing<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (error instanceof HubError && error.code === 'not_found') return null
    throw error
  }
}

export function openNotes(store: JournalStore, deps: NotesDeps): Notes {
  const { clock, parties, timeZone, book, calls, seenCalls } = deps
  const own = (tenantId: number) =>
    store.read.selectFrom('notes').selectAll().where('tenant_id', '=', tenantId)

  const toNotes = async (tenantId: number, rows: NoteRow[]) => {
    const ids = rows.flatMap((row) => (isOnParty(row) ? [row.noteable_id] : []))
    const survivors = await parties.survivors(tenantId, [...new Set([...ids, ...partyIdsOf(rows)])])
    return rows.map((row) => toNote(row, survivors))
  }

  /** Whom a note on this is about; null when it is not there. */
  const about = async (
    reach: CallReach,
    type: NoteRow['noteable_type'],
    id: number,
  ): Promise<About | null> => {
    if (type === 'customer') {
      const found = await unlessMissing(book.customers.get(reach.tenantId, id))
      return found && { noteable_type: type, noteable_id: found.id, customer_id: found.id, contact_id: null }
    }
    if (type === 'contact') {
      const found = await unlessMissing(book.contacts.get(reach.tenantId, id))
      return (
        found && {
          noteable_type: type,
          noteable_id: found.id,
          customer_id: found.customer_id,
          contact_id: found.id,
        }
      )
    }
    if (type === 'pbx_event') return null
    const found = await unlessMissing(calls.get(reach, id))
    return (
      found && {
        noteable_type: type,
        noteable_id: id,
        customer_id: found.customer_id,
        contact_id: found.contact_id,
      }
    )
  }

  /** As `about`; a call that was only seen so far is stored with the note. */
  const onOf = async (
    { actor, reach }: NoteWriter,
    { type, id }: ReturnType<typeof readNote>['on'],
  ): Promise<On> => {
    if (type !== 'live_call') {
      const found = await about(reach, type, id)
      return found && (async () => found)
    }
    const seen = await seenCalls.find(reach, { call: seenName({ callNo: id }), host: null })
    const host = seen && (await seenCalls.hostOf(seen))
    if (!seen || !host) return null
    return async (tx) => ({
      noteable_type: 'call',
      noteable_id: await seenCalls.keep(tx, actor, seen, host),
      customer_id: seen.customerId,
      contact_id: seen.contactId,
    })
  }

  const checkCall = async (reach: CallReach, id: number | null | undefined) => {
    if (id === null || id === undefined || (await unlessMissing(calls.get(reach, id)))) return
    throw invalid({ phone_call_id: [`There is no call ${id}.`] })
  }

  const lock = async (tx: JournalTx, { actor, anybodys }: NoteWriter, id: number) => {
    const rows = tx.db
      .selectFrom('notes')
      .selectAll()
      .where('tenant_id', '=', actor.tenantId)
      .where('id', '=', id)
    const row = await held(tx.engine, rows).executeTakeFirst()
    if (!row) throw notFound('Note')
    if (!anybodys) refuseForeign(actor, row)
    return row
  }

  /** The row is only shown with its parties followed, and whom it means never changes. */
  const survivorsFor = async (tenantId: number, id: number) => {
    const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
    return row ? await parties.survivors(tenantId, [row.noteable_id, ...partyIdsOf([row])]) : new Map()
  }

  return {
    async list(tenantId, query) {
      const allows = { sort: Object.keys(COLUMNS), filters: FILTERS }
      const { request, filters } = readJournalList(query, allows, timeZone(tenantId))
      let rows = own(tenantId)
      for (const kind of ['customer', 'contact'] as const) {
        const id = filters.id(`${kind}_id`)
        if (id === null) continue
        const ids = await parties.withMerged(kind, tenantId, id)
        rows = rows.where(isOneOf(store.engine, `${kind}_id`, ids, 'bigint'))
      }
      for (const name of ['phone_call_id', 'user_id'] as const) {
        const id = filters.id(name)
        if (id !== null) rows = rows.where(name, '=', id)
      }
      const type = filters.text('type')
      if (type !== null) rows = rows.where('type', '=', type)
      const words = fold(filters.text('term_match') ?? '')
        .split(' ')
        .slice(0, MOST_WORDS)
      for (const word of words) if (word !== '') rows = rows.where(contains('folded', word))
      const [from, to] = [filters.instant('from'), filters.instant('to')]
      if (from !== null) rows = rows.where('created_at', '>=', from)
      if (to !== null) rows = rows.where('created_at', '<', to)
      const sort = request.sort.length > 0 ? request.sort : [{ name: 'id', descending: true }]
      return await readPage(rows, { ...request, sort }, COLUMNS, (found) => toNotes(tenantId, found))
    },

    async ofNoteable(tenantId, asked, limit) {
      const type = noteableType(asked.type)
      if (type === null || type === 'live_call') return []
      const ids =
        type === 'call' || type === 'pbx_event'
          ? [asked.id]
          : await parties.withMerged(type, tenantId, asked.id)
      const rows = await own(tenantId)
        .where('noteable_type', '=', type)
        .where(isOneOf(store.engine, 'noteable_id', ids, 'bigint'))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return await toNotes(tenantId, rows)
    },

    async recent(tenantId, about, callIds, limit) {
      const rows = await own(tenantId)
        .where((is) =>
          is.or([
            isAbout(store.engine, 'notes', about),
            is.and([
              is('noteable_type', '=', 'call'),
              isOneOf(store.engine, 'noteable_id', callIds, 'bigint'),
            ]),
          ]),
        )
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return await toNotes(tenantId, rows)
    },

    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Note')
      return (await toNotes(tenantId, [row]))[0]!
    },

    async create(writer, input, name) {
      const { actor, reach } = writer
      const { on, columns } = readNote(input)
      const noted = await onOf(writer, on)
      if (noted === null) throw invalid({ noteable_id: [`There is no ${on.type} ${on.id}.`] })
      await checkCall(reach, columns.phone_call_id)
      const { user_id, token_id } = authorOf(actor)
      const now = clock.now()
      return await store.transact(async (tx) => {
        const row = await tx.db
          .insertInto('notes')
          .values({
            ...columns,
            ...(await noted(tx)),
            number_key: null,
            tenant_id: actor.tenantId,
            author: name,
            user_id,
            token_id,
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        const after = toNote(row)
        await recordAudit(tx, actor, { action: 'create', entity: 'note', entityId: row.id, after })
        return after
      })
    },

    async update(writer, id, patch, condition = unconditional) {
      const { actor, reach } = writer
      const check = openFieldCheck()
      const given = readContent(check, patch)
      check.done()
      await checkCall(reach, given.phone_call_id)
      const survivors = await survivorsFor(actor.tenantId, id)
      return await store.transact(async (tx) => {
        const before = await lock(tx, writer, id)
        condition(toNote(before, survivors))
        const { title = before.title, body = before.body } = given
        if (title === null && body === null) throw invalid({ body: ['A note needs a title or a body.'] })
        const row = await tx.db
          .updateTable('notes')
          .set({ ...given, folded: foldedNote(title, body), updated_at: clock.now() })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        const shown = { before: toNote(before), after: toNote(row) }
        await recordAudit(tx, actor, { action: 'update', entity: 'note', entityId: id, ...shown })
        return toNote(row, survivors)
      })
    },

    async remove(writer, id, condition = unconditional) {
      const { actor } = writer
      const survivors = await survivorsFor(actor.tenantId, id)
      return await store.transact(async (tx) => {
        const before = await lock(tx, writer, id)
        condition(toNote(before, survivors))
        await tx.db.deleteFrom('notes').where('id', '=', id).execute()
        const act = { action: 'delete', entity: 'note', entityId: id } as const
        await recordAudit(tx, actor, { ...act, before: toNote(before) })
        return null
      })
    },
  }
}
