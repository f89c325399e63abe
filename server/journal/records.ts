import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { CallRecord, RecordInput, RecordPatch } from '../../contract/pbx3cx-calls.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { fromJson, toJson } from '../platform/database/json.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { readPage, type ListRequest } from '../platform/listing.ts'
import { asRefusal } from '../platform/refusal.ts'
import { authorOf } from './author.ts'
import { narrow, type CallFilters, type CallReach } from './call-filters.ts'
import type { RecordsTable } from './call-tables.ts'
import {
  isAlone,
  restitch,
  type CallDeps,
  type CallStore,
  type CallTx,
  type HostFacts,
} from './call-write.ts'
import { callKey, checkInstants, naturalKey, readRecord } from './record-fields.ts'
import { absorbReports, lockReports, reportsCalls } from './report-calls.ts'
import { REPORTED } from './stitching.ts'

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

type Row = Selectable<RecordsTable>
type RowOfCall = Row & { call_id: number }
export const RECORD_COLUMNS = {
  id: 'records.id',
  started_at: 'records.started_at',
  created_at: 'records.created_at',
}

const isoTime = (at: number) => new Date(at).toISOString()
const isoOrNull = (at: number | null) => (at === null ? null : isoTime(at))

export function toRecord(row: RowOfCall): CallRecord {
  return {
    id: row.id,
    pbx3cx_host_id: row.host_id,
    call_id: row.call_id,
    natural_key: row.natural_key,
    external_id: row.external_id,
    call_history_id: row.call_history_id,
    source: row.source,
    direction: row.direction,
    started_at: isoTime(row.started_at),
    answered_at: isoOrNull(row.answered_at),
    ended_at: isoOrNull(row.ended_at),
    ring_ms: row.ring_ms,
    wait_ms: row.wait_ms,
    talk_ms: row.talk_ms,
    status: row.status,
    caller_number: row.caller_number,
    caller_name: row.caller_name,
    called_number: row.called_number,
    queue: row.queue,
    agent_extension: row.agent_extension,
    agent_name: row.agent_name,
    payload: fromJson<unknown>(row.payload),
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  }
}

const UNIQUES = {
  natural_key: { field: 'external_id', message: 'Another record of this host has it.' },
}

const noHost = (id: number) => invalid({ pbx3cx_host_id: [`There is no PBX host ${id}.`] })

/** The host that a write names. 422 on `pbx3cx_host_id`. */
export async function hostOf(deps: CallDeps, reach: CallReach, id: number | string): Promise<HostFacts> {
  const host = await deps.host(reach, Number(id))
  if (host === null) throw noHost(Number(id))
  return host
}

/** A record as its row is to be; 422 by field. */
export function newRow(deps: CallDeps, tenantId: number, host: HostFacts, input: RecordInput) {
  const check = openFieldCheck()
  const read = (text: string) => deps.lookup.explain(tenantId, text).read
  const { started_at, status, source, ...given } = readRecord(input, { check, zone: host.timeZone, read })
  if (started_at === undefined && (given.external_id ?? null) === null)
    check.refuse('started_at', 'Is needed where there is no external_id.')
  const now = deps.clock.now()
  const row = {
    direction: null,
    answered_at: null,
    ended_at: null,
    ring_ms: null,
    wait_ms: null,
    talk_ms: null,
    caller_number: null,
    caller_name: null,
    called_number: null,
    queue: null,
    agent_extension: null,
    agent_name: null,
    caller_key: null,
    called_key: null,
    external_id: null,
    call_history_id: null,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  } as Pick<Row, Exclude<keyof typeof given, undefined>> & Pick<Row, 'external_id' | 'call_history_id'>
  const told = {
    ...row,
    started_at: started_at ?? now,
    status: status ?? (row.answered_at === null ? ('missed' as const) : ('answered' as const)),
  }
  checkInstants(told, check)
  const { pbx3cx_host_id: _, ...payload } = input
  const text = check.text('payload', toJson(payload)) ?? '{}'
  check.done()
  const natural_key = naturalKey(told)
  return {
    ...told,
    tenant_id: tenantId,
    host_id: host.id,
    natural_key,
    call_key: callKey(told.call_history_id, natural_key),
    source: source ?? 'manual',
    payload: text,
    created_at: now,
    updated_at: now,
  }
}

/** Stores a record unless it is there, and stitches its call; answers the row there is. */
export async function storeRecord(
  tx: CallTx,
  deps: CallDeps,
  host: HostFacts,
  row: ReturnType<typeof newRow> & { token_id: number | null },
): Promise<RowOfCall> {
  const { db } = tx
  const meetsReports = row.source !== REPORTED && (await reportsCalls(tx, host.id))
  if (meetsReports) await lockReports(tx, host.id)
  const made = await db
    .insertInto('records')
    .values(row)
    .onConflict((other) => other.columns(['host_id', 'natural_key']).doNothing())
    .returningAll()
    .executeTakeFirst()
  if (made) {
    const place = { tenantId: made.tenant_id, hostId: made.host_id, callKey: made.call_key }
    const { authoritative } = host
    const alone = isAlone(made) && made.source !== REPORTED
    const stitched = await restitch(tx, deps, place, { authoritative, only: alone ? made : null })
    const call = meetsReports && stitched !== null ? await absorbReports(tx, deps, host, stitched) : stitched
    return { ...made, call_id: call ?? 0 }
  }
  return withCalls(db)
    .where('records.host_id', '=', row.host_id)
    .where('records.natural_key', '=', row.natural_key)
    .executeTakeFirstOrThrow()
}

const withCalls = (db: CallStore['read'] | CallTx['db']) =>
  db
    .selectFrom('records')
    .innerJoin('calls', (join) =>
      join.onRef('calls.host_id', '=', 'records.host_id').onRef('calls.call_key', '=', 'records.call_key'),
    )
    .selectAll('records')
    .select('calls.id as call_id')

/** Raw records of calls. A new one is its own evidence: who brought it and when stands in its row. */
export function openRecords(store: CallStore, deps: CallDeps): Records {
  const own = (reach: CallReach, filters: CallFilters) =>
    narrow(withCalls(store.read), 'records', reach, filters, deps)

  const lock = async (tx: CallTx, { tenantId, hostId }: CallReach, id: number): Promise<RowOfCall> => {
    let rows = withCalls(tx.db).where('records.tenant_id', '=', tenantId).where('records.id', '=', id)
    if (hostId !== null) rows = rows.where('records.host_id', '=', hostId)
    const row = await (tx.engine === 'postgres' ? rows.forUpdate('records') : rows).executeTakeFirst()
    if (!row) throw notFound('Record')
    return row
  }
  /** Both calls that a changed record was and is part of; in one order, so that no two writes wait for each other. */
  const restitchBoth = async (tx: CallTx, host: HostFacts, tenantId: number, keys: string[]) => {
    const ids = new Map<string, number | null>()
    for (const key of [...new Set(keys)].sort()) {
      const place = { tenantId, hostId: host.id, callKey: key }
      ids.set(key, await restitch(tx, deps, place, { authoritative: host.authoritative }))
    }
    return ids
  }

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
      return store.transact(async (tx) => toRecord(await storeRecord(tx, deps, host, row)))
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
          const calls = await restitchBoth(tx, host, reach.tenantId, [before.call_key, call_key])
          const answer = toRecord({ ...changed, call_id: calls.get(call_key) ?? 0 })
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
        await restitchBoth(tx, host, reach.tenantId, [row.call_key])
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
