import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Lookup } from '../../../directory/directory.ts'
import type { PbxEvents } from '../../../journal/journal.ts'
import type { HubError } from '../../../platform/errors.ts'
import type { Log } from '../../../platform/log.ts'
import type { Routing } from '../../../routing/routing.ts'
import { hostNamed } from '../../asking.ts'
import { needs, principalOf, type App, type Settle } from '../../app.ts'
import { asKnownError, tellClient } from '../../errors.ts'
import { asText, bodyParameters, readParameters } from '../../parameters.ts'
import { readCtiEvent } from './event.ts'

const PATH = '/pbx/zammad'

export type ZammadDeps = {
  lookup: Pick<Lookup, 'read'>
  routing: Pick<Routing, 'routeByProfile'>
  pbxEvents: PbxEvents
  settle: Settle
  log: Log
}

/** Several users of one call come as `user[]`, once for each: they are kept together. */
function joined(pairs: Iterable<[string, string]>): Record<string, string> {
  const all = new Map<string, string>()
  for (const [name, text] of pairs) all.set(name, all.has(name) ? `${all.get(name)}, ${text}` : text)
  return Object.fromEntries(all)
}

async function multipart(body: string, type: string): Promise<Record<string, string>> {
  try {
    const form = await new Response(body, { headers: { 'content-type': type } }).formData()
    return joined([...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
  } catch {
    return {}
  }
}

async function readBody(body: string, type: string): Promise<unknown> {
  if (/^multipart\/form-data/i.test(type)) return await multipart(body, type)
  const text = body.trim()
  if (!/^[{[]/.test(text)) return joined(new URLSearchParams(text))
  const json = bodyParameters(text)
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return {}
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(asText).join(', ') : value,
    ]),
  )
}

/** Errors say what is wrong under `error`. */
function errorHandler(log: Log) {
  return (error: FastifyError | HubError, request: FastifyRequest, reply: FastifyReply): void => {
    const known = asKnownError(error)
    if (!known || known.status >= 500)
      log.error('request failed', { error, request_id: request.id, route: request.routeOptions.url })
    if (known) tellClient(reply, known)
    void reply.code(known?.status ?? 500).send({
      error: known?.message ?? 'Something went wrong on our side.',
      code: known?.code ?? 'internal',
      request_id: request.id,
    })
  }
}

/** Mounts `/pbx/zammad`: events of calls as a PBX tells them Zammad's generic CTI. README.md beside this file is the contract. */
export function zammadDialect(app: App, deps: ZammadDeps): void {
  const { lookup, routing, pbxEvents, settle, log } = deps
  app.setValidatorCompiler(() => () => true)
  app.setErrorHandler(errorHandler(log))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (request: FastifyRequest, body: string) =>
    readBody(body, request.headers['content-type'] ?? ''),
  )
  app.post(
    PATH,
    {
      ...needs('journal:write', 'zammad'),
      schema: { tags: ['zammad'], summary: 'What happens to a call, as its PBX tells a Zammad' },
    },
    async (request, reply) => {
      const { tenantId, tokenId, hostId } = principalOf(request)
      const parameters = readParameters(request.query, request.body)
      const { kind, direction, ...event } = readCtiEvent(parameters, { lookup, tenantId })
      await settle(await pbxEvents.record({ ...event, tenantId, tokenId }))
      reply.header('cache-control', 'no-store')
      if (kind !== 'newCall' || direction !== 'in') return reply.send({})
      const question = {
        number: event.number ?? '',
        dnid: event.dnid ?? undefined,
        call: event.call ?? undefined,
        host: hostNamed(parameters, hostId) ?? undefined,
      }
      const decided = routing.routeByProfile(tenantId, question, { source: 'zammad', tokenId })
      const isRefused = decided?.destination?.type === 'hang_up'
      return reply.send(isRefused ? { action: 'reject', reason: 'busy' } : {})
    },
  )
}
