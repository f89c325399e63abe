import { Type } from 'typebox'
import type { FastifyReply } from 'fastify'
import {
  Destination,
  OpenDestinations,
  OpenDestinationsInput,
  PbxCountry,
} from '../../../contract/destinations.ts'
import { isTrue } from '../../../contract/common.ts'
import type { Access } from '../../access/access.ts'
import { countries, listTag, type Destinations } from '../../fleet/fleet.ts'
import { HubError } from '../../platform/errors.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { tokenOfHeaders } from '../admission.ts'
import { forbidHostTokens } from './reach.ts'

type Deps = { access: Access; destinations: Destinations; settle: Settle }

const OpenQuery = Type.Object(
  { open: Type.Optional(Type.Enum(['0', '1', 'false', 'true'])) },
  { additionalProperties: true },
)

function cached(reply: FastifyReply, list: unknown, cacheControl: string): void {
  reply.header('cache-control', cacheControl).header('etag', listTag(list))
}

/** `/api/v1/helpers/3cx…`: what forms choose from, public; and the tenant's own list of open destinations. */
export function helperRoutes(app: App, { access, destinations, settle }: Deps): void {
  const tags = ['helpers']
  app.get(
    '/helpers/3cxCountries',
    {
      ...needs('public'),
      schema: { tags, summary: 'Countries as a PBX knows them', response: { 200: Type.Array(PbxCountry) } },
    },
    async (_request, reply) => {
      const list = [...countries()]
      cached(reply, list, 'public, max-age=86400')
      return list
    },
  )
  app.get(
    '/helpers/3cxOpenDestinations',
    {
      ...needs('public'),
      schema: {
        tags,
        summary:
          "Countries, and whether calls to them are let out by default: the tenant's list with a token, the operator's without",
        querystring: OpenQuery,
        response: { 200: Type.Array(Destination) },
      },
    },
    async (request, reply) => {
      const token = tokenOfHeaders(request.headers)
      const asker = token === null ? null : access.recognise(token)
      const tenantId = asker?.tenantId ?? access.operatorTenantId()
      if (tenantId === null)
        throw new HubError('store_unavailable', 'The hub does not know its operator yet.')
      const all = await destinations.list(tenantId)
      const { open } = request.query
      const list = open === undefined ? all : all.filter((one) => one.open === isTrue(open))
      reply.header('vary', 'Authorization, X-Api-Key')
      cached(reply, list, asker === null ? 'public, max-age=300' : 'private, max-age=300')
      return list
    },
  )
  app.get(
    '/open-destinations',
    {
      ...needs('fleet:read'),
      schema: { tags, summary: 'Destinations the tenant leaves open', response: { 200: OpenDestinations } },
    },
    (request) => destinations.get(principalOf(request).tenantId),
  )
  app.post(
    '/open-destinations',
    {
      ...needs('fleet:write'),
      schema: {
        tags,
        summary: 'Replace the list of destinations the tenant leaves open',
        body: OpenDestinationsInput,
        response: { 200: OpenDestinations },
      },
    },
    async (request) => {
      forbidHostTokens(request)
      return settle(await destinations.set(actor(request), request.body))
    },
  )
}
