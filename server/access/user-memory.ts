import type { Selectable } from 'kysely'
import { ROLE_SCOPES, type Role } from '../../contract/users.ts'
import { fromJson } from '../platform/database/json.ts'
import { isOneOf } from '../platform/database/engine.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import type { KnownToken } from './access-memory.ts'
import type { AccessTables, MembershipsTable, SessionsTable, UsersTable } from './tables.ts'

/** How long an unused session lives, ms. */
export const IDLE_MS = 24 * 60 * 60_000
/** A session's use is written down when it brings its end that much forward. */
const WORTH_NOTING_MS = 15 * 60_000

type UserFacts = Pick<Selectable<UsersTable>, 'id' | 'tenant_id' | 'email' | 'name' | 'active' | 'language'>
type Member = Pick<Selectable<MembershipsTable>, 'tenant_id' | 'user_id' | 'role' | 'departments'>
type SessionRow = Selectable<SessionsTable>
/** No password, no secret of an authenticator: only what recognising a session takes. */
export type UserImage = { users: UserFacts[]; memberships: Member[]; sessions: SessionRow[] }

/** What a session is beside a token: who signed in, and what that person is where. */
export type KnownSession = {
  id: number
  user: UserFacts
  roles: ReadonlyMap<number, Role>
  /** Tenant → the only departments whose calls are seen there; null = all. */
  departments: ReadonlyMap<number, readonly string[] | null>
  /** ms UTC: the end, used or not. */
  endsAt: number
}

/** People and their live sessions in memory. Sessions go by numbers below zero, tokens by those above. */
export type UserMemory = {
  byHash(hash: string): KnownToken | null
  byNumber(tokenId: number): KnownToken | null
  /** The session as it is in another tenant of its user; the token as it is when it is none there. */
  inTenant(token: KnownToken, wanted: string | null): KnownToken
  /** Brings the end of a session forward, by its number. */
  used(tokenId: number): void
  /** Sessions whose use should be written down: id → idle_until; each is told once. */
  takeUsed(): Map<number, number>
  hydrate(): Promise<void>
  apply(userIds: number[]): Promise<void>
  image(): UserImage
  load(image: UserImage): void
}

type Kept = { facts: UserFacts; members: Member[]; rows: SessionRow[]; sessions: KnownToken[] }

