import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../odata/refusal.ts'
import type { Caller, Row } from '../model/pbx.ts'
import { sendAnswer } from './answer.ts'
import type { Dispatch } from './dispatch.ts'
import { metadataOf } from './metadata.ts'
import { mayUse } from './permissions.ts'
import { bearerOf, pathOf, type Front } from './server.ts'

const ROOT = '/xapi/v1'

/** The caller of a request, or 401; a token that was expired by a fault gets that fault's status. */
export function callerOf({ tokens, faults }: Front, request: FastifyRequest): Caller {
  const token = bearerOf(request)
  const caller = tokens.callerOf(token)
  const fault = faults.list().find((one) => one.name === 'expired-token')
  if (!caller)
    throw new Refusal(fault && token !== '' ? fault.value : 401, 'The token is missing, expired or replaced.')
  if (fault) tokens.expire(token)
  return caller
}

/** Query options. A plus is a space, as forms write it, unless the fault `plus` lets it be a plus: both were seen. */
function queryOf(request: FastifyRequest, { faults }: Front): Map<string, string> {
  const sent = request.url.slice(pathOf(request).length + 1)
  const text = faults.list().some((one) => one.name === 'plus') ? sent : sent.replaceAll('+', '%20')
  const found = new Map<string, string>()
  for (const part of text.split('&').filter((one) => one !== '')) {
    const at = part.indexOf('=')
    const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
    found.set(decode(name), decode(value))
  }
  return found
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal(400, 'The address is not encoded properly.')
  }
}

/** Everything under `/xapi/v1`. */
export function serveXapi(server: FastifyInstance, front: Front, dispatch: Dispatch): void {
  const root = (request: FastifyRequest): string => `${request.protocol}://${request.host}${ROOT}`

  server.get(`${ROOT}/swagger.yaml`, (_request, reply) => reply.type('application/yaml').send(dispatch.text))
  server.get(`${ROOT}/$metadata`, (_request, reply) =>
    reply.type('application/xml').send(metadataOf(dispatch.names)),
  )
  server.get(ROOT, (request, reply) => {
    callerOf(front, request)
    const value = dispatch.names.map((name) => ({ name, kind: 'EntitySet', url: name }))
    return reply.send({ '@odata.context': `${root(request)}/$metadata`, value })
  })
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const caller = callerOf(front, request)
    if (caller.principal?.XAPIEnabled !== true)
      throw new Refusal(403, 'The client may not use the configuration.')
    const path = decode(pathOf(request).slice(ROOT.length + 1))
    const { handler, values } = dispatch.find(request.method, path)
    if (!mayUse(caller, handler.area, request.method as 'GET', handler.tag))
      throw new Refusal(403, `The role ${caller.role} may not do this.`)
    const query = queryOf(request, front)
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Row
    const result = await handler.run({ pbx: front.pbx, caller, values, query, body })
    const limit = front.faults.list().find((fault) => fault.name === 'top')
    return sendAnswer(reply, result, {
      root: root(request),
      path: pathOf(request).slice(ROOT.length + 1),
      query,
      topLimit: limit?.value ?? null,
    })
  }
  server.route({ method: ['GET', 'POST', 'PATCH', 'DELETE', 'PUT'], url: `${ROOT}/*`, handler: answer })
}
