import type { Scope } from '../../contract/scopes.ts'
import type { Actor } from '../platform/audit.ts'
import type { KnownSession } from './user-memory.ts'

/** Who is asking: one token or session, in one tenant. */
export type Principal = {
  /** A session's number is below zero. */
  tokenId: number
  /** Of a session: the user's e-mail address. */
  tokenName: string
  /** The tenant acted in. */
  tenantId: number
  /** The tenant the token belongs to. */
  homeTenantId: number
  scopes: ReadonlySet<Scope>
  /** Who signed in; null for a token. */
  session: KnownSession | null
  /** The only PBX host it sees; null = all of the tenant. */
  hostId: number | null
  /** The only departments of PBXs whose calls it sees; null = all. */
  departments: readonly string[] | null
  /** Whether stored secrets of PBX hosts are shown to it in clear. */
  clearSecrets: boolean
}

/** `admin` includes everything; `x:write` includes `x:read`. */
export function mayDo(scopes: ReadonlySet<Scope>, wanted: Scope): boolean {
  if (scopes.has(wanted) || scopes.has('admin')) return true
  return wanted.endsWith(':read') && scopes.has(wanted.replace(':read', ':write') as Scope)
}

/** The principal as the audit trail names it. */
export function actorOf(principal: Principal, request: { id: string; address: string } | null): Actor {
  return {
    kind: principal.session ? 'user' : 'token',
    id: principal.session?.user.id ?? principal.tokenId,
    name: principal.tokenName,
    tenantId: principal.tenantId,
    requestId: request?.id ?? null,
    address: request?.address ?? null,
  }
}
