import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify'
import { Type } from 'typebox'
import { Id, IdParams } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import {
  BuiltMap,
  Host,
  HostInput,
  HostList,
  HostPatch,
  HostTest,
  Removed,
  RevealInput,
  Revealed,
} from '../../../contract/pbx3cx-hosts.ts'
import { HOST_COLUMNS, type Fleet } from '../../fleet/fleet.ts'
import { etagOf } from '../../platform/etag.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { repeatable } from '../idempotency.ts'
import { takesEitherSpelling } from '../spellings.ts'
import { FilteredQuery, bareOrPage, takesFilters } from './bare-lists.ts'
import { forbidHostTokens, reachOf } from './reach.ts'

const HOSTS = '/pbx3cx-hosts'
/** How an older contract spelled it. */
const ALIAS = '/pbx3cx_hosts'
/** Since when (RFC 9745) the alias is deprecated: 2026-01-01. */
const DEPRECATED_AT = '@1767225600'

const Query = FilteredQuery({
  customer_id: Type.Optional(Id),
  customer_file_id: Type.Optional(Id),
  fileable_id: Type.Optional(Id),
  fileable_type: Type.Optional(Type.String({ maxLength: 100 })),
})

const tellSuccessor: preHandlerHookHandler = (request, reply, done) => {
  const path = request.url.split('?')[0]?.replace('pbx3cx_hosts', 'pbx3cx-hosts')
  reply.header('deprecation', DEPRECATED_AT).header('link', `<${path}>; rel="successor-version"`)
  done()
}

type Deps = { fleet: Fleet; settle: Settle }

/** `/api/v1/pbx3cx-hosts`: the PBXs of a tenant. */
export function pbx3cxHostRoutes(app: App, deps: Deps): void {
  crudRoutes(app, HOSTS, deps)
  crudRoutes(app, ALIAS, deps)
  testRoute(app, deps)
  mapRoute(app, deps)
  app.post(
    `${HOSTS}/:id/reveal`,
    // Its answer is never kept under a key: it holds secrets.
    repeatable({
      ...needs('secrets:reveal'),
      schema: {
        tags: ['PBX hosts'],
        summary: 'Show stored secrets of a host in clear; who and why is kept in the audit trail',
        params: IdParams,
        body: RevealInput,
        response: { 200: Revealed },
      },
    }),
    (request) => deps.fleet.reveal.once(actor(request), reachOf(request), request.params.id, request.body),
  )
}

function testRoute(app: App, { fleet, settle }: Deps): void {
  app.post(
    `${HOSTS}/:id/test`,
    {
      ...needs('fleet:write'),
      schema: {
        tags: ['PBX hosts'],
        summary:
          'Reach a host by name, TLS, HTTP and SSH and ask for all that is used of its API; keeps what was found, with the reason for each no',
        params: IdParams,
        response: { 200: HostTest },
      },
    },
    async (request) => {
      forbidHostTokens(request)
      return settle(await fleet.testHost(actor(request), reachOf(request), request.params.id))
    },
  )
}

function mapRoute(app: App, { fleet, settle }: Deps): void {
  app.post(
    `${HOSTS}/:id/map`,
    {
      ...needs('fleet:write'),
      schema: {
        tags: ['PBX hosts'],
        summary: 'Build pbx_map from the PBX now; 409 for a map that was given by hand',
        params: IdParams,
        response: { 200: BuiltMap },
      },
    },
    async (request) => {
      forbidHostTokens(request)
      return settle(await fleet.maps.build(actor(request), reachOf(request), request.params.id))
    },
  )
}

function crudRoutes(app: App, path: string, { fleet, settle }: Deps): void {
  const { hosts, reveal } = fleet
  const isAlias = path === ALIAS
  const tags = ['PBX hosts']
  const option = isAlias ? { preHandler: tellSuccessor } : {}
  const docs = (summary: string) => (isAlias ? { tags, summary, deprecated: true } : { tags, summary })

  /** The host as this token sees it. Its ETag is that of the masked one, which is what a write compares. */
  const shown = async (request: FastifyRequest, reply: FastifyReply, host: Host): Promise<Host> => {
    if (!principalOf(request).clearSecrets) return host
    reply.header('etag', etagOf(host))
    const [clear = host] = await reveal.inClear(principalOf(request).tenantId, [host])
    return clear
  }

  app.get(
    path,
    {
      ...option,
      ...needs('fleet:read'),
      ...takesFilters(),
      schema: {
        ...docs('List PBX hosts: a bare array, pages with page or per_page'),
        querystring: Query,
        response: { 200: HostList },
      },
    },
    (request, reply) =>
      bareOrPage(request, reply, HOST_COLUMNS, async (asked) => {
        const page = await hosts.list(reachOf(request), request.query, asked)
        const { clearSecrets, tenantId } = principalOf(request)
        return clearSecrets ? { ...page, data: await reveal.inClear(tenantId, page.data) } : page
      }),
  )
  app.post(
    path,
    {
      ...option,
      ...needs('fleet:write'),
      ...takesEitherSpelling(HostInput),
      schema: { ...docs('Create a PBX host'), body: HostInput, response: { 201: Host } },
    },
    async (request, reply) => {
      forbidHostTokens(request)
      const host = await settle(await hosts.create(actor(request), request.body))
      return reply.code(201).send(await shown(request, reply, host))
    },
  )
  app.get(
    `${path}/:id`,
    {
      ...option,
      ...needs('fleet:read'),
      schema: { ...docs('Read a PBX host'), params: IdParams, response: { 200: Host } },
    },
    async (request, reply) => shown(request, reply, await hosts.get(reachOf(request), request.params.id)),
  )
  for (const [method, status] of [
    ['PUT', 201],
    ['PATCH', 200],
  ] as const) {
    app.route({
      method,
      url: `${path}/:id`,
      ...option,
      ...needs('fleet:write'),
      ...takesEitherSpelling(HostPatch),
      schema: {
        ...docs('Change a PBX host: absent = unchanged, null = cleared'),
        params: IdParams,
        headers: ConditionHeaders,
        body: HostPatch,
        response: { [status]: Host },
      },
      handler: async (request, reply) => {
        forbidHostTokens(request)
        const changed = await hosts.update(
          actor(request),
          request.params.id,
          request.body,
          conditionOn(request),
        )
        const host = await shown(request, reply, await settle(changed))
        return reply.code(status).send(host)
      },
    })
  }
  app.delete(
    `${path}/:id`,
    {
      ...option,
      ...needs('fleet:write'),
      schema: {
        ...docs('Remove a PBX host with its audits, records and calls'),
        params: IdParams,
        headers: ConditionHeaders,
        response: { 201: Removed },
      },
    },
    async (request, reply) => {
      forbidHostTokens(request)
      await settle(await hosts.remove(actor(request), request.params.id, conditionOn(request)))
      return reply.code(201).send({ message: 'The PBX host was removed.' })
    },
  )
}
