import { isOneOf } from '../platform/database/engine.ts'
import { fromJson } from '../platform/database/json.ts'
import type { Engine } from '../platform/database/engine.ts'
import type { Kysely } from 'kysely'
import type { User as UserAnswer } from '../../contract/users.ts'
import type { User } from './sign-in.ts'
import type { AccessTables, MembershipsTable } from './tables.ts'

export const isoOrNull = (at: number | null) => (at === null ? null : new Date(at).toISOString())

type Member = Pick<MembershipsTable, 'user_id' | 'tenant_id' | 'role' | 'departments'>

/** Memberships of these users in these tenants. */
export async function membershipsOf(
  { db, engine }: { db: Kysely<AccessTables>; engine: Engine },
  userIds: number[],
  tenantIds: number[],
): Promise<Map<number, Member[]>> {
  const rows = await db
    .selectFrom('memberships')
    .select(['user_id', 'tenant_id', 'role', 'departments'])
    .where(isOneOf(engine, 'user_id', userIds, 'bigint'))
    .where(isOneOf(engine, 'tenant_id', tenantIds, 'bigint'))
    .orderBy('tenant_id')
    .execute()
  return Map.groupBy(rows, (row) => row.user_id)
}

export function toUser(row: User, members: Member[]): UserAnswer {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    active: row.active === 1,
    memberships: members.map(({ tenant_id, role, departments }) => ({
      tenant_id,
      role,
      departments: departments === null ? null : fromJson<string[]>(departments),
    })),
    has_password: row.password !== null,
    totp: row.totp_confirmed_at !== null,
    signed_in_at: isoOrNull(row.signed_in_at),
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
  }
}
