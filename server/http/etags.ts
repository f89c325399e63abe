import type { FastifyRequest, RouteOptions } from 'fastify'
import { ConditionHeaders, ReadHeaders } from '../../contract/headers.ts'
import { HubError } from '../platform/errors.ts'
import { conditionOf, etagOf, namesEtag, type Condition } from '../platform/etag.ts'
import type { App } from './app.ts'

const ONE_RESOURCE = /\/:id(?:\/calendar)?$/
const TAGGED = new Set(['GET', 'PUT', 'PATCH'])
const WRITING = new Set(['PUT', 'PATCH', 'DELETE'])

/** What the request's `If-Match` asks of the row. The route's schema must say that it looks: `ConditionHeaders`. */
export function conditionOn(request: FastifyRequest): Condition {
  return conditionOf(request.headers['if-match'])
}

/** ETags on the answers of every route of this scope that reads or changes one resource, and `If-None-Match`. */
export function tagResources(app: App): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.method === 'GET' && ONE_RESOURCE.test(route.url))
      route.schema = { headers: ReadHeaders, ...route.schema }
  })

  // A condition that nobody looks at would be taken for one that held.
  app.addHook('preHandler', (request, _reply, done) => {
    const { schema } = request.routeOptions
    const isIgnored = request.headers['if-match'] !== undefined && schema?.headers !== ConditionHeaders
    if (isIgnored && WRITING.has(request.method))
      throw new HubError('bad_request', 'If-Match is not looked at here; leave it out.')
    done()
  })

  app.addHook('preSerialization', (request, reply, payload, done) => {
    const { method, routeOptions } = request
    // A PUT of the PBX section answers 201; its answer may hold more than the resource the tag is of.
    const isTagged =
      TAGGED.has(method) && [200, 201].includes(reply.statusCode) && reply.getHeader('etag') === undefined
    if (isTagged && ONE_RESOURCE.test(routeOptions.url ?? '') && payload !== null)
      reply.header('etag', etagOf(payload as object))
    done(null, payload)
  })

  app.addHook('onSend', (request, reply, payload, done) => {
    const etag = reply.getHeader('etag')
    const known = request.headers['if-none-match']
    const isKnown = typeof etag === 'string' && known !== undefined && namesEtag(known, etag, { weak: true })
    if (request.method !== 'GET' || !isKnown) return done(null, payload)
    reply.code(304).removeHeader('content-type').removeHeader('content-length')
    return done(null, '')
  })
}
