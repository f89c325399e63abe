import { fromJson } from '../platform/database/json.ts'
import type { User as UserAnswer } from '../../contract/users.ts'
import type { User } from './sign-in.ts'
import type { Member } from './memberships.ts'

export const isoOrNull = (at: number | null) => (at === null ? null : new Date(at).toISOString())

export function toUser(row: User, members: Member[]): UserAnswer {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    active: row.active === 1,
    memberships: members.map(({ tenant_id, role, phones, departments }) => ({
      tenant_id,
      role,
      phones,
      departments: departments === null ? null : fromJson<string[]>(departments),
    })),
    has_password: row.password !== null,
    totp: row.totp_confirmed_at !== null,
    signed_in_at: isoOrNull(row.signed_in_at),
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
  }
}
