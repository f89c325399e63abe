import type { Page } from '../../contract/common.ts'
import type {
  CreatedUser,
  Invitation,
  MembershipInput,
  User as UserAnswer,
  UserInput,
  UserPatch,
} from '../../contract/users.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import type { Committed } from '../platform/committed.ts'
import { held } from '../platform/database/claiming.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { toFlag, toJson } from '../platform/database/json.ts'
import { isUniqueViolation } from '../platform/database/store-errors.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import { HubError, invalid, notFound } from '../platform/errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import { checkDepartments } from './departments.ts'
import type { Passwords } from './passwords.ts'
import { newInvitation } from './session-secret.ts'
import { endSessions } from './sessions.ts'
import { foldEmail, type User } from './sign-in.ts'
import type { AccessTables } from './tables.ts'
import { hashToken } from './token-secret.ts'
import { membershipsOf, toUser } from './user-shape.ts'

const INVITED_MS = 7 * 24 * 60 * 60_000
const COLUMNS = {
  id: 'id',
  email: 'email_folded',
  name: 'name',
  created_at: 'created_at',
  signed_in_at: 'signed_in_at',
}

/** What `/api/v1/users` does: people who belong to the tenant, or were made by it. Only the tenant that made one changes it. */
export type Users = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<UserAnswer>>
  get(tenantId: number, id: number): Promise<UserAnswer>
  /** Without a password the answer holds an invitation. */
  create(actor: Actor, input: UserInput): Promise<Committed<CreatedUser>>
  /** A changed password or a user that is no longer active ends all of its sessions. */
  update(actor: Actor, id: number, patch: UserPatch, condition?: Condition): Promise<Committed<UserAnswer>>
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
  /** A new invitation; the one before is void. The password, if there is one, stays until it is used. */
  invite(actor: Actor, id: number): Promise<Committed<Invitation>>
}

export type UsersDeps = {
  store: Store<AccessTables>
  clock: Clock
  passwords: Passwords
  publicUrl: string | null
  /** The tenant and all below it. */
  family(tenantId: number): number[]
}

