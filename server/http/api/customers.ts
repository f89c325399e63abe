import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { Customer, CustomerInput, CustomerPage, CustomerPatch } from '../../../contract/customers.ts'
import type { Customers } from '../../directory/directory.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { takesEitherSpelling } from '../spellings.ts'

/** `/api/v1/customers`: the companies a tenant knows. PUT and PATCH both merge. */
export function customerRoutes(
  app: App,
  { customers, settle }: { customers: Customers; settle: Settle },
): void {
  const tags = ['customers']

  app.get(
    '/customers',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'List customers', querystring: ListQuery, response: { 200: CustomerPage } },
    },
    (request) => customers.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/customers',
    {
      ...needs('directory:write'),
      ...takesEitherSpelling(CustomerInput),
      schema: { tags, summary: 'Create a customer', body: CustomerInput, response: { 201: Customer } },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await customers.create(actor(request), request.body))),
  )
  app.get(
    '/customers/:id',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'Read a customer', params: IdParams, response: { 200: Customer } },
    },
    (request) => customers.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/customers/:id',
      ...needs('directory:write'),
      ...takesEitherSpelling(CustomerPatch),
      schema: {
        tags,
        summary: 'Change a customer',
        params: IdParams,
        headers: ConditionHeaders,
        body: CustomerPatch,
        response: { 200: Customer },
      },
      handler: async (request) =>
        settle(await customers.update(actor(request), request.params.id, request.body, conditionOn(request))),
    })
  }
  app.delete(
    '/customers/:id',
    {
      ...needs('directory:write'),
      schema: {
        tags,
        summary: 'Delete a customer with its contacts, contracts and files',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(await settle(await customers.remove(actor(request), request.params.id, conditionOn(request)))),
  )
}
