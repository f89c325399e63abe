import type { Kysely } from 'kysely'
import type { MembershipInput, Phone } from '../../contract/users.ts'
import { isOneOf, type Engine } from '../platform/database/engine.ts'
import { toJson } from '../platform/database/json.ts'
import { isReferenceViolation } from '../platform/database/store-errors.ts'
import type { Tx } from '../platform/database/store.ts'
import { invalid } from '../platform/errors.ts'
import { checkDepartments } from './departments.ts'
import type { AccessTables, MembershipsTable } from './tables.ts'

export type Member = Pick<MembershipsTable, 'user_id' | 'tenant_id' | 'role' | 'departments'> & {
  phones: Phone[]
}

/** Memberships of these users in these tenants, with their phones. */
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
  const phones = await db
    .selectFrom('agent_phones')
    .select(['user_id', 'tenant_id', 'host_id', 'extension'])
    .where(isOneOf(engine, 'user_id', userIds, 'bigint'))
    .orderBy('id')
    .execute()
  const members = rows.map((row) => ({
    ...row,
    phones: phones
      .filter((one) => one.user_id === row.user_id && one.tenant_id === row.tenant_id)
      .map(({ host_id, extension }) => ({ host_id, extension })),
  }))
  return Map.groupBy(members, (row) => row.user_id)
}

export type GivenMemberships = {
  userId: number
  /** The tenant of memberships that name none. */
  tenantId: number
  given: MembershipInput[]
  /** The tenants whose memberships are replaced. */
  seen: number[]
  now: number
}

/** Replaces the memberships that are seen; of one that stays, its phones and departments stay, unless others are given. HubError `validation_failed`. */
export async function setMemberships(
  { db, engine }: Tx<AccessTables>,
  { userId, tenantId, given, seen, now }: GivenMemberships,
): Promise<void> {
  const wanted = new Map(given.map((one) => [one.tenant_id ?? tenantId, one]))
  for (const [id, { role, departments }] of wanted) {
    if (!seen.includes(id)) throw invalid({ memberships: [`Tenant ${id} is not one of yours.`] })
    if (departments) checkDepartments(role === 'admin')
  }
  const dropped = seen.filter((id) => !wanted.has(id))
  await db
    .deleteFrom('memberships')
    .where('user_id', '=', userId)
    .where(isOneOf(engine, 'tenant_id', dropped, 'bigint'))
    .execute()
  for (const [tenant_id, { role, phones, departments }] of wanted) {
    const seenOf = departments ? toJson(departments) : null
    // A change that says nothing of departments opens none; an administrator sees them all.
    const isToldOf = departments !== undefined || role === 'admin'
    await db
      .insertInto('memberships')
      .values({ tenant_id, role, departments: seenOf, user_id: userId, created_at: now })
      .onConflict((conflict) =>
        conflict
          .columns(['user_id', 'tenant_id'])
          .doUpdateSet({ role, ...(isToldOf ? { departments: seenOf } : {}) }),
      )
      .execute()
    if (phones) await setPhones(db, { tenant_id, user_id: userId, created_at: now }, phones)
  }
}

async function setPhones(
  db: Kysely<AccessTables>,
  of: { tenant_id: number; user_id: number; created_at: number },
  phones: Phone[],
): Promise<void> {
  const { tenant_id, user_id } = of
  await db
    .deleteFrom('agent_phones')
    .where('user_id', '=', user_id)
    .where('tenant_id', '=', tenant_id)
    .execute()
  if (phones.length === 0) return
  const rows = new Map(phones.map((phone) => [`${phone.host_id} ${phone.extension}`, { ...of, ...phone }]))
  try {
    await db
      .insertInto('agent_phones')
      .values([...rows.values()])
      .execute()
  } catch (error) {
    if (!isReferenceViolation(error)) throw error
    throw invalid({ memberships: [`Names a phone at a PBX host that tenant ${tenant_id} does not have.`] })
  }
}
