import type { Generated } from 'kysely'
import type { AuditTables } from '../platform/audit.ts'
import type { ChangeTables } from '../platform/changes.ts'
import type { Flag } from '../platform/database/json.ts'

/** Lists are JSON as the API has them. */
export type ProfilesTable = {
  id: Generated<number>
  tenant_id: number
  name: string
  dnids: string
  host_ids: string
  country: string | null
  time_zone: string | null
  hours: string | null
  holidays: string
  rules: string
  outbound_number: string | null
  deadline_ms: Generated<number>
  sources: Generated<string>
  created_at: number
  updated_at: number
}

/** Which profile a called number has; one profile for each. */
export type ProfileDnidsTable = { tenant_id: number; dnid_key: string; profile_id: number }

/** Which profile a PBX host has; one profile for each. */
export type ProfileHostsTable = { tenant_id: number; host_id: number; profile_id: number }

/** A profile's holidays as iCalendar; times are ms UTC. */
export type ProfileCalendarsTable = {
  tenant_id: number
  profile_id: number
  /** null: the text was given. */
  url: string | null
  ics: string
  etag: string | null
  events: number
  /** JSON of an `Expansion`. */
  expansion: string
  expanded_at: number
  known_from: number
  known_until: number
  fetched_at: number
  checked_at: number | null
  problem: string | null
  failing_since: number | null
  updated_at: number
}

/** What was decided for a call. */
export type DecisionsTable = {
  id: Generated<number>
  tenant_id: number
  decided_at: number
  /** The dialect or route that asked. */
  source: string
  token_id: number | null
  number_raw: string | null
  e164: string | null
  number_key: string | null
  account: string | null
  dnid: string | null
  call: string | null
  /** The moment it was about. */
  at: number
  customer_id: number | null
  contact_id: number | null
  profile_id: number | null
  known: Flag
  vip: Flag
  on_call: Flag
  open: Flag
  destination: string | null
  rule: string | null
  reasons: string
}

export type RoutingTables = {
  profiles: ProfilesTable
  profile_dnids: ProfileDnidsTable
  profile_hosts: ProfileHostsTable
  profile_calendars: ProfileCalendarsTable
  decisions: DecisionsTable
} & AuditTables &
  ChangeTables
