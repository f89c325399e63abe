import { parse } from 'fast-querystring'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Scope } from '../../contract/scopes.ts'
import { mayDo, type Access, type Principal } from '../access/access.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { namedToken, tokenOfHeaders } from './admission.ts'

/** A route whose answer is text out of memory: null leaves the request to the ordinary route of the same path. */
export type QuickRoute = {
  scope: Scope
  answer(
    query: Record<string, unknown>,
    tenantId: number,
    /** The only PBX host the token is for; null = any. */
    hostId: number | null,
  ): { status: number; type: string; body: string } | null
}

/** By path. Each must also be an ordinary route: the lane takes over only what goes well. */
export type QuickRoutes = ReadonlyMap<string, QuickRoute>

export type FastLaneDeps = {
  access: Pick<Access, 'recognise'>
  log: Pick<Log, 'access' | 'error'>
  metrics: Pick<Metrics, 'request'>
  nextRequestId(): string
}

/** Answers a request and says true, or leaves it untouched and says false. */
export type FastLane = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * The questions of a ringing phone, straight from node:http: GET, a token that needs no address, in its own tenant. All
 * else, and every refusal, is the router's: the lane notes no failure and writes no error.
 */
export function openFastLane(routes: QuickRoutes, deps: FastLaneDeps): FastLane {
  const { access, log, metrics, nextRequestId } = deps
  // The path that metrics and log are told is always the same text, whose hash is known, not one cut out of a request.
  const known = new Map([...routes].map(([path, route]) => [path, { path, route }]))

  /** Outside the router nobody would catch a fault: the router shall meet it again and answer 500. */
  const answerOf = (route: QuickRoute, query: Record<string, unknown>, asker: Principal) => {
    try {
      return route.answer(query, asker.tenantId, asker.hostId)
    } catch (error) {
      log.error('the fast lane failed', { error })
      return null
    }
  }

  return (request, response) => {
    const { method, headers, url = '' } = request
    if (method !== 'GET' || headers['cordboard-tenant'] !== undefined) return false
    const mark = url.indexOf('?')
    const found = mark < 0 ? undefined : known.get(url.slice(0, mark))
    if (!found) return false
    const { path, route } = found
    const started = performance.now()
    const query = parse(url.slice(mark + 1))
    const token = tokenOfHeaders(headers) ?? namedToken(query)
    const principal = token === null ? null : access.recognise(token)
    if (!principal || !mayDo(principal.scopes, route.scope)) return false
    const answer = answerOf(route, query, principal)
    if (!answer) return false

    const { status, type, body } = answer
    response.writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
    const ms = performance.now() - started
    metrics.request(path, 'GET', status, ms / 1000)
    log.access({
      request_id: nextRequestId(),
      method: 'GET',
      route: path,
      status,
      ms,
      tenant: principal.tenantId,
      token_id: principal.tokenId,
    })
    return true
  }
}
