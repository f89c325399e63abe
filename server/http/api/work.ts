import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { WorkPage, WorkTask } from '../../../contract/work.ts'
import type { Work } from '../../platform/work/work.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

/** `/api/v1/work`: what is still to be done, and what failed for good. The hub's own tasks are the operator's. */
export function workRoutes(app: App, { work, settle }: { work: Work; settle: Settle }): void {
  const tags = ['work']
  app.get(
    '/work',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'List tasks; filter[kind], filter[key], filter[state] = waiting, due, running or dead',
        querystring: ListQuery,
        response: { 200: WorkPage },
      },
    },
    (request) => work.list(principalOf(request).tenantId, request.query),
  )
  app.get(
    '/work/:id',
    {
      ...needs('admin'),
      schema: { tags, summary: 'Read a task', params: IdParams, response: { 200: WorkTask } },
    },
    (request) => work.get(principalOf(request).tenantId, request.params.id),
  )
  app.post(
    '/work/:id/redrive',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Let a dead task be due again, as if it were new',
        params: IdParams,
        response: { 200: WorkTask },
      },
    },
    async (request) => settle(await work.redrive(actor(request), request.params.id)),
  )
  app.delete(
    '/work/:id',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Forget a dead task',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await settle(await work.remove(actor(request), request.params.id, conditionOn(request)))
      return reply.code(204).send(null)
    },
  )
}
