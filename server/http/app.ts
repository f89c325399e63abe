import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyBaseLogger,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Scope } from '../../contract/scopes.ts'
import { actorOf, type Principal } from '../access/access.ts'
import type { Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'

/** The HTTP application as routes see it: schemas are TypeBox and type the handlers. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/**
 * What lets a request in: a scope, the metrics token, any token or session at all (`self`: about whoever asks), or nothing
 * (`public`, as the design names it). `link`: the credential of a link to one card, which the route looks at.
 */
export type Admission = Scope | 'public' | 'metrics' | 'self' | 'link'
export type RouteAccess = {
  admission: Admission
  /** The dialect, on routes where the token may be a parameter or the address may be the credential. */
  dialect: string | null
}

type Configured = { config: FastifyContextConfig & { access: RouteAccess } }

/** Spread into a route's options: who may call it. A route without one is refused at start. */
export function needs(admission: Admission, dialect: string | null = null): Configured {
  return { config: { access: { admission, dialect } } }
}

export function accessOf(config: unknown): RouteAccess | null {
  return (config as { access?: RouteAccess } | undefined)?.access ?? null
}

/** Where a request keeps who asks; the server declares the place on every request. */
export const PRINCIPAL = 'principal'
type Admitted = { [PRINCIPAL]: Principal | null }

export function admit(request: FastifyRequest, principal: Principal): void {
  ;(request as unknown as Admitted)[PRINCIPAL] = principal
}

/** Who asks; only on routes that need a scope. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = principalOrNull(request)
  if (!principal) throw new Error(`no principal on ${request.routeOptions.url}`)
  return principal
}

/** As `principalOf`, null where nobody was (yet) let in. */
export function principalOrNull(request: FastifyRequest): Principal | null {
  return (request as unknown as Admitted)[PRINCIPAL]
}

/** Who asks, as the audit trail names it. */
export function actor(request: FastifyRequest): Actor {
  return actorOf(principalOf(request), { id: request.id, address: request.ip })
}

/** Waits until this hub's memory holds the write, so that the client's next lookup sees it; answers its value. */
export type Settle = <T>(committed: Committed<T>) => Promise<T>
