import type { Selectable } from 'kysely'
import type { CallRecord } from '../../contract/pbx3cx-calls.ts'
import { fromJson } from '../platform/database/json.ts'
import type { RecordsTable } from './call-tables.ts'

/** A record with the call it is part of. */
export type RowOfCall = Selectable<RecordsTable> & { call_id: number }

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
