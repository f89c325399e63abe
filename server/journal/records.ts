import type { Page } from '../../contract/common.ts'
import type { CallRecord, RecordInput, RecordPatch } from '../../contract/pbx3cx-calls.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { HostFacts } from '../fleet/fleet.ts'
import type { Committed } from '../platform/committed.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { readPage, type ListRequest } from '../platform/listing.ts'
import { asRefusal } from '../platform/refusal.ts'
import { authorOf } from './author.ts'
import { narrow, type CallFilters, type CallReach } from './call-filters.ts'
import { placeKey, restitch, type CallDeps, type CallStore, type CallTx } from './call-write.ts'
import { hostOf, newRow } from './new-record.ts'
import { callKey, checkInstants, naturalKey, readRecord } from './record-fields.ts'
import { toRecord, type RowOfCall } from './record-shape.ts'
import { withCalls, type StoreRecord } from './store-records.ts'

/** What `/api/v1/pbx3cx_calls` does: records of calls, each stitched into its call as it is written. */
export type Records = {
  list(reach: CallReach, filters: CallFilters, request: ListRequest): Promise<Page<CallRecord>>
  /** Newest first; `cursor` is where the last page ended. */
  page(
    reach: CallReach,
    filters: CallFilters,
    asked: { cursor: string | null; perPage: number },
  ): Promise<{ data: CallRecord[]; per_page: number; next_cursor: string | null }>
  get(reach: CallReach, id: number): Promise<CallRecord>
  /** The same record again is stored once, and answered as the first. */
  create(actor: Actor, reach: CallReach, input: RecordInput): Promise<Committed<CallRecord>>
  update(
    actor: Actor,
    reach: CallReach,
    id: number,
    patch: RecordPatch,
    condition?: Condition,
  ): Promise<Committed<CallRecord>>
  remove(actor: Actor, reach: CallReach, id: number, condition?: Condition): Promise<Committed<null>>
}

export const RECORD_COLUMNS = {
  id: 'records.id',
  started_at: 'records.started_at',
  created_at: 'records.created_at',
}

const UNIQUES = {
  natural_key: { field: 'external_id', message: 'Another record of this host has it.' },
}

/** Raw records of calls. A new one is its own evidence: who brought it and when stands in its row. */
export function openRecords(store: CallStore, deps: CallDeps, storeRecord: StoreRecord): Records {
  const own = (reach: CallReach, filters: CallFilters) =>
    narrow(withCalls(store.read), store, 'records', reach, filters, deps)

  const lock = async (tx: CallTx, { tenantId, hostId }: CallReach, id: number): Promise<RowOfCall> => {
    let rows = withCalls(tx.db).where('records.tenant_id', '=', tenantId).where('records.id', '=', id)
    if (hostId !== null) rows = rows.where('records.host_id', '=', hostId)
    const row = await (tx.engine === 'postgres' ? rows.forUpdate('records') : rows).executeTakeFirst()
    if (!row) throw notFound('Record')
    return row
  }
  /** The calls that a changed record was and is part of. */
  const restitchAll = (tx: CallTx, host: HostFacts, tenantId: number, keys: string[]) =>
    restitch(
      tx,
      deps,
      keys.map((callKey) => ({ tenantId, host, callKey })),
    )

  return {
    list: (reach, filters, request) =>
      readPage(own(reach, filters), request, RECORD_COLUMNS, (rows) => rows.map(toRecord)),
    async page(reach, filters, { cursor, perPage }) {
      let rows = own(reach, filters).orderBy('records.id', 'desc')
      if (cursor !== null) {
        if (!/^[0-9]{1,15}$/.test(cursor)) throw invalid({ cursor: ['Is no cursor of ours.'] })
        rows = rows.where('records.id', '<', Number(cursor))
      }
      const found = await rows.limit(perPage + 1).execute()
      const shown = found.slice(0, perPage)
      const last = shown.at(-1)
      const next_cursor = found.length > perPage && last ? String(last.id) : null
      return { data: shown.map(toRecord), per_page: perPage, next_cursor }
    },
    async get(reach, id) {
      const row = await own(reach, {}).where('records.id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Record')
      return toRecord(row)
    },
    async create(actor, reach, input) {
      const host = await hostOf(deps, reach, input.pbx3cx_host_id)
      const row = { ...newRow(deps, reach.tenantId, host, input), token_id: authorOf(actor).token_id }
      return storeRecord({ host, row }, toRecord)
    },
    async update(actor, reach, id, patch, condition = unconditional) {
      const present = await this.get(reach, id)
      const host = await hostOf(deps, reach, present.pbx3cx_host_id)
      if (patch.pbx3cx_host_id !== undefined && Number(patch.pbx3cx_host_id) !== host.id)
        throw invalid({ pbx3cx_host_id: ['A record stays with its host.'] })
      const check = openFieldCheck()
      const read = (text: string) => deps.lookup.explain(reach.tenantId, text).read
      const given = readRecord(patch, { check, zone: host.timeZone, read })
      try {
        return await store.transact(async (tx) => {
          const row = await lock(tx, reach, id)
          const { call_id: _, ...before } = row
          condition(toRecord(row))
          const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
          const after = { ...before, ...fields }
          checkInstants(after, check)
          check.done()
          // What came first is known again by what it was then, whatever was corrected since.
          const natural = given.external_id === undefined ? before.natural_key : naturalKey(after)
          const isOfOneCall = given.call_history_id === undefined && natural === before.natural_key
          const call_key = isOfOneCall ? before.call_key : callKey(after.call_history_id, natural)
          const columns = { ...fields, natural_key: natural, call_key }
          const updated_at = Math.max(deps.clock.now(), before.updated_at + 1)
          const changed = await tx.db
            .updateTable('records')
            .set({ ...columns, updated_at })
            .where('id', '=', id)
            .returningAll()
            .executeTakeFirstOrThrow()
          const calls = await restitchAll(tx, host, reach.tenantId, [before.call_key, call_key])
          const call_id = calls.get(placeKey({ host, callKey: call_key })) ?? 0
          const answer = toRecord({ ...changed, call_id })
          const act = { before: toRecord(row), after: answer }
          await recordAudit(tx, actor, { action: 'update', entity: 'record', entityId: id, ...act })
          return answer
        })
      } catch (error) {
        throw asRefusal(error, UNIQUES)
      }
    },
    async remove(actor, reach, id, condition = unconditional) {
      const present = await this.get(reach, id)
      const host = await hostOf(deps, reach, present.pbx3cx_host_id)
      return store.transact(async (tx) => {
        const row = await lock(tx, reach, id)
        condition(toRecord(row))
        await tx.db.deleteFrom('records').where('id', '=', id).execute()
        await restitchAll(tx, host, reach.tenantId, [row.call_key])
        await recordAudit(tx, actor, {
          action: 'delete',
          entity: 'record',
          entityId: id,
          before: toRecord(row),
        })
        return null
      })
    },
  }
}
