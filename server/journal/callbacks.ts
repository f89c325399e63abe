import { sql, type Selectable } from 'kysely'
import type { Callback, CallbackPatch } from '../../contract/callbacks.ts'
import type { Page } from '../../contract/common.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { readPage } from '../platform/listing.ts'
import { isAbout, type About } from './about.ts'
import { followedParty, partyIdsOf } from './disposition-shape.ts'
import { readJournalList } from './list-filters.ts'
import type { DispositionRow } from './record.ts'
import type { CallbacksTable } from './tables.ts'
import {
  isoOrNull,
  isoTime,
  type JournalDeps,
  type JournalStore,
  type Telling,
  type Written,
} from './write.ts'

/** Who wants to be called, and when. */
export type Callbacks = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Callback>>
  get(tenantId: number, id: number): Promise<Callback>
  /** Of these, those that are open, the earliest first, those without a time last. */
  openOf(tenantId: number, about: About, limit: number): Promise<Callback[]>
  update(actor: Actor, id: number, patch: CallbackPatch, condition?: Condition): Written<Callback>
}

type Row = Selectable<CallbacksTable>
const COLUMNS = { id: 'id', due_at: 'due_at', created_at: 'created_at' }
const FILTERS = ['status', 'due_from', 'due_to', 'disposition_id']
const STATUSES = ['open', 'done', 'cancelled']

export function openCallbacks(
  store: JournalStore,
  { clock, parties, timeZone, planCallback }: JournalDeps & Pick<Telling, 'planCallback'>,
): Callbacks {
  const own = (tenantId: number) =>
    store.read.selectFrom('callbacks').selectAll().where('tenant_id', '=', tenantId)

  const readDispositions = async (tenantId: number, rows: Row[]) => {
    const ids = rows.map((row) => row.disposition_id)
    const found = await store.read
      .selectFrom('dispositions')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where(isOneOf(store.engine, 'id', ids, 'bigint'))
      .execute()
    const survivors = await parties.survivors(tenantId, partyIdsOf(found))
    return { of: new Map(found.map((row) => [row.id, row])), survivors }
  }
  type Known = Awaited<ReturnType<typeof readDispositions>>

  const toCallback = (row: Row, { of, survivors }: Known): Callback => {
    const disposition = of.get(row.disposition_id)
    const nobody = { customer_id: null, contact_id: null }
    const { number_raw, e164, comment, agent } = disposition ?? ({} as Partial<DispositionRow>)
    return {
      id: row.id,
      disposition_id: row.disposition_id,
      status: row.status,
      due_at: isoOrNull(row.due_at),
      overdue: row.status === 'open' && row.due_at !== null && row.due_at <= clock.now(),
      number: number_raw ?? '',
      e164: e164 ?? null,
      ...followedParty(disposition ?? nobody, survivors),
      comment: comment ?? '',
      agent: agent ?? null,
      completed_at: isoOrNull(row.completed_at),
      created_at: isoTime(row.created_at),
      updated_at: isoTime(row.updated_at),
    }
  }

  return {
    async list(tenantId, query) {
      const allows = { sort: Object.keys(COLUMNS), filters: FILTERS }
      const { request, filters } = readJournalList(query, allows, timeZone(tenantId))
      const status = filters.text('status')
      if (status !== null && !STATUSES.includes(status))
        throw invalid({ 'filter[status]': [`Is one of ${STATUSES.join(', ')}.`] })
      const [from, to] = [filters.instant('due_from'), filters.instant('due_to')]
      const disposition = filters.id('disposition_id')
      let rows = own(tenantId)
      if (status !== null) rows = rows.where('status', '=', status as Row['status'])
      if (disposition !== null) rows = rows.where('disposition_id', '=', disposition)
      if (from !== null) rows = rows.where('due_at', '>=', from)
      if (to !== null) rows = rows.where('due_at', '<', to)
      return await readPage(rows, request, COLUMNS, async (found) => {
        const known = await readDispositions(tenantId, found)
        return found.map((row) => toCallback(row, known))
      })
    },

    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Callback')
      return toCallback(row, await readDispositions(tenantId, [row]))
    },

    async openOf(tenantId, about, limit) {
      const rows = await store.read
        .selectFrom('callbacks')
        .innerJoin('dispositions', (join) =>
          join
            .onRef('dispositions.tenant_id', '=', 'callbacks.tenant_id')
            .onRef('dispositions.id', '=', 'callbacks.disposition_id'),
        )
        .selectAll('callbacks')
        .where('callbacks.tenant_id', '=', tenantId)
        .where('callbacks.status', '=', 'open')
        .where(isAbout(store.engine, 'dispositions', about))
        .orderBy(sql`callbacks.due_at is null`)
        .orderBy('callbacks.due_at')
        .orderBy('callbacks.id')
        .limit(limit)
        .execute()
      const known = await readDispositions(tenantId, rows)
      return rows.map((row) => toCallback(row, known))
    },

    async update(actor, id, { status, due_at }, condition = unconditional) {
      const { tenantId } = actor
      // What is shown of the disposition is not written here, so it can be read before the row is locked.
      const present = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!present) throw notFound('Callback')
      const known = await readDispositions(tenantId, [present])
      return await store.transact(async (tx) => {
        const rows = tx.db
          .selectFrom('callbacks')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
        const before = await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
        if (!before) throw notFound('Callback')
        condition(toCallback(before, known))
        const now = clock.now()
        const next = status ?? before.status
        const row = await tx.db
          .updateTable('callbacks')
          .set({
            status: next,
            due_at: due_at === undefined ? before.due_at : due_at === null ? null : Date.parse(due_at),
            completed_at: next === 'done' ? (before.completed_at ?? now) : null,
            updated_at: now,
          })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        if (before.status !== row.status || before.due_at !== row.due_at) await planCallback(tx, row)
        const [was, is] = [before, row].map(({ status: state, due_at: due }) => ({
          status: state,
          due_at: isoOrNull(due),
        }))
        const act = { action: 'update', entity: 'callback', entityId: id } as const
        await recordAudit(tx, actor, { ...act, before: was, after: is })
        return toCallback(row, known)
      })
    },
  }
}
