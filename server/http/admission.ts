import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { isCsrfToken, isSessionSecret, mayDo, type Access } from '../access/access.ts'
import { isLinkToken } from '../journal/journal.ts'
import { HubError } from '../platform/errors.ts'
import { admit, type RouteAccess } from './app.ts'
import { sessionCookie } from './cookies.ts'

const BEARER = /^Bearer +(\S+) *$/i

/** The token in `Authorization: Bearer` or `X-Api-Key`; null when neither header is there. */
export function tokenOfHeaders(headers: IncomingHttpHeaders): string | null {
  const { authorization } = headers
  if (authorization?.startsWith('Bearer ')) return authorization.slice('Bearer '.length).trim()
  if (authorization !== undefined) return BEARER.exec(authorization)?.[1] ?? ''
  const key = headers['x-api-key']
  return typeof key === 'string' ? key : null
}

/** The header's token, or the session in a cookie: what the answer to a request may be sealed with. */
export function secretOf(headers: IncomingHttpHeaders): string | null {
  return tokenOfHeaders(headers) ?? sessionCookie(headers)
}

/** The parameter `token`, in any case; null when there is none. A session's is none: URLs are kept by others. */
export function namedToken(parameters: unknown): string | null {
  const named = findToken(parameters)
  return named === null || isSessionSecret(named) ? null : named
}

function findToken(parameters: unknown): string | null {
  if (parameters === null || typeof parameters !== 'object') return null
  const exact = (parameters as Record<string, unknown>)['token']
  if (typeof exact === 'string') return exact
  for (const [name, value] of Object.entries(parameters)) {
    if (name.toLowerCase() === 'token' && typeof value === 'string') return value
  }
  return null
}

/** PBXs that can set no header send the token among the parameters. */
function parameterToken(request: FastifyRequest): string | null {
  return namedToken(request.query) ?? namedToken(Array.isArray(request.body) ? request.body[0] : request.body)
}

function sameSecret(given: string, wanted: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', wanted, 'buffer'))
}

/** A browser sends its cookie with whatever another site asks for; the CSRF token it does not know. */
function refuseForged({ method, headers }: FastifyRequest, cookie: string): void {
  const given = headers['x-csrf-token']
  if (method === 'GET' || (typeof given === 'string' && isCsrfToken(given, cookie))) return
  throw new HubError('csrf_refused', 'Send the X-CSRF-Token that GET /api/v1/session tells.')
}

/** Lets a request in, or throws 401, 403 or 429. */
export type Admit = (request: FastifyRequest, access: RouteAccess) => void

/** `metricsToken` opens the metrics without a token of the API; without one they need `admin`. */
export function openAdmission(access: Access, metricsToken: string | null): Admit {
  return (request, { admission, dialect }) => {
    if (admission === 'public') return
    const { headers } = request
    const sent = tokenOfHeaders(headers) ?? (dialect === null ? null : parameterToken(request))
    const cookie =
      sent === null && dialect === null && admission !== 'metrics' ? sessionCookie(headers) : null
    const token = sent ?? cookie
    if (admission === 'link' && token !== null && isLinkToken(token)) return
    if (admission === 'metrics' && metricsToken !== null && token !== null && sameSecret(token, metricsToken))
      return
    const actAs = request.headers['cordboard-tenant']
    const principal = access.authenticate({
      token,
      address: request.ip,
      dialect,
      actAs: typeof actAs === 'string' ? actAs : null,
    })
    if (cookie !== null) refuseForged(request, cookie)
    if (admission === 'link') throw new HubError('unauthenticated', 'This takes the credential of a link.')
    if (admission === 'self') return admit(request, principal)
    const scope = admission === 'metrics' ? 'admin' : admission
    if (!mayDo(principal.scopes, scope)) {
      throw new HubError(
        'scope_missing',
        `This ${principal.session ? 'user' : 'token'} lacks the scope ${scope}.`,
      )
    }
    admit(request, principal)
  }
}
