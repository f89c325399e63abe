import { Callback, CallbackPage, CallbackPatch } from '../../../contract/callbacks.ts'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import type { Callbacks } from '../../journal/journal.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

/** `/api/v1/callbacks`: who wants to be called; made by dispositions, completed here. */
export function callbackRoutes(
  app: App,
  { callbacks, settle }: { callbacks: Callbacks; settle: Settle },
): void {
  const tags = ['callbacks']
  app.get(
    '/callbacks',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'List callbacks',
        description:
          'Filters: status (open, done, cancelled), disposition_id, due_from and due_to (a day in the tenant’s zone or an instant; `due_to` is not included).',
        querystring: ListQuery,
        response: { 200: CallbackPage },
      },
    },
    (request) => callbacks.list(principalOf(request).tenantId, request.query),
  )
  app.get(
    '/callbacks/:id',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Read a callback', params: IdParams, response: { 200: Callback } },
    },
    (request) => callbacks.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/callbacks/:id',
      ...needs('journal:write'),
      schema: {
        tags,
        summary: 'Complete, reopen, cancel or postpone a callback',
        params: IdParams,
        headers: ConditionHeaders,
        body: CallbackPatch,
        response: { 200: Callback },
      },
      handler: async (request) =>
        settle(await callbacks.update(actor(request), request.params.id, request.body, conditionOn(request))),
    })
  }
}
