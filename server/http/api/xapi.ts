import type { FastifyRequest } from 'fastify'
import {
  XapiAnswer,
  XapiCallInput,
  XapiHostParams,
  XapiOperationList,
  XapiOperationParams,
  XapiOperationQuery,
  XapiOperationShape,
} from '../../../contract/xapi.ts'
import { mayDo } from '../../access/access.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import { HubError } from '../../platform/errors.ts'
import { actor, needs, principalOf, type App } from '../app.ts'
import { keepFailure } from '../idempotency.ts'
import { sendFile } from './pbx-file.ts'
import { everyCallReachOf, forbidHostTokens, reachOf } from './reach.ts'

const PATH = '/pbx3cx/:host/xapi'

/** `/api/v1/pbx3cx/{host}/xapi`: everything a host's own API can do, as the PBX describes it. Answers are never cached. */
export function xapiRoutes(app: App, { xapiCalls }: Pick<Fleet, 'xapiCalls'>): void {
  const tags = ['XAPI']
  app.get(
    `${PATH}/operations`,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary:
          'Every operation the PBX describes: what it takes, whether it writes and whether it must be confirmed',
        params: XapiHostParams,
        querystring: XapiOperationQuery,
        response: { 200: XapiOperationList },
      },
    },
    (request, reply) => {
      reply.header('cache-control', 'no-store')
      return xapiCalls.operations(reachOf(request), request.params.host, request.query)
    },
  )
  app.get(
    `${PATH}/operations/:operationId`,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary: 'One operation of the PBX, with the JSON Schema of its input and of its answer',
        params: XapiOperationParams,
        response: { 200: XapiOperationShape },
      },
    },
    (request, reply) => {
      reply.header('cache-control', 'no-store')
      const { host, operationId } = request.params
      return xapiCalls.operation(reachOf(request), host, operationId)
    },
  )
  app.post(
    `${PATH}/:operationId`,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary:
          'Call an operation of the PBX. Changes need fleet:write and are audited; an answer that is no JSON is the file itself',
        params: XapiOperationParams,
        body: XapiCallInput,
        response: { 200: XapiAnswer },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      // A PBX tells of everybody's calls.
      everyCallReachOf(request)
      const { host, operationId } = request.params
      const { parameters = {}, body, confirm = null, timeout_ms = 60_000 } = request.body
      const caller = { actor: actor(request), reach: reachOf(request), mayWrite: () => mustWrite(request) }
      const call = { parameters, body, confirm, timeoutMs: timeout_ms }
      const { answer, file } = await xapiCalls
        .call(caller, host, operationId, call)
        .catch((error: unknown) => {
          if (error instanceof HubError && error.code === 'pbx_outcome_unknown') keepFailure(request)
          throw error
        })
      return answer ?? sendFile(reply, file)
    },
  )
}

function mustWrite(request: FastifyRequest): void {
  forbidHostTokens(request)
  const { scopes, session } = principalOf(request)
  if (!mayDo(scopes, 'fleet:write'))
    throw new HubError('scope_missing', `This ${session ? 'user' : 'token'} lacks the scope fleet:write.`)
}
