import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { CreatedToken, Token, TokenInput, TokenPage } from '../../../contract/tokens.ts'
import type { Access } from '../../access/access.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import { HubError } from '../../platform/errors.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { reachOf } from './reach.ts'

/** `/api/v1/tokens`: a tenant's credentials. The secret is in the answer to the creation and nowhere else. */
export function tokenRoutes(
  app: App,
  { access, fleet, settle }: { access: Access; fleet: Fleet; settle: Settle },
): void {
  const { tokens } = access
  const tags = ['tokens']

  app.get(
    '/tokens',
    {
      ...needs('admin'),
      schema: { tags, summary: 'List tokens', querystring: ListQuery, response: { 200: TokenPage } },
    },
    (request) => tokens.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/tokens',
    {
      ...needs('admin'),
      schema: { tags, summary: 'Create a token', body: TokenInput, response: { 201: CreatedToken } },
    },
    async (request, reply) => {
      const isOperator = principalOf(request).homeTenantId === access.operatorTenantId()
      if (request.body.kind === 'address' && !isOperator) {
        throw new HubError('forbidden', 'Only the operator may let an address in without a token.')
      }
      if (request.body.expires_at && Date.parse(request.body.expires_at) <= Date.now()) {
        throw new HubError('validation_failed', 'expires_at: lies in the past.', {
          fields: { expires_at: ['Lies in the past.'] },
        })
      }
      if (request.body.host_id) await fleet.hosts.get(reachOf(request), request.body.host_id)
      return reply.code(201).send(await settle(await tokens.create(actor(request), request.body)))
    },
  )
  app.get(
    '/tokens/:id',
    {
      ...needs('admin'),
      schema: { tags, summary: 'Read a token', params: IdParams, response: { 200: Token } },
    },
    (request) => tokens.get(principalOf(request).tenantId, request.params.id),
  )
  app.delete(
    '/tokens/:id',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Revoke a token at once',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 200: Token },
      },
    },
    async (request) => settle(await tokens.revoke(actor(request), request.params.id, conditionOn(request))),
  )
}
