import type { Page } from '../../contract/common.ts'
import type { PhoneCall, PhoneCallInput, PhoneCallPatch } from '../../contract/phone-calls.ts'
import type { Directory } from '../directory/directory.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { held } from '../platform/database/claiming.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { fromJson, toJson } from '../platform/database/json.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { readPage, type ListRequest } from '../platform/listing.ts'
import { authorOf } from './author.ts'
import { narrow, type CallFilters, type CallReach } from './call-filters.ts'
import { lockCall, restitch, type CallDeps } from './call-write.ts'
import { unlessMissing } from './notes.ts'
import {
  PHONE_CALL,
  recordFields,
  refuseOther,
  toPhoneCall,
  type CallRow,
  type ToldCall,
} from './phone-call-fields.ts'
import { writePhoneCallNote } from './phone-call-note.ts'
import { checkInstants, readRecord } from './record-fields.ts'
import { hostOf, newRow } from './new-record.ts'
import { storeOne } from './store-records.ts'
import type { JournalDeps, JournalStore, JournalTx, Written } from './write.ts'

export type PhoneCallFilters = CallFilters & {
  customer_id?: number | undefined
  contact_id?: number | undefined
}

/** What `/api/v1/phone-calls` does: the calls there are, told by hand or by a PBX, with the note that came with them. */
export type PhoneCalls = {
  list(reach: CallReach, filters: PhoneCallFilters, request: ListRequest): Promise<Page<PhoneCall>>
  get(reach: CallReach, id: number): Promise<PhoneCall>
  /** The same call again is stored once. `name` is the author's. 422 by field. */
  create(
    actor: Actor,
    reach: CallReach,
    input: PhoneCallInput & { pbx3cx_host_id: number },
    name: string,
  ): Written<PhoneCall>
  update(
    actor: Actor,
    reach: CallReach,
    id: number,
    patch: PhoneCallPatch,
    options: { name: string; condition?: Condition },
  ): Written<PhoneCall>
}

export const PHONE_CALL_COLUMNS = {
  id: 'calls.id',
  started_at: 'calls.started_at',
  created_at: 'calls.created_at',
}

type Deps = JournalDeps & CallDeps & { book: Pick<Directory, 'customers' | 'contacts'> }
type Db = JournalStore['read'] | JournalTx['db']
type Whom = { customer_id: number | null; contact_id: number | null }

