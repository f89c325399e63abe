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

/** A host whose log somebody wants refreshed; whoever does it removes the row it read. */
export type CallLogRefreshesTable = { host_id: number; tenant_id: number; asked_at: number }

export type CallTables = {
  records: RecordsTable
  calls: CallsTable
  legs: LegsTable
  call_log_refreshes: CallLogRefreshesTable
} & AuditTables &
  ChangeTables
