import type { WhoAmI } from '../../contract/sessions.ts'
import type { AccessMemory } from './access-memory.ts'
import type { AccessOptions } from './access.ts'
import { openOwnAccount, type OwnAccount } from './own-account.ts'
import { openPasswords } from './passwords.ts'
import type { Principal } from './principal.ts'
import { csrfTokenOf } from './session-secret.ts'
import { openSessions, type Sessions } from './sessions.ts'
import { openSignIn } from './sign-in.ts'
import { openUsers, type Users } from './users.ts'

/** People: who they are, how they sign in, and their sessions. */
export type People = {
  users: Users
  sessions: Sessions
  account: OwnAccount
  signIn: ReturnType<typeof openSignIn>['signIn']
  /** From memory. `cookie`: the secret of the cookie that asks; null when it is a header. */
  whoAmI(principal: Principal, cookie: string | null): WhoAmI
}

export function openPeople(options: AccessOptions, memory: AccessMemory): People {
  const { store, clock, keyring, publicUrl } = options
  keyring.register({ table: 'users', column: 'totp_secret' })
  const passwords = openPasswords()
  const { operatorTenantId, tenant } = memory
  const isOpen = (id: number) => tenant(id)?.active === true
  const deps = { store, clock, passwords, keyring, operatorTenantId, isOpen }
  const { signIn, prove } = openSignIn(deps)
  const named = (id: number) => ({ id, name: memory.tenant(id)?.name ?? '' })
  return {
    users: openUsers({ store, clock, passwords, publicUrl, family: memory.family }),
    sessions: openSessions(store, clock),
    account: openOwnAccount({ ...deps, prove }),
    signIn,
    whoAmI({ session, tenantId, scopes }, cookie) {
      const known = session && {
        user: {
          id: session.user.id,
          email: session.user.email,
          name: session.user.name,
          // A snapshot of an earlier version knows of none.
          language: session.user.language ?? null,
        },
        role: session.roles.get(tenantId) ?? null,
        tenants: [...session.roles].map(([id, role]) => ({ ...named(id), role })),
        session_id: session.id,
        expires_at: new Date(session.endsAt).toISOString(),
      }
      const nobody = { user: null, role: null, tenants: [], session_id: null, expires_at: null }
      return {
        ...(known ?? nobody),
        tenant: named(tenantId),
        scopes: [...scopes],
        csrf_token: cookie === null ? null : csrfTokenOf(cookie),
      }
    },
  }
}
