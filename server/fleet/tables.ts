import type { Generated } from 'kysely'
import type { HostSecret } from '../../contract/pbx3cx-hosts.ts'
import type { AuditTables } from '../platform/audit.ts'
import type { Flag } from '../platform/database/json.ts'

type Stamps = { created_at: number; updated_at: number }

/** A PBX. The secrets are sealed by the keyring, each for its column. */
export type PbxHostsTable = {
  id: Generated<number>
  tenant_id: number
  code: string
  host_name: string
  customer_file_id: number | null
  active: Flag
  ip_address: string | null
  web_username: string | null
  ssh_username: string | null
  /** What is shown of the licence key: its last group. */
  licence_key_mask: string | null
  licence_type: string | null
  licence_activation_date: string | null
  licence_renewal_date: string | null
  sbc_aliases: string | null
  backups_location: string | null
  fetch_backups: Flag
  backups_frequency: number
  fetch_cdr: Flag
  cdr_frequency: number
  push_cdr: Flag
  fetch_recordings: Flag
  recordings_frequency: number
  push_recordings: Flag
  fetch_snapshots: Flag
  /** Minutes. */
  snapshots_frequency: number
  make_csv_data: Flag
  cl_calls_is_sync: Flag
  cl_participants_is_sync: Flag
  pbx_map: string | null
  /** When the hub built the map; null = none there, or given by hand. */
  pbx_map_built_at: number | null
  /** When building it was last begun. */
  pbx_map_tried_at: number | null
  comment: string | null
  xapi_url: string | null
  xapi_client_id: string | null
  tls_mode: string
  /** SHA-256 of the certificate, 64 lower case hexadecimal digits. */
  tls_fingerprint: string | null
  ssh_port: number
  time_zone: string | null
  profile_id: number | null
  /** JSON list. */
  tags: string
  cdr_source: string
  /** JSON list. */
  cdr_addresses: string | null
  cdr_port: number | null
  /** JSON list of calling codes. */
  open_destinations: string | null
  /** JSON of what the last test found. */
  capabilities: string | null
  last_seen_at: number | null
  watch_calls: Flag
} & Record<HostSecret, string | null> &
  Stamps

export type PbxAuditsTable = {
  id: Generated<number>
  tenant_id: number
  pbx_host_id: number
  kind: 'checklist' | 'change'
  /** JSON: item → score. */
  items: string | null
  assignee_id: number | null
  next_audit_at: string | null
  closed: Flag
  comment: string | null
  object: string | null
  /** JSON of the object. */
  before: string | null
  after: string | null
  happened_at: number
  who: string | null
  source: string | null
} & Stamps

export type FleetSettingsTable = {
  tenant_id: number
  /** JSON list of countries. */
  open_destinations: string | null
  updated_at: number
}

/** Which numbers of a host belong to which department, as its map tells. */
export type PbxDepartmentsTable = { tenant_id: number; host_id: number; number: string; department: string }

/**
 * What the hubs on this store know together of one API client of a PBX. Instants are the database's clock. `name` is
 * the SHA-256 of the PBX's address, the client id and its secret: whoever has all three shares the token they get.
 */
export type XapiTokensTable = {
  id: Generated<number>
  /** Whose use of the client came first. */
  tenant_id: number
  name: string
  credential: string | null
  /** Sealed by the keyring. */
  access_token: string | null
  issued_at: number | null
  refresh_at: number | null
  expires_at: number | null
  refused_until: number | null
  refused_status: number | null
  refused_message: string | null
  /** Who may fetch a token, and until when; null = nobody. */
  lease_owner: string | null
  lease_until: number
}

/** A configuration of a PBX, once however often it was read. */
export type PbxSnapshotContentsTable = {
  id: Generated<number>
  tenant_id: number
  pbx_host_id: number
  /** Of the canonical JSON. */
  sha256: string
  /** The canonical JSON, compressed. */
  packed: Uint8Array
  /** Its length in bytes before that. */
  size: number
  version: string | null
  /** JSON: kind → how many. */
  counts: string
  /** JSON: what could not be read → why. */
  unreadable: string
}

/** One reading of a PBX's configuration. */
export type PbxSnapshotsTable = {
  id: Generated<number>
  tenant_id: number
  pbx_host_id: number
  content_id: number
  /** When its reading began. */
  taken_at: number
  unchanged: Flag | null
  changes: number
  source: 'schedule' | 'demand'
  created_at: number
}

/** When a host was last read by the schedule, and why that failed. */
export type PbxSnapshotTriesTable = {
  pbx_host_id: number
  tenant_id: number
  tried_at: number
  failure: string | null
}

/** What a file would do to the inbound rules of a host, and what became of it. */
export type PbxRulePlansTable = {
  id: Generated<number>
  tenant_id: number
  pbx_host_id: number
  state: 'planned' | 'applying' | 'stopped' | 'applied' | 'undone'
  undoes: number | null
  partial: Flag
  reorder: Flag
  /** It has complaints that keep it from being applied. */
  refused: Flag
  /** The file as it was given; null of a plan that undoes another. */
  document: string | null
  /** JSON: how many rules are added, changed, … */
  summary: string
  /** JSON: steps, moves, complaints, answers, notes. */
  content: string
  /** JSON: every rule of the PBX as it was. */
  before_state: string
  steps: number
  /** How many steps are known to be done. */
  next_step: number
  /** JSON. */
  failure: string | null
  created_by: string
  /** JSON: who applied it last, as the audit trail names them. */
  applied_by: string | null
  created_at: number
  expires_at: number
  started_at: number | null
  finished_at: number | null
}

/** Where calls can enter or leave a host, as it was read last; one that is no longer there is not listed. */
export type PbxOriginsTable = {
  id: Generated<number>
  tenant_id: number
  host_id: number
  kind: string
  origin_key: string
  number: string | null
  name: string | null
  trunk: string | null
  active: Flag
  listed: Flag
}
export type PbxOriginReadsTable = { host_id: number; tenant_id: number; read_at: number }

export type FleetTables = {
  pbx_origins: PbxOriginsTable
  pbx_origin_reads: PbxOriginReadsTable
  pbx_departments: PbxDepartmentsTable
  pbx_hosts: PbxHostsTable
  xapi_tokens: XapiTokensTable
  pbx_audits: PbxAuditsTable
  fleet_settings: FleetSettingsTable
  pbx_snapshot_contents: PbxSnapshotContentsTable
  pbx_snapshots: PbxSnapshotsTable
  pbx_snapshot_tries: PbxSnapshotTriesTable
  pbx_rule_plans: PbxRulePlansTable
} & AuditTables
