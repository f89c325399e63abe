import { Type } from 'typebox'
import { ListQuery } from '../../../contract/common.ts'
import { DoNotCall, DoNotCallPage } from '../../../contract/do-not-call.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import type { Journal } from '../../journal/journal.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

const Params = Type.Object({ number: Type.String() })

/** `/api/v1/do-not-call/{number}`: whether a number may be called, by its last Do not Disturb. */
export function doNotCallRoutes(
  app: App,
  { doNotCalls, settle }: Pick<Journal, 'doNotCalls'> & { settle: Settle },
): void {
  const tags = ['do-not-call']
  app.get(
    '/do-not-call',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'List the numbers that are not to be called',
        querystring: ListQuery,
        response: { 200: DoNotCallPage },
      },
    },
    (request) => doNotCalls.list(principalOf(request).tenantId, request.query),
  )
  app.get(
    '/do-not-call/:number',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'May this number be called?', params: Params, response: { 200: DoNotCall } },
    },
    (request) => doNotCalls.get(principalOf(request).tenantId, request.params.number),
  )
  app.delete(
    '/do-not-call/:number',
    {
      ...needs('journal:write'),
      schema: {
        tags,
        summary: 'Lift it: the number may be called again',
        params: Params,
        headers: ConditionHeaders,
        response: { 200: DoNotCall },
      },
    },
    async (request) =>
      settle(await doNotCalls.lift(actor(request), request.params.number, conditionOn(request))),
  )
}
