import type { Selectable } from 'kysely'
import type { SignIn } from '../../contract/sessions.ts'
import type { Actor } from '../platform/audit.ts'
import { recordAudit } from '../platform/audit.ts'
import { withoutReceipt } from '../platform/current-receipt.ts'
import type { Clock } from '../platform/clock.ts'
import type { Committed } from '../platform/committed.ts'
import { asHubError } from '../platform/database/store-errors.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import { HubError } from '../platform/errors.ts'
import type { Keyring } from '../platform/keyring.ts'
import { hashRecoveryCode, totpStep } from './authenticator.ts'
import { openAddressThrottle, openFailureThrottle } from './failure-throttle.ts'
import type { Passwords } from './passwords.ts'
import { newSessionSecret } from './session-secret.ts'
import type { AccessTables, SessionsTable, UsersTable } from './tables.ts'
import { hashToken } from './token-secret.ts'
import { IDLE_MS } from './user-memory.ts'

/** The end of a session, used or not, ms after the sign-in. */
export const ABSOLUTE_MS = 30 * 24 * 60 * 60_000

/** More than that of one user at the same time end the one unused for longest. */
export const MOST_SESSIONS = 100

export type User = Selectable<UsersTable>
/** Where a sign-in comes from. */
export type Origin = { kind: SessionsTable['kind']; address: string; requestId: string | null }
export type SignedIn = {
  secret: string
  sessionId: number
  user: Pick<User, 'id' | 'email' | 'name'>
  expiresAt: number
}

export const foldEmail = (email: string): string => email.normalize('NFKC').trim().toLowerCase()
export const totpPlace = (user: Pick<User, 'id' | 'tenant_id'>) =>
  ({ tenantId: user.tenant_id, table: 'users', rowId: user.id, column: 'totp_secret' }) as const

export const actorOfUser = (
  user: Pick<User, 'id' | 'email' | 'tenant_id'>,
  origin: Omit<Origin, 'kind'>,
): Actor => ({
  kind: 'user',
  id: user.id,
  name: user.email,
  tenantId: user.tenant_id,
  requestId: origin.requestId,
  address: origin.address,
})

export type SignInDeps = {
  store: Store<AccessTables>
  clock: Clock
  passwords: Passwords
  keyring: Keyring
  operatorTenantId(): number | null
  /** Whether a tenant is there and was not closed. */
  isOpen(tenantId: number): boolean
}

const refused = () => new HubError('credentials_refused', 'E-mail address, password or code are not right.')
const spent = () => new HubError('too_many_failures', 'Too many failed attempts. Try again in a minute.')

/** What a code was good for, to be taken inside the transaction of the sign-in. */
type Factor = { step: number } | { recovery: string }

