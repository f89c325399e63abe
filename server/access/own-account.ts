import { sql } from 'kysely'
import type { Language } from '../../contract/dispositions.ts'
import type { SelfPatch, TotpState } from '../../contract/sessions.ts'
import { HubError, invalid } from '../platform/errors.ts'
import { recordAudit } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { held } from '../platform/database/claiming.ts'
import type { Tx } from '../platform/database/store.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { hashRecoveryCode, newRecoveryCodes, newTotpSecret, totpStep, totpUrl } from './authenticator.ts'
import { endSessions } from './sessions.ts'
import { actorOfUser, totpPlace, type Prove, type Origin, type SignInDeps, type User } from './sign-in.ts'
import type { AccessTables } from './tables.ts'
import { hashToken } from './token-secret.ts'

/** Somebody who is signed in, and where from. */
export type Self = { userId: number; sessionId: number; origin: Origin }

/** What people do with their own account. */
export type OwnAccount = {
  /** Ends the user's other sessions. HubError `credentials_refused` when `current` is not the password. */
  changePassword(
    self: Self,
    given: { current: string; password: string },
  ): Promise<Committed<{ revoked_sessions: number }>>
  /** What is the user's own to say: the language of labels (null = what the browser asks for). */
  change(
    self: Self,
    patch: SelfPatch,
    condition?: Condition,
  ): Promise<Committed<{ language: Language | null }>>
  /** With an invitation, once. HubError `credentials_refused` when it is void. */
  setPassword(
    given: { token: string; password: string },
    origin: Origin,
  ): Promise<Committed<{ revoked_sessions: number }>>
  /** Whether an authenticator counts, and what recovery codes are left. */
  authenticator(self: Self): Promise<TotpState>
  /** A secret that counts once a code of it was confirmed. HubError `conflict` when there is one that counts. */
  enrol(self: Self): Promise<Committed<{ secret: string; url: string }>>
  /** Answers the recovery codes, which are shown here and nowhere else. */
  confirm(self: Self, code: string): Promise<Committed<{ recovery_codes: string[] }>>
  /** Needs the password once more. */
  disableTotp(self: Self, password: string): Promise<Committed<null>>
}

type Deps = SignInDeps & { prove: Prove }

/** What was proved is proved no more when the password was replaced meanwhile. */
const hasPasswordOf = ({ password }: User) =>
  password === null ? sql<boolean>`password is null` : sql<boolean>`password = ${password}`
const replaced = () => new HubError('credentials_refused', 'The password was replaced just now.')

