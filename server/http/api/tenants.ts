import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { Tenant, TenantInput, TenantPage, TenantPatch } from '../../../contract/tenants.ts'
import type { Access } from '../../access/access.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

/** `/api/v1/tenants`: the tenant asked in and its children. Tenants are closed (`active: false`), never deleted. */
export function tenantRoutes(app: App, { access, settle }: { access: Access; settle: Settle }): void {
  const { tenants } = access
  const tags = ['tenants']

  app.get(
    '/tenants',
    {
      ...needs('admin'),
      schema: { tags, summary: 'List tenants', querystring: ListQuery, response: { 200: TenantPage } },
    },
    (request) => tenants.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/tenants',
    {
      ...needs('admin'),
      schema: { tags, summary: 'Create a child tenant', body: TenantInput, response: { 201: Tenant } },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await tenants.create(actor(request), request.body))),
  )
  app.get(
    '/tenants/:id',
    {
      ...needs('admin'),
      schema: { tags, summary: 'Read a tenant', params: IdParams, response: { 200: Tenant } },
    },
    (request) => tenants.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/tenants/:id',
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Change a tenant',
        params: IdParams,
        headers: ConditionHeaders,
        body: TenantPatch,
        response: { 200: Tenant },
      },
      handler: async (request) =>
        settle(await tenants.update(actor(request), request.params.id, request.body, conditionOn(request))),
    })
  }
}