export function openUsers({ store, clock, passwords, publicUrl, family }: UsersDeps): Users {
  const { engine } = store
  const reading = { db: store.read, engine }

  const visible = (tenantId: number) =>
    store.read
      .selectFrom('users')
      .selectAll()
      .where((is) =>
        is.or([
          is('tenant_id', '=', tenantId),
          is('id', 'in', (of) =>
            of
              .selectFrom('memberships')
              .select('memberships.user_id')
              .where('memberships.tenant_id', '=', tenantId),
          ),
        ]),
      )

  const toUsers = async (from: typeof reading, rows: User[], tenantId: number) => {
    const ids = rows.map((row) => row.id)
    const members = await membershipsOf(from, ids, family(tenantId))
    return rows.map((row) => toUser(row, members.get(row.id) ?? []))
  }
  const toOne = async (from: typeof reading, row: User, tenantId: number): Promise<UserAnswer> =>
    (await toUsers(from, [row], tenantId))[0] as UserAnswer

  const inviteNow = () => {
    const token = newInvitation()
    const invite_until = clock.now() + INVITED_MS
    const url = publicUrl === null ? null : `${publicUrl}/set-password#${token}`
    const invitation: Invitation = { token, url, expires_at: new Date(invite_until).toISOString() }
    return { columns: { invite_hash: hashToken(token), invite_until }, invitation }
  }

  const setMemberships = async (
    { db }: Tx<AccessTables>,
    actor: Actor,
    userId: number,
    given: MembershipInput[],
  ) => {
    const seen = family(actor.tenantId)
    const wanted = new Map(given.map((one) => [one.tenant_id ?? actor.tenantId, one]))
    for (const [id, { role, departments }] of wanted) {
      if (!seen.includes(id)) throw invalid({ memberships: [`Tenant ${id} is not one of yours.`] })
      if (departments) checkDepartments(role === 'admin')
    }
    await db
      .deleteFrom('memberships')
      .where('user_id', '=', userId)
      .where(isOneOf(engine, 'tenant_id', seen, 'bigint'))
      .execute()
    const created_at = clock.now()
    const rows = [...wanted].map(([tenant_id, { role, departments }]) => ({
      tenant_id,
      role,
      departments: departments ? toJson(departments) : null,
      user_id: userId,
      created_at,
    }))
    await db.insertInto('memberships').values(rows).execute()
  }

  const lock = async (tx: Tx<AccessTables>, actor: Actor, id: number): Promise<User> => {
    const row = await held(
      engine,
      tx.db.selectFrom('users').selectAll().where('id', '=', id),
    ).executeTakeFirst()
    if (row?.tenant_id === actor.tenantId) return row
    const member = await tx.db
      .selectFrom('memberships')
      .select('id')
      .where('user_id', '=', id)
      .where('tenant_id', '=', actor.tenantId)
      .executeTakeFirst()
    if (!row || !member) throw notFound('User')
    throw new HubError('forbidden', 'This user was made by another tenant, which alone may change it.')
  }

  const unlessTaken = async <T>(write: Promise<T>): Promise<T> => {
    try {
      return await write
    } catch (error) {
      if (isUniqueViolation(error)) throw invalid({ email: ['There is a user with this address already.'] })
      throw error
    }
  }

  return {
    list(tenantId, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: ['email'] })
      const { email } = request.filters
      const rows = visible(tenantId)
      const found = email === undefined ? rows : rows.where('email_folded', '=', foldEmail(email))
      return readPage(found, request, COLUMNS, (page) => toUsers(reading, page, tenantId))
    },
    async get(tenantId, id) {
      const row = await visible(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('User')
      return await toOne(reading, row, tenantId)
    },
    async create(actor, input) {
      const password = input.password === undefined ? null : await passwords.hash(input.password)
      const invited = password === null ? inviteNow() : null
      const write = store.transact(async (tx) => {
        const now = clock.now()
        const blank = { totp_secret: null, totp_confirmed_at: null, totp_step: null, signed_in_at: null }
        const row = await tx.db
          .insertInto('users')
          .values({
            ...blank,
            tenant_id: actor.tenantId,
            email: input.email.trim(),
            email_folded: foldEmail(input.email),
            name: input.name ?? '',
            active: toFlag(input.active ?? true),
            password,
            invite_hash: null,
            invite_until: null,
            ...invited?.columns,
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await setMemberships(tx, actor, row.id, input.memberships)
        const after = await toOne(tx, row, actor.tenantId)
        await recordAudit(tx, actor, { action: 'create', entity: 'user', entityId: row.id, after })
        tx.changed(row.tenant_id, 'user', row.id)
        return { ...after, invitation: invited?.invitation ?? null }
      })
      return await unlessTaken(write)
    },
    async update(actor, id, patch, condition = unconditional) {
      const password = patch.password === undefined ? undefined : await passwords.hash(patch.password)
      const write = store.transact(async (tx) => {
        const row = await lock(tx, actor, id)
        const before = await toOne(tx, row, actor.tenantId)
        condition(before)
        const now = clock.now()
        const changed = await tx.db
          .updateTable('users')
          .set({
            ...(patch.email === undefined
              ? {}
              : { email: patch.email.trim(), email_folded: foldEmail(patch.email) }),
            ...(patch.name === undefined ? {} : { name: patch.name }),
            ...(patch.active === undefined ? {} : { active: toFlag(patch.active) }),
            ...(password === undefined ? {} : { password, invite_hash: null, invite_until: null }),
            updated_at: now,
          })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        if (patch.memberships) await setMemberships(tx, actor, id, patch.memberships)
        if (password !== undefined || patch.active === false) await endSessions(tx, id, null, now)
        const after = await toOne(tx, changed, actor.tenantId)
        const noted = {
          before,
          after: { ...after, ...(password === undefined ? {} : { password: 'changed' }) },
        }
        await recordAudit(tx, actor, { action: 'update', entity: 'user', entityId: id, ...noted })
        tx.changed(row.tenant_id, 'user', id)
        return after
      })
      return await unlessTaken(write)
    },
    remove(actor, id, condition = unconditional) {
      return store.transact(async (tx) => {
        const row = await lock(tx, actor, id)
        const before = await toOne(tx, row, actor.tenantId)
        condition(before)
        await tx.db.deleteFrom('users').where('id', '=', id).execute()
        await recordAudit(tx, actor, { action: 'delete', entity: 'user', entityId: id, before })
        tx.changed(row.tenant_id, 'user', id)
        return null
      })
    },
    invite(actor, id) {
      const { columns, invitation } = inviteNow()
      return store.transact(async (tx) => {
        await lock(tx, actor, id)
        await tx.db.updateTable('users').set(columns).where('id', '=', id).execute()
        const after = { invited_until: invitation.expires_at }
        await recordAudit(tx, actor, { action: 'update', entity: 'user', entityId: id, after })
        return invitation
      })
    },
  }
}
