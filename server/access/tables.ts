import type { Generated } from 'kysely'
import type { Language } from '../../contract/dispositions.ts'
import type { Role } from '../../contract/users.ts'
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
  /** JSON list; null = all. */
  departments: string | null
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
  bootstrap: Flag
  clear_secrets: Flag
  created_at: number
  updated_at: number
}

export type UsersTable = {
  id: Generated<number>
  /** The tenant that made the user and may change it. */
  tenant_id: number
  email: string
  email_folded: string
  name: string
  active: Flag
  /** argon2id in PHC form; null until it is set through an invitation. */
  password: string | null
  invite_hash: string | null
  invite_until: number | null
  /** Sealed by the keyring; counts once it is confirmed. */
  totp_secret: string | null
  totp_confirmed_at: number | null
  /** The last time step of which a code was taken: none is taken twice. */
  totp_step: number | null
  signed_in_at: number | null
  /** Of labels; null = what the browser asks for. */
  language: Language | null
  created_at: number
  updated_at: number
}

export type MembershipsTable = {
  id: Generated<number>
  tenant_id: number
  user_id: number
  role: Role
  /** JSON list of the departments whose calls are seen; null = all. */
  departments: string | null
  created_at: number
}

/** An extension that rings for a user of a tenant. */
export type AgentPhonesTable = {
  id: Generated<number>
  tenant_id: number
  user_id: number
  host_id: number
  extension: string
  created_at: number
}

export type SessionsTable = {
  id: Generated<number>
  /** That of the user. */
  tenant_id: number
  user_id: number
  /** SHA-256 of the secret, base64url. */
  hash: string
  kind: 'bearer' | 'cookie'
  /** The tenant it acts in unless told otherwise. */
  acts_in: number
  address: string | null
  /** ms UTC; brought forward while it is used. */
  idle_until: number
  /** ms UTC: the end, used or not. */
  expires_at: number
  revoked_at: number | null
  created_at: number
}

export type RecoveryCodesTable = {
  id: Generated<number>
  tenant_id: number
  user_id: number
  hash: string
  used_at: number | null
}

export type UserTables = {
  users: UsersTable
  memberships: MembershipsTable
  agent_phones: AgentPhonesTable
  sessions: SessionsTable
  recovery_codes: RecoveryCodesTable
}
export type AccessTables = { tenants: TenantsTable; tokens: TokensTable } & UserTables &
  AuditTables &
  ChangeTables
