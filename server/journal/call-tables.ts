import type { Generated } from 'kysely'
import type { CallDirection, CallStatus } from '../../contract/pbx3cx-calls.ts'
import type { AuditTables } from '../platform/audit.ts'
import type { ChangeTables } from '../platform/changes.ts'
import type { Flag } from '../platform/database/json.ts'

/** What a record says and a call comes to. Instants ms UTC, durations ms. */
export type ToldOfCall = {
  direction: CallDirection | null
  started_at: number
  answered_at: number | null
  ended_at: number | null
  ring_ms: number | null
  wait_ms: number | null
  talk_ms: number | null
  status: CallStatus
  caller_number: string | null
  caller_name: string | null
  called_number: string | null
  queue: string | null
  agent_extension: string | null
  agent_name: string | null
  /** `numberKey` of either side, by which it is found in any spelling. */
  caller_key: string | null
  called_key: string | null
}

type Stamps = { created_at: number; updated_at: number }

/** A raw line as it was received. */
export type RecordsTable = {
  id: Generated<number>
  tenant_id: number
  host_id: number
  natural_key: string
  external_id: string | null
  call_history_id: string | null
  /** Records with the same one are one call. */
  call_key: string
  source: string
  /** JSON as it was received. */
  payload: string
  token_id: number | null
} & ToldOfCall &
  Stamps

export type CallsTable = {
  id: Generated<number>
  tenant_id: number
  host_id: number
  call_key: string
  caller_e164: string | null
  called_e164: string | null
  customer_id: number | null
  contact_id: number | null
  /** The call that called this one back. */
  closed_by: number | null
  source: string
  records: number
  provisional: Flag
  /** The numbers that took part in it; null = nobody's. */
  audience_id: number | null
} & ToldOfCall &
  Stamps

export type LegsTable = {
  tenant_id: number
  call_id: number
  position: number
  record_id: number
  queue: string | null
  agent_extension: string | null
  agent_name: string | null
  status: CallStatus
  started_at: number
  ended_at: number | null
  /** JSON list of steps. */
  steps: string
}

/** A set of numbers of a host that took part in a call together: its agents and queues. Never changes. */
export type CallAudiencesTable = {
  id: Generated<number>
  tenant_id: number
  host_id: number
  /** Sorted, a line each. */
  numbers: string
}
export type AudienceNumbersTable = { tenant_id: number; audience_id: number; host_id: number; number: string }

/** How far a host's call log has been read. Instants ms UTC. */
export type CallLogStatesTable = {
  host_id: number
  tenant_id: number
  /** What began before has been read. */
  position_at: number | null
  /** Calls of other sources up to this id were compared with what the log tells. */
  joined_to: number
  /** When it is to be read again by itself. */
  due_at: number
  started_at: number | null
  succeeded_at: number | null
  failed_at: number | null
  /** What went wrong last, in words; null when the last reading went well. */
  error: string | null
  /** Rows that were new, in all. */
  records: number
}

export type CallTables = {
  records: RecordsTable
  calls: CallsTable
  legs: LegsTable
  call_audiences: CallAudiencesTable
  audience_numbers: AudienceNumbersTable
  call_log_states: CallLogStatesTable
} & AuditTables &
  ChangeTables
