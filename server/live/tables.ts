import type { Generated } from 'kysely'
import type { CallEvent } from '../../xapi/xapi.ts'
import type { AuditTables } from '../platform/audit.ts'
import type { ChangeTables } from '../platform/changes.ts'
import type { Flag } from '../platform/database/json.ts'

/** Which hub watches a PBX. */
export type HostWatchesTable = {
  host_id: number
  tenant_id: number
  /** The hub that has the lease. */
  owner: string
  /** Grows with every new owner: what a former one still writes is known by it. */
  claims: number
  /** ms UTC on the database's clock. */
  lease_until: number
  status: 'starting' | 'watching' | 'away' | 'idle'
  source: CallEvent['source'] | null
  /** ms UTC: since when calls are seen; null while they are not. */
  since: number | null
  last_error: string | null
  failed_at: number | null
}

/** A call at one number of a PBX. */
export type LiveCallsTable = {
  id: Generated<number>
  tenant_id: number
  host_id: number
  /** The same for every number that one call is at; the id of the first of them. */
  call_no: number
  /** What the PBX calls it. */
  call_id: string
  dn: string
  /** `dn` when it is an extension. */
  agent: string | null
  direction: CallEvent['direction']
  source: CallEvent['source']
  number_raw: string | null
  e164: string | null
  number_key: string | null
  caller_name: string | null
  called_raw: string | null
  queue: string | null
  customer_id: number | null
  contact_id: number | null
  started_at: number
  answered_at: number | null
  ended_at: number | null
  /** Whether somebody was told where the call went when it left this number. */
  told: Flag
}

/** What the agent of a call is told of it. Ids grow in the order of commits within a tenant. */
export type LiveEventsTable = {
  id: Generated<number>
  tenant_id: number
  live_call_id: number
  kind: 'pop' | 'dialing' | 'answered' | 'moved' | 'ended'
  at: number
  /** JSON list of extensions. */
  goes_on_at: string
  missed: Flag
}

export type LiveTables = {
  host_watches: HostWatchesTable
  live_calls: LiveCallsTable
  live_events: LiveEventsTable
} & AuditTables &
  ChangeTables
