import { contains } from '../platform/address.ts'
import type { Clock } from '../platform/clock.ts'
import { HubError } from '../platform/errors.ts'
import type { AccessMemory, KnownToken } from './access-memory.ts'
import { openAddressThrottle } from './failure-throttle.ts'
import type { Scope } from '../../contract/scopes.ts'
import { mayDo, type Principal } from './principal.ts'
import { hashToken } from './token-secret.ts'

/** What a request shows of itself. */
export type Credentials = {
  /** The secret as sent; null when none was. */
  token: string | null
  /** The caller's address, behind trusted proxies already resolved. */
  address: string
  /** The dialect spoken, when it may be opened to bare addresses. */
  dialect: string | null
  /** `Cordboard-Tenant`: the tenant to act in; null = the token's own. */
  actAs: string | null
}

export type Authentication = {
  /**
   * Says who is asking, or throws: 401 `unauthenticated`, 403 `address_refused` or `forbidden`, 429
   * `too_many_failures`. Asks memory only, and a valid credential is never throttled.
   */
  authenticate(credentials: Credentials): Principal
  /** Who a secret stands for, in its own tenant, if nothing but the secret is needed for it; notes no failure. */
  recognise(secret: string): Principal | null
  /** Whether somebody who was let in still is who they were, with this scope, in that tenant: for answers that take long. */
  stands(principal: Principal, scope: Scope): boolean
}

/** More tokens than that are in nobody's use at the same time; then it begins anew. */
const DIGESTS_KEPT = 64

export function openAuthentication(
  memory: AccessMemory,
  clock: Clock,
  onUse: (tokenId: number) => void,
): Authentication {
  const throttle = openAddressThrottle(clock)

  const refuse = (address: string, error: HubError): never => {
    if (!throttle.failed(address)) throw error
    throw new HubError(
      'too_many_failures',
      'Too many failed attempts from this address. Try again in a minute.',
    )
  }

  const isLive = (token: KnownToken) =>
    (token.expiresAt === null || token.expiresAt > clock.now()) &&
    memory.tenant(token.tenantId)?.active === true

  const byAddress = ({ address, dialect }: Credentials): KnownToken | null => {
    if (dialect === null) return null
    let found: KnownToken | null = null
    for (const token of memory.addressCredentials()) {
      if (!token.dialects?.has(dialect) || !token.addresses || !isLive(token)) continue
      if (!contains(token.addresses, address)) continue
      // An address that speaks for two tenants speaks for neither.
      if (found && found.tenantId !== token.tenantId) return null
      found ??= token
    }
    return found
  }

  /** A membership in a tenant that was closed counts for nothing. */
  const inTenant = (token: KnownToken, wanted: string | null): KnownToken => {
    const acting = memory.inTenant(token, wanted)
    return memory.tenant(acting.tenantId)?.active === true ? acting : token
  }

  const actingTenant = (token: KnownToken, actAs: string | null): number => {
    if (actAs === null) return token.tenantId
    const wanted = Number(actAs)
    if (wanted === token.tenantId) return wanted
    const allowed = token.scopes.has('admin') && memory.isDescendant(wanted, token.tenantId)
    if (!allowed) throw new HubError('forbidden', 'This token may not act in that tenant.')
    return wanted
  }

  const principalOf = (token: KnownToken, tenantId: number): Principal => {
    onUse(token.id)
    return {
      tokenId: token.id,
      tokenName: token.name,
      tenantId,
      homeTenantId: token.tenantId,
      scopes: token.scopes,
      session: token.session,
      hostId: token.hostId,
      departments: token.departments,
      clearSecrets: token.clearSecrets,
    }
  }

  // A PBX sends the same token with every call: its digest is not made anew each time.
  const digests = new Map<string, string>()
  const keepDigest = (secret: string, digest: string) => {
    if (digests.has(secret)) return
    if (digests.size === DIGESTS_KEPT) digests.clear()
    digests.set(secret, digest)
  }

  return {
    authenticate(credentials) {
      const { token: secret, address } = credentials
      const token = secret === null ? byAddress(credentials) : memory.byHash(hashToken(secret))
      if (!token || !isLive(token)) {
        const reason =
          secret === null ? 'A token is needed.' : 'This token is not known, has expired or was revoked.'
        return refuse(address, new HubError('unauthenticated', reason))
      }
      if (token.addresses && !contains(token.addresses, address)) {
        return refuse(
          address,
          new HubError('address_refused', 'This token may not be used from this address.'),
        )
      }
      const acting = inTenant(token, credentials.actAs)
      return principalOf(acting, actingTenant(acting, credentials.actAs))
    },
    stands({ tokenId, tenantId }, scope) {
      const token = memory.byNumber(tokenId)
      if (!token || !isLive(token)) return false
      const acting = inTenant(token, String(tenantId))
      const isBelow = acting.scopes.has('admin') && memory.isDescendant(tenantId, acting.tenantId)
      return (acting.tenantId === tenantId || isBelow) && mayDo(acting.scopes, scope)
    },
    recognise(secret) {
      const digest = digests.get(secret) ?? hashToken(secret)
      const token = memory.byHash(digest)
      if (!token || token.addresses !== null || !isLive(token)) return null
      keepDigest(secret, digest)
      return principalOf(token, token.tenantId)
    },
  }
}
