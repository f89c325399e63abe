import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { Contract, ContractInput, ContractPage, ContractPatch } from '../../../contract/contracts.ts'
import type { Contracts } from '../../directory/directory.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

/** `/api/v1/contracts`: what customers are entitled to, and when. */
export function contractRoutes(
  app: App,
  { contracts, settle }: { contracts: Contracts; settle: Settle },
): void {
  const tags = ['contracts']

  app.get(
    '/contracts',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'List contracts', querystring: ListQuery, response: { 200: ContractPage } },
    },
    (request) => contracts.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/contracts',
    {
      ...needs('directory:write'),
      schema: { tags, summary: 'Create a contract', body: ContractInput, response: { 201: Contract } },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await contracts.create(actor(request), request.body))),
  )
  app.get(
    '/contracts/:id',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'Read a contract', params: IdParams, response: { 200: Contract } },
    },
    (request) => contracts.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/contracts/:id',
      ...needs('directory:write'),
      schema: {
        tags,
        summary: 'Change a contract',
        params: IdParams,
        headers: ConditionHeaders,
        body: ContractPatch,
        response: { 200: Contract },
      },
      handler: async (request) =>
        settle(await contracts.update(actor(request), request.params.id, request.body, conditionOn(request))),
    })
  }
  app.delete(
    '/contracts/:id',
    {
      ...needs('directory:write'),
      schema: {
        tags,
        summary: 'Delete a contract',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(await settle(await contracts.remove(actor(request), request.params.id, conditionOn(request)))),
  )
}