export function openUserMemory(store: Store<AccessTables>, clock: Clock): UserMemory {
  const users = new Map<number, Kept>()
  const byHash = new Map<string, KnownToken>()
  const byNumber = new Map<number, KnownToken>()
  /** Until when the store knows a session to be good. */
  const noted = new Map<number, number>()
  const usedSince = new Map<number, number>()

  const forget = (userId: number) => {
    for (const session of users.get(userId)?.sessions ?? []) {
      byHash.delete(session.hash ?? '')
      byNumber.delete(session.id)
      noted.delete(session.id)
    }
    users.delete(userId)
  }

  const toSession = (row: SessionRow, facts: UserFacts, members: Member[]): KnownToken | null => {
    const roles = new Map(members.map(({ tenant_id, role }) => [tenant_id, role]))
    const departments = new Map(
      members.map((one) => [one.tenant_id, one.departments ? fromJson<string[]>(one.departments) : null]),
    )
    const tenantId = roles.has(row.acts_in) ? row.acts_in : [...roles.keys()][0]
    if (tenantId === undefined || facts.active === 0 || row.revoked_at !== null) return null
    return {
      id: -row.id,
      tenantId,
      name: facts.email,
      hash: row.hash,
      scopes: new Set(ROLE_SCOPES[roles.get(tenantId) ?? 'agent']),
      addresses: null,
      dialects: null,
      // What this hub has seen of its use, if that is more than what is written down.
      expiresAt: Math.min(row.expires_at, Math.max(row.idle_until, byNumber.get(-row.id)?.expiresAt ?? 0)),
      hostId: null,
      departments: departments.get(tenantId) ?? null,
      clearSecrets: false,
      session: { id: row.id, user: facts, roles, departments, endsAt: row.expires_at },
    }
  }

  const remember = (facts: UserFacts, members: Member[], rows: SessionRow[]) => {
    const live = rows.filter((row) => row.revoked_at === null && row.expires_at > clock.now())
    const sessions = live.flatMap((row) => toSession(row, facts, members) ?? [])
    forget(facts.id)
    users.set(facts.id, { facts, members, rows: live, sessions })
    for (const session of sessions) {
      byHash.set(session.hash ?? '', session)
      byNumber.set(session.id, session)
    }
    for (const row of live) noted.set(-row.id, row.idle_until)
  }

  const fill = (image: UserImage) => {
    for (const map of [users, byHash, byNumber, noted]) map.clear()
    const members = Map.groupBy(image.memberships, (row) => row.user_id)
    const sessions = Map.groupBy(image.sessions, (row) => row.user_id)
    for (const facts of image.users)
      remember(facts, members.get(facts.id) ?? [], sessions.get(facts.id) ?? [])
  }

  const read = async (ids: number[] | null): Promise<UserImage> => {
    const { feed, engine } = store
    const among = (column: string) => isOneOf(engine, column, ids ?? [], 'bigint')
    const found = feed.selectFrom('users').select(['id', 'tenant_id', 'email', 'name', 'active', 'language'])
    const members = feed
      .selectFrom('memberships')
      .select(['tenant_id', 'user_id', 'role', 'departments'])
      .orderBy('id')
    const sessions = feed
      .selectFrom('sessions')
      .selectAll()
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', clock.now())
    return {
      users: await (ids === null ? found : found.where(among('id'))).execute(),
      memberships: await (ids === null ? members : members.where(among('user_id'))).execute(),
      sessions: await (ids === null ? sessions : sessions.where(among('user_id'))).execute(),
    }
  }

  return {
    byHash: (hash) => byHash.get(hash) ?? null,
    byNumber: (tokenId) => byNumber.get(tokenId) ?? null,
    inTenant(token, wanted) {
      const role = wanted === null ? undefined : token.session?.roles.get(Number(wanted))
      if (role === undefined) return token
      const tenantId = Number(wanted)
      const departments = token.session?.departments.get(tenantId) ?? null
      return { ...token, tenantId, scopes: new Set(ROLE_SCOPES[role]), departments }
    },
    used(tokenId) {
      const session = byNumber.get(tokenId)
      if (!session?.session) return
      const until = Math.min(session.session.endsAt, clock.now() + IDLE_MS)
      if (until > (session.expiresAt ?? 0)) session.expiresAt = until
      if (until - (noted.get(tokenId) ?? 0) < WORTH_NOTING_MS) return
      noted.set(tokenId, until)
      usedSince.set(session.session.id, until)
    },
    takeUsed() {
      const taken = new Map(usedSince)
      usedSince.clear()
      return taken
    },
    async hydrate() {
      fill(await read(null))
    },
    async apply(ids) {
      const found = await read(ids)
      const members = Map.groupBy(found.memberships, (row) => row.user_id)
      const sessions = Map.groupBy(found.sessions, (row) => row.user_id)
      const there = new Set(found.users.map(({ id }) => id))
      for (const id of ids) if (!there.has(id)) forget(id)
      for (const facts of found.users)
        remember(facts, members.get(facts.id) ?? [], sessions.get(facts.id) ?? [])
    },
    image() {
      const kept = [...users.values()]
      return {
        users: kept.map(({ facts }) => facts),
        memberships: kept.flatMap(({ members }) => members),
        // With the use this hub has seen, which may not be written down yet.
        sessions: kept.flatMap(({ rows }) =>
          rows.map((row) => ({ ...row, idle_until: byNumber.get(-row.id)?.expiresAt ?? row.idle_until })),
        ),
      }
    },
    load: fill,
  }
}