export function openPhoneCalls(store: JournalStore, deps: Deps): PhoneCalls {
  const { clock, lookup, parties, book } = deps

  const told = async (db: Db, tenantId: number, calls: CallRow[]): Promise<ToldCall[]> => {
    const ids = calls.map((call) => call.id)
    const notes = await db
      .selectFrom('notes')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('type', '=', PHONE_CALL)
      .where(isOneOf(store.engine, 'phone_call_id', ids, 'bigint'))
      .orderBy('id', 'desc')
      .execute()
    const records = await db
      .selectFrom('records')
      .innerJoin('calls', (join) =>
        join.onRef('calls.host_id', '=', 'records.host_id').onRef('calls.call_key', '=', 'records.call_key'),
      )
      .selectAll('records')
      .select('calls.id as call_id')
      .where(isOneOf(store.engine, 'calls.id', ids, 'bigint'))
      .where('records.source', '=', 'manual')
      .execute()
    const noteOf = new Map(notes.map((note) => [note.phone_call_id, note]))
    const recordOf = new Map(records.map(({ call_id, ...record }) => [call_id, record]))
    return calls.map((call) => ({
      call,
      note: noteOf.get(call.id) ?? null,
      record: recordOf.get(call.id) ?? null,
    }))
  }

  const callIn = async (db: Db, id: number): Promise<CallRow> =>
    await db.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

  /** Whom a write names; undefined when it names nobody. 422 on the field. */
  const whomOf = async (tenantId: number, given: PhoneCallPatch): Promise<Whom | undefined> => {
    const [contactId, customerId] = [given.contact_id ?? null, given.customer_id ?? null]
    const contact =
      contactId === null ? null : await unlessMissing(book.contacts.get(tenantId, Number(contactId)))
    if (contactId !== null && contact === null)
      throw invalid({ contact_id: [`There is no contact ${contactId}.`] })
    const customer =
      customerId === null ? null : await unlessMissing(book.customers.get(tenantId, Number(customerId)))
    if (customerId !== null && customer === null)
      throw invalid({ customer_id: [`There is no customer ${customerId}.`] })
    if (contact === null && customer === null) return undefined
    return { contact_id: contact?.id ?? null, customer_id: customer?.id ?? contact?.customer_id ?? null }
  }

  const setWhom = async ({ db }: JournalTx, id: number, whom: Whom) =>
    await db.updateTable('calls').set(whom).where('id', '=', id).execute()

  const narrowed = (reach: CallReach, filters: CallFilters) =>
    narrow(store.read.selectFrom('calls').selectAll('calls'), store, 'calls', reach, filters, deps)

  const shown = async (db: Db, tenantId: number, id: number): Promise<PhoneCall> => {
    const [one] = await told(db, tenantId, [await callIn(db, id)])
    return toPhoneCall(one!)
  }

  return {
    async list(reach, { customer_id, contact_id, ...filters }, request) {
      const { tenantId } = reach
      let rows = narrowed(reach, filters)
      for (const [kind, id] of [
        ['customer', customer_id],
        ['contact', contact_id],
      ] as const) {
        if (id === undefined) continue
        const ids = await parties.withMerged(kind, tenantId, id)
        rows = rows.where(isOneOf(store.engine, `calls.${kind}_id`, ids, 'bigint'))
      }
      const sort = request.sort.length > 0 ? request.sort : [{ name: 'started_at', descending: true }]
      return await readPage(rows, { ...request, sort }, PHONE_CALL_COLUMNS, async (found) =>
        (await told(store.read, tenantId, found)).map(toPhoneCall),
      )
    },

    async get(reach, id) {
      const row = await narrowed(reach, {}).where('calls.id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Phone call')
      const [one] = await told(store.read, reach.tenantId, [row])
      return toPhoneCall(one!)
    },

    async create(actor, reach, input, name) {
      const { tenantId } = reach
      const host = await hostOf(deps, reach, input.pbx3cx_host_id)
      const fields = recordFields(input)
      if (fields.direction === undefined) throw invalid({ direction: ['Is inbound, outbound or internal.'] })
      const now = new Date(clock.now()).toISOString()
      const started_at = fields.started_at ?? fields.ended_at ?? now
      const status = fields.status ?? 'answered'
      const whole = { ...fields, status, started_at, pbx3cx_host_id: host.id }
      const { pbx3cx_host_id: _, ...payload } = input
      const row = newRow(deps, tenantId, host, whole)
      const whom = await whomOf(tenantId, input)
      const author = { actor, name, now: clock.now() }
      return await store.transact(async (tx) => {
        const { token_id } = authorOf(actor)
        // Somebody who tells of a call by hand knows when it began, and not how long it rang.
        const answered_at = row.status === 'answered' ? row.started_at : null
        const record = { ...row, answered_at, payload: toJson(payload), token_id }
        const { call_id } = await storeOne(tx, deps, host, record)
        if (whom !== undefined) await setWhom(tx, call_id, whom)
        const [one] = await told(tx.db, tenantId, [await callIn(tx.db, call_id)])
        // Told again, what was written down at first stays as it was corrected since.
        if (one!.note === null) await writePhoneCallNote(tx, author, one!, input)
        return await shown(tx.db, tenantId, call_id)
      })
    },

    async update(actor, reach, id, patch, { name, condition = unconditional }) {
      const { tenantId } = reach
      const present = await this.get(reach, id)
      const host = await hostOf(deps, reach, present.pbx3cx_host_id)
      const check = openFieldCheck()
      const read = (text: string) => lookup.read(tenantId, text)
      const { external_id: _known, ...fields } = recordFields(patch)
      const given = readRecord(fields, { check, zone: host.timeZone, read })
      check.done()
      const whom = await whomOf(tenantId, patch)
      const author = { actor, name, now: clock.now() }
      return await store.transact(async (tx) => {
        const mine = tx.db.selectFrom('calls').where('tenant_id', '=', tenantId).where('id', '=', id)
        const known = await mine.select('call_key').executeTakeFirst()
        if (known) await lockCall(tx, host.id, known.call_key)
        const call = await held(tx.engine, mine.selectAll()).executeTakeFirst()
        if (!call) throw notFound('Phone call')
        const [one] = await told(tx.db, tenantId, [call])
        const { record } = one!
        condition(toPhoneCall(one!))
        if (record === null || call.records !== 1) refuseOther(call, given)
        else {
          const columns = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
          const after = { ...record, ...columns }
          if (given.status !== undefined || given.started_at !== undefined)
            after.answered_at = after.status === 'answered' ? after.started_at : null
          checkInstants(after, check)
          check.done()
          const kept = { ...fromJson<object | null>(record.payload), ...patch }
          const { answered_at } = after
          const updated_at = Math.max(clock.now(), record.updated_at + 1)
          await tx.db
            .updateTable('records')
            .set({ ...columns, answered_at, payload: toJson(kept), updated_at })
            .where('id', '=', record.id)
            .execute()
          await restitch(tx, deps, [{ tenantId, host, callKey: call.call_key }])
          const act = { before: record, after: { ...after, payload: toJson(kept) } }
          await recordAudit(tx, actor, { action: 'update', entity: 'record', entityId: record.id, ...act })
        }
        const { customer_id, contact_id } = call
        const stitched = await callIn(tx.db, id)
        const isLost = stitched.customer_id === null && stitched.contact_id === null
        if (whom !== undefined || isLost) await setWhom(tx, id, whom ?? { customer_id, contact_id })
        await writePhoneCallNote(tx, author, { ...one!, call: await callIn(tx.db, id) }, patch)
        return await shown(tx.db, tenantId, id)
      })
    },
  }
}