export function openOwnAccount({ store, clock, passwords, keyring, prove }: Deps): OwnAccount {
  const find = async ({ userId }: Self): Promise<User> => {
    const user = await store.read.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst()
    if (!user) throw new HubError('unauthenticated', 'This user is gone.')
    return user
  }
  const audit = (tx: Tx<AccessTables>, user: User, origin: Origin, after: object) =>
    recordAudit(tx, actorOfUser(user, origin), { action: 'update', entity: 'user', entityId: user.id, after })

  /** The password, if the one before is still in force, and the end of all sessions but one. */
  const put = async (
    tx: Tx<AccessTables>,
    user: User,
    password: string,
    origin: Origin,
    keptId: number | null,
  ) => {
    const now = clock.now()
    const written = await tx.db
      .updateTable('users')
      .set({ password, invite_hash: null, invite_until: null, updated_at: now })
      .where('id', '=', user.id)
      .where(hasPasswordOf(user))
      .executeTakeFirst()
    if (written.numUpdatedRows === 0n) throw replaced()
    const revoked_sessions = await endSessions(tx, user.id, keptId, now)
    await audit(tx, user, origin, { password: 'changed', revoked_sessions })
    tx.changed(user.tenant_id, 'user', user.id)
    return { revoked_sessions }
  }

  return {
    async changePassword(self, given) {
      const user = await find(self)
      await prove(user, user.email_folded, given.current, self.origin)
      const password = await passwords.hash(given.password)
      return await store.transact((tx) => put(tx, user, password, self.origin, self.sessionId))
    },
    async change(self, patch, condition = unconditional) {
      const user = await find(self)
      return await store.transact(async (tx) => {
        const rows = tx.db.selectFrom('users').select('language').where('id', '=', user.id)
        const before = await held(tx.engine, rows).executeTakeFirstOrThrow()
        condition(before)
        const { language = before.language } = patch
        await tx.db
          .updateTable('users')
          .set({ language, updated_at: clock.now() })
          .where('id', '=', user.id)
          .execute()
        await audit(tx, user, self.origin, { language })
        tx.changed(user.tenant_id, 'user', user.id)
        return { language }
      })
    },
    async setPassword(given, origin) {
      const invite_hash = hashToken(given.token)
      const invited = () => store.read.selectFrom('users').selectAll().where('invite_hash', '=', invite_hash)
      const refused = () =>
        new HubError('credentials_refused', 'This invitation was used, replaced, or has expired.')
      const user = await invited().executeTakeFirst()
      if (!user || user.active === 0 || (user.invite_until ?? 0) <= clock.now()) throw refused()
      const password = await passwords.hash(given.password)
      return await store.transact(async (tx) => {
        const taken = await tx.db
          .updateTable('users')
          .set({ invite_hash: null })
          .where('id', '=', user.id)
          .where('invite_hash', '=', invite_hash)
          .executeTakeFirst()
        if (taken.numUpdatedRows === 0n) throw refused()
        return await put(tx, user, password, origin, null)
      })
    },
    async authenticator(self) {
      const { id, totp_confirmed_at } = await find(self)
      const { left } = await store.read
        .selectFrom('recovery_codes')
        .select((is) => is.fn.countAll<number>().as('left'))
        .where('user_id', '=', id)
        .where('used_at', 'is', null)
        .executeTakeFirstOrThrow()
      const confirmed_at = totp_confirmed_at === null ? null : new Date(totp_confirmed_at).toISOString()
      return { confirmed_at, recovery_codes_left: Number(left) }
    },
    async enrol(self) {
      const user = await find(self)
      const secret = newTotpSecret()
      return await store.transact(async (tx) => {
        const sealed = await keyring.seal(tx, totpPlace(user), secret)
        const written = await tx.db
          .updateTable('users')
          .set({ totp_secret: sealed, totp_step: null })
          .where('id', '=', user.id)
          .where('totp_confirmed_at', 'is', null)
          .executeTakeFirst()
        if (written.numUpdatedRows === 0n)
          throw new HubError('conflict', 'There is an authenticator already; take it away first.')
        return { secret, url: totpUrl(secret, user.email) }
      })
    },
    async confirm(self, code) {
      const user = await find(self)
      if (user.totp_secret === null || user.totp_confirmed_at !== null)
        throw new HubError('conflict', 'There is no authenticator to confirm.')
      const step = totpStep(await keyring.open(totpPlace(user), user.totp_secret), code, clock.now())
      if (step === null) throw invalid({ code: ['This is not the code of now.'] })
      const codes = newRecoveryCodes()
      return await store.transact(async (tx) => {
        const written = await tx.db
          .updateTable('users')
          .set({ totp_confirmed_at: clock.now(), totp_step: step, updated_at: clock.now() })
          .where('id', '=', user.id)
          .where('totp_secret', '=', user.totp_secret)
          .where('totp_confirmed_at', 'is', null)
          .executeTakeFirst()
        if (written.numUpdatedRows === 0n)
          throw new HubError('conflict', 'It was confirmed or replaced meanwhile.')
        await tx.db.deleteFrom('recovery_codes').where('user_id', '=', user.id).execute()
        const owner = { tenant_id: user.tenant_id, user_id: user.id, used_at: null }
        const rows = codes.map((one) => ({ ...owner, hash: hashRecoveryCode(one) }))
        await tx.db.insertInto('recovery_codes').values(rows).execute()
        await audit(tx, user, self.origin, { totp: true })
        return { recovery_codes: codes }
      })
    },
    async disableTotp(self, password) {
      const user = await find(self)
      await prove(user, user.email_folded, password, self.origin)
      return await store.transact(async (tx) => {
        const none = { totp_secret: null, totp_confirmed_at: null, totp_step: null, updated_at: clock.now() }
        const written = await tx.db
          .updateTable('users')
          .set(none)
          .where('id', '=', user.id)
          .where(hasPasswordOf(user))
          .executeTakeFirst()
        if (written.numUpdatedRows === 0n) throw replaced()
        await tx.db.deleteFrom('recovery_codes').where('user_id', '=', user.id).execute()
        await audit(tx, user, self.origin, { totp: false })
        return null
      })
    },
  }
}
