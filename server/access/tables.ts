import type { Generated } from 'kysely'
import type { AuditTables } from '../platform/audit.ts'
import type { ChangeTables } from '../platform/changes.ts'
import type { Flag } from '../platform/database/json.ts'

export type TenantsTable = {
  id: Generated<number>
  parent_id: number | null
  name: string
  country: string | null
  time_zone: string | null
  match_tail: Flag
  match_switchboard: Flag
  active: Flag
  created_at: number
  updated_at: number
}

export type TokensTable = {
  id: Generated<number>
  tenant_id: number
  kind: string
  name: string
  /** SHA-256 of the secret, base64url; null for address credentials. */
  hash: string | null
  hint: string
  scopes: string
  address_list: string | null
  dialects: string | null
  profile_id: number | null
  host_id: number | null
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
  bootstrap: Flag
  clear_secrets: Flag
  created_at: number
  updated_at: number
}

export type AccessTables = { tenants: TenantsTable; tokens: TokensTable } & AuditTables & ChangeTables
