import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Call, CallDetails, CallStep, RecordInput } from '../../contract/pbx3cx-calls.ts'
import type { Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { fromJson } from '../platform/database/json.ts'
import { notFound } from '../platform/errors.ts'
import { readPage, type ListRequest } from '../platform/listing.ts'
import { authorOf } from './author.ts'
import { narrow, type CallFilters, type CallReach } from './call-filters.ts'
import type { CallsTable } from './call-tables.ts'
import type { CallDeps, CallStore } from './call-write.ts'
import { hostOf, newRow } from './new-record.ts'
import type { StoreRecord } from './store-records.ts'
import type { StitchedStep } from './stitching.ts'

/** What `/api/v1/pbx3cx-call-logs` and `pbx3cx-call-log-details` do: calls as people mean them. */
export type Calls = {
  list(reach: CallReach, filters: CallFilters, request: ListRequest): Promise<Page<Call>>
  get(reach: CallReach, id: number): Promise<Call>
  /** With its legs and their steps, in order. */
  details(reach: CallReach, id: number): Promise<CallDetails>
  /** A call somebody tells of: stored as a record, and the host's log is to be refreshed. */
  create(actor: Actor, reach: CallReach, input: RecordInput): Promise<Committed<Call>>
}

export const CALL_COLUMNS = {
  id: 'calls.id',
  started_at: 'calls.started_at',
  ended_at: 'calls.ended_at',
  talk_ms: 'calls.talk_ms',
}

const isoTime = (at: number) => new Date(at).toISOString()
const isoOrNull = (at: number | null) => (at === null ? null : isoTime(at))

export function toCall(row: Selectable<CallsTable>): Call {
  return {
    id: row.id,
    pbx3cx_host_id: row.host_id,
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
    caller_e164: row.caller_e164,
    called_e164: row.called_e164,
    customer_id: row.customer_id,
    contact_id: row.contact_id,
    source: row.source,
    records: row.records,
    provisional: row.provisional === 1,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  }
}

const toStep = ({ kind, from, to }: StitchedStep): CallStep => ({
  kind,
  started_at: isoTime(from),
  ended_at: isoTime(to),
  duration_ms: to - from,
})

export function openCalls(store: CallStore, deps: CallDeps, storeRecord: StoreRecord): Calls {
  const own = (reach: CallReach, filters: CallFilters) =>
    narrow(store.read.selectFrom('calls').selectAll(), store, 'calls', reach, filters, deps)
  const read = async (reach: CallReach, id: number) => {
    const row = await own(reach, {}).where('id', '=', id).executeTakeFirst()
    if (!row) throw notFound('Call')
    return row
  }
  return {
    list: (reach, filters, request) =>
      readPage(own(reach, filters), request, CALL_COLUMNS, (rows) => rows.map(toCall)),
    get: async (reach, id) => toCall(await read(reach, id)),
    async details(reach, id) {
      const call = toCall(await read(reach, id))
      const legs = await store.read
        .selectFrom('legs')
        .selectAll()
        .where('tenant_id', '=', reach.tenantId)
        .where('call_id', '=', id)
        .orderBy('position')
        .execute()
      return {
        ...call,
        legs: legs.map((leg) => ({
          position: leg.position,
          record_id: leg.record_id,
          queue: leg.queue,
          agent_extension: leg.agent_extension,
          agent_name: leg.agent_name,
          status: leg.status,
          started_at: isoTime(leg.started_at),
          ended_at: isoOrNull(leg.ended_at),
          duration_ms: leg.ended_at === null ? null : leg.ended_at - leg.started_at,
          steps: fromJson<StitchedStep[]>(leg.steps).map(toStep),
        })),
      }
    },
    async create(actor, reach, input) {
      const host = await hostOf(deps, reach, input.pbx3cx_host_id)
      const row = { ...newRow(deps, reach.tenantId, host, input), token_id: authorOf(actor).token_id }
      return storeRecord({ host, row }, async ({ call_id }, tx) => {
        await deps.refreshLater(tx, reach.tenantId, host)
        const call = await tx.db
          .selectFrom('calls')
          .selectAll()
          .where('id', '=', call_id)
          .executeTakeFirstOrThrow()
        return toCall(call)
      })
    },
  }
}