/** What proves who somebody is: password, then code. */
export function openSignIn({ store, clock, passwords, keyring, operatorTenantId, isOpen }: SignInDeps) {
  const ofAddress = openAddressThrottle(clock)
  const ofAccount = openFailureThrottle(clock)

  const noteFailure = async (user: User | undefined, reason: string, origin: Origin) => {
    const nobody = { id: 0, email: 'nobody', tenant_id: operatorTenantId() ?? 0 }
    const actor: Actor = {
      ...actorOfUser(user ?? nobody, origin),
      ...(user ? {} : { kind: 'system', id: null }),
    }
    // What was typed as an address may be a password: it is written nowhere.
    const after = { reason }
    if (actor.tenantId === 0) return
    const act = { action: 'sign_in_failed', entity: 'user', entityId: user?.id ?? null, after } as const
    await withoutReceipt(() => store.transact((tx) => recordAudit(tx, actor, act)))
  }

  /** Whether the code of a confirmed authenticator, or a recovery code, is right; null when it is not. */
  const factorOf = async (user: User, code: string): Promise<Factor | null> => {
    const secret = await keyring.open(totpPlace(user), user.totp_secret ?? '')
    const step = totpStep(secret, code, clock.now())
    if (step !== null) return step > (user.totp_step ?? 0) ? { step } : null
    const recovery = hashRecoveryCode(code)
    const found = await store.read
      .selectFrom('recovery_codes')
      .select('id')
      .where('user_id', '=', user.id)
      .where('hash', '=', recovery)
      .where('used_at', 'is', null)
      .executeTakeFirst()
    return found ? { recovery } : null
  }

  /** Takes the factor, once: of two who bring the same code, one gets in. */
  const takeFactor = async ({ db }: Tx<AccessTables>, user: User, factor: Factor): Promise<void> => {
    const taken =
      'step' in factor
        ? await db
            .updateTable('users')
            .set({ totp_step: factor.step })
            .where('id', '=', user.id)
            .where((is) => is.or([is('totp_step', 'is', null), is('totp_step', '<', factor.step)]))
            .executeTakeFirst()
        : await db
            .updateTable('recovery_codes')
            .set({ used_at: clock.now() })
            .where('user_id', '=', user.id)
            .where('hash', '=', factor.recovery)
            .where('used_at', 'is', null)
            .executeTakeFirst()
    if (taken.numUpdatedRows === 0n) throw refused()
  }

  const tenantOf = async (user: User, wanted: number | undefined): Promise<number> => {
    const rows = await store.read
      .selectFrom('memberships')
      .select('tenant_id')
      .where('user_id', '=', user.id)
      .orderBy('id')
      .execute()
    const ids = rows.map((row) => row.tenant_id).filter(isOpen)
    const own = ids.includes(user.tenant_id) ? user.tenant_id : ids[0]
    const chosen = wanted === undefined ? own : ids.find((id) => id === wanted)
    if (chosen === undefined) throw new HubError('forbidden', 'You do not belong to this tenant.')
    return chosen
  }

  /** A program that signs in for every question does not pile up sessions. */
  const endOldest = async ({ db }: Tx<AccessTables>, userId: number, now: number): Promise<void> => {
    const live = db
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
    const beyond = await live
      .orderBy('idle_until', 'desc')
      .orderBy('id', 'desc')
      .limit(MOST_SESSIONS)
      .offset(MOST_SESSIONS)
      .execute()
    if (beyond.length === 0) return
    const ids = beyond.map((row) => row.id)
    await db.updateTable('sessions').set({ revoked_at: now }).where('id', 'in', ids).execute()
  }

  const begin = async (
    user: User,
    { acts_in, factor, rehashed }: { acts_in: number; factor: Factor | null; rehashed: string | null },
    origin: Origin,
  ): Promise<Committed<SignedIn>> => {
    const secret = newSessionSecret()
    return await store.transact(async (tx) => {
      if (factor) await takeFactor(tx, user, factor)
      const now = clock.now()
      const kept = await tx.db
        .updateTable('users')
        .set({ signed_in_at: now, ...(rehashed === null ? {} : { password: rehashed }) })
        .where('id', '=', user.id)
        .where('active', '=', 1)
        // Changed meanwhile, the old password opens nothing any more.
        .where('password', '=', user.password ?? '')
        .executeTakeFirst()
      if (kept.numUpdatedRows === 0n) throw refused()
      const expires_at = now + ABSOLUTE_MS
      const { id } = await tx.db
        .insertInto('sessions')
        .values({
          tenant_id: user.tenant_id,
          user_id: user.id,
          hash: hashToken(secret),
          kind: origin.kind,
          acts_in,
          address: origin.address,
          idle_until: now + IDLE_MS,
          expires_at,
          revoked_at: null,
          created_at: now,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      await endOldest(tx, user.id, now)
      const after = {
        session: id,
        kind: origin.kind,
        ...(factor && 'recovery' in factor ? { recovery_code: true } : {}),
      }
      const act = { action: 'sign_in', entity: 'user', entityId: user.id, after } as const
      await recordAudit(tx, actorOfUser(user, origin), act)
      tx.changed(user.tenant_id, 'user', user.id)
      const { id: userId, email, name } = user
      return { secret, sessionId: id, user: { id: userId, email, name }, expiresAt: expires_at }
    })
  }

  /** Whether it is this user's password, counted against address and account; throws `credentials_refused` and 429. */
  const prove = async (user: User | undefined, account: string, password: string, origin: Origin) => {
    if (ofAddress.isSpent(origin.address) || ofAccount.isSpent(account)) throw spent()
    // Counted before it is known, so that many at once are no way around the count.
    count(account, origin)
    const stored = user?.active === 1 ? user.password : null
    const checked = await passwords.check(password, stored)
    if (!checked.isRight) throw await refuse(user, 'password', origin)
    ofAddress.forgive(origin.address)
    ofAccount.forgive(account)
    return checked
  }

  const count = (account: string, { address }: Origin) => {
    ofAddress.failed(address)
    ofAccount.failed(account)
  }

  const refuse = async (user: User | undefined, reason: string, origin: Origin) => {
    await noteFailure(user, user === undefined ? 'unknown' : user.active === 1 ? reason : 'inactive', origin)
    return refused()
  }

  const signIn = async (given: SignIn, origin: Origin): Promise<Committed<SignedIn>> => {
    const account = foldEmail(given.email)
    const user = await store.read
      .selectFrom('users')
      .selectAll()
      .where('email_folded', '=', account)
      .executeTakeFirst()
    const { isWeak } = await prove(user, account, given.password, origin)
    if (!user) throw refused()
    let factor: Factor | null = null
    if (user.totp_confirmed_at !== null) {
      if (given.code === undefined)
        throw new HubError('code_required', 'A code of the authenticator is needed.')
      factor = await factorOf(user, given.code)
      if (factor === null) {
        count(account, origin)
        throw await refuse(user, 'code', origin)
      }
    }
    const acts_in = await tenantOf(user, given.tenant_id)
    const rehashed = isWeak ? await passwords.hash(given.password) : null
    return await begin(user, { acts_in, factor, rehashed }, origin)
  }

  return {
    /**
     * Begins a session. HubError `credentials_refused`, `code_required`, `too_many_failures` (ten failures a minute from an address
     * or for an account), `forbidden` (no membership). An address nobody has takes as long as a wrong password.
     */
    async signIn(given: SignIn, origin: Origin): Promise<Committed<SignedIn>> {
      try {
        return await signIn(given, origin)
      } catch (error) {
        throw asHubError(error)
      }
    },
    prove,
  }
}

export type Prove = ReturnType<typeof openSignIn>['prove']
