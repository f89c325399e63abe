import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { Category, CategoryInput, CategoryPage, CategoryPatch } from '../../../contract/categories.ts'
import type { Categories } from '../../directory/directory.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

/** `/api/v1/categories`: what makes a customer a VIP. One in use is not deleted. */
export function categoryRoutes(
  app: App,
  { categories, settle }: { categories: Categories; settle: Settle },
): void {
  const tags = ['categories']

  app.get(
    '/categories',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'List categories', querystring: ListQuery, response: { 200: CategoryPage } },
    },
    (request) => categories.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/categories',
    {
      ...needs('directory:write'),
      schema: { tags, summary: 'Create a category', body: CategoryInput, response: { 201: Category } },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await categories.create(actor(request), request.body))),
  )
  app.get(
    '/categories/:id',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'Read a category', params: IdParams, response: { 200: Category } },
    },
    (request) => categories.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/categories/:id',
      ...needs('directory:write'),
      schema: {
        tags,
        summary: 'Change a category',
        params: IdParams,
        headers: ConditionHeaders,
        body: CategoryPatch,
        response: { 200: Category },
      },
      handler: async (request) =>
        settle(
          await categories.update(actor(request), request.params.id, request.body, conditionOn(request)),
        ),
    })
  }
  app.delete(
    '/categories/:id',
    {
      ...needs('directory:write'),
      schema: {
        tags,
        summary: 'Delete a category that no customer is in',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(await settle(await categories.remove(actor(request), request.params.id, conditionOn(request)))),
  )
}
