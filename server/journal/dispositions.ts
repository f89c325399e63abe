import type { Page } from '../../contract/common.ts'
import type { Disposition, DispositionInput, DispositionPatch } from '../../contract/dispositions.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { readPage } from '../platform/listing.ts'
import { isAbout, type About } from './about.ts'
import { refuseForeign } from './author.ts'
import { codeOf } from './codes.ts'
import { partyIdsOf, toDisposition } from './disposition-shape.ts'
import { tellDisposition } from './disposition-events.ts'
import { followUp } from './follow-ups.ts'
import type { LinkedCalls } from './linked-calls.ts'
import { readJournalList } from './list-filters.ts'
import { recordDispositions, unknownStatus, type DispositionRow, type NewDisposition } from './record.ts'
import { canonicalStatus } from './statuses.ts'
import type { JournalDeps, JournalStore, Telling, Written } from './write.ts'

/** What became of calls. */
export type Dispositions = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Disposition>>
  get(tenantId: number, id: number): Promise<Disposition>
  /** About these parties or one of these calls, newest first. */
  recent(tenantId: number, about: About, callIds: number[], limit: number): Promise<Disposition[]>
  /**
   * Writes records in the order given, all or none: a repetition of a record is answered with the first one. 422 on
   * `status` (`1.status` for the second of several).
   */
  record(actor: Actor, records: readonly NewDisposition[]): Written<Disposition[]>
  create(actor: Actor, input: DispositionInput, requestKey: string | null): Written<Disposition>
  /** `ownOnly`: HubError `not_yours` for what somebody else recorded. */
  update(
    actor: Actor,
    id: number,
    patch: DispositionPatch,
    options?: { condition?: Condition; ownOnly?: boolean },
  ): Written<Disposition>
}

const COLUMNS = { id: 'id', recorded_at: 'recorded_at', status: 'status', agent: 'agent' }
const FILTERS = ['number', 'customer_id', 'contact_id', 'status', 'agent', 'from', 'to']

/** What a correction changes, and an event tells. */
const TOLD = ['status', 'comment', 'agent', 'due_at'] as const

const instantOrNull = (text: string | null | undefined) =>
  text === null || text === undefined ? null : Date.parse(text)

export function openDispositions(
  store: JournalStore,
  deps: JournalDeps & Telling & { windowMs: number; linkedCalls: LinkedCalls },
): Dispositions {
  const { clock, lookup, parties, timeZone } = deps
  const own = (tenantId: number) =>
    store.read.selectFrom('dispositions').selectAll().where('tenant_id', '=', tenantId)
  const survivorsOf = (tenantId: number, rows: DispositionRow[]) =>
    parties.survivors(tenantId, partyIdsOf(rows))
  /** With the call that it names, stored or seen. */
  const withLink = async (tenantId: number, given: NewDisposition): Promise<NewDisposition> => {
    const call = given.call?.trim()
    if (!call) return given
    const everywhere = { tenantId, hostId: null, departments: null }
    const asked = { call, numberKey: lookup.key(tenantId, given.number) }
    const link = await deps.linkedCalls.link(everywhere, asked)
    return link ? { ...given, link } : given
  }

  return {
    async list(tenantId, query) {
      const allows = { sort: Object.keys(COLUMNS), filters: FILTERS }
      const { request, filters } = readJournalList(query, allows, timeZone(tenantId))
      const [number, status, agent] = [filters.text('number'), filters.text('status'), filters.text('agent')]
      const [from, to] = [filters.instant('from'), filters.instant('to')]
      let rows = own(tenantId)
      if (number !== null) {
        const key = lookup.key(tenantId, number)
        rows = key === null ? rows.where('number_key', 'is', null) : rows.where('number_key', '=', key)
      }
      if (status !== null) rows = rows.where('status', '=', canonicalStatus(status) ?? status)
      if (agent !== null) rows = rows.where('agent', '=', agent)
      if (from !== null) rows = rows.where('recorded_at', '>=', from)
      if (to !== null) rows = rows.where('recorded_at', '<', to)
      for (const kind of ['customer', 'contact'] as const) {
        const id = filters.id(`${kind}_id`)
        if (id === null) continue
        const ids = await parties.withMerged(kind, tenantId, id)
        rows = rows.where(isOneOf(store.engine, `${kind}_id`, ids, 'bigint'))
      }
      return await readPage(rows, request, COLUMNS, async (found) => {
        const survivors = await survivorsOf(tenantId, found)
        return found.map((row) => toDisposition(row, survivors))
      })
    },

    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Disposition')
      return toDisposition(row, await survivorsOf(tenantId, [row]))
    },

    async recent(tenantId, about, callIds, limit) {
      const rows = await own(tenantId)
        .where((is) =>
          is.or([
            isAbout(store.engine, 'dispositions', about),
            isOneOf(store.engine, 'call_log_id', callIds, 'bigint'),
          ]),
        )
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      const survivors = await survivorsOf(tenantId, rows)
      return rows.map((row) => toDisposition(row, survivors))
    },

    async record(actor, records) {
      const linked = await Promise.all(records.map((one) => withLink(actor.tenantId, one)))
      return store.transact(async (tx) =>
        (await recordDispositions(tx, actor, linked, deps)).map((row) => toDisposition(row)),
      )
    },

    async create(actor, input, requestKey) {
      const { number, status, comment, agent, call, due_at } = input
      const record = await withLink(actor.tenantId, {
        number,
        status,
        comment: comment ?? '',
        agent: agent ?? null,
        call: call ?? null,
        dueAt: instantOrNull(due_at),
        requestKey,
      })
      return store.transact(async (tx) => {
        const [row] = await recordDispositions(tx, actor, [record], deps)
        return toDisposition(row!)
      })
    },

    async update(actor, id, patch, { condition = unconditional, ownOnly = false } = {}) {
      // Whom a row means never changes, so what was merged can be read before the row is locked.
      const known = await own(actor.tenantId).where('id', '=', id).executeTakeFirst()
      const survivors = await survivorsOf(actor.tenantId, known ? [known] : [])
      return await store.transact(async (tx) => {
        const rows = tx.db
          .selectFrom('dispositions')
          .selectAll()
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
        const before = await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
        if (!before) throw notFound('Disposition')
        if (ownOnly) refuseForeign(actor, before)
        condition(toDisposition(before, survivors))
        const status =
          patch.status === undefined ? before.status : await codeOf(tx, actor.tenantId, patch.status)
        if (status === null) throw invalid({ status: [unknownStatus(patch.status ?? '')] })
        const row = await tx.db
          .updateTable('dispositions')
          .set({
            status,
            comment: patch.comment === undefined ? before.comment : (patch.comment ?? ''),
            agent: patch.agent === undefined ? before.agent : patch.agent,
            due_at: patch.due_at === undefined ? before.due_at : instantOrNull(patch.due_at),
            updated_at: Math.max(clock.now(), before.updated_at + 1),
          })
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        await followUp(tx, row, before, deps.planCallback)
        if (TOLD.some((name) => row[name] !== before[name])) await tellDisposition(tx, deps.append, row, true)
        const act = { action: 'update', entity: 'disposition', entityId: id } as const
        await recordAudit(tx, actor, { ...act, before: toDisposition(before), after: toDisposition(row) })
        return toDisposition(row, survivors)
      })
    },
  }
}
