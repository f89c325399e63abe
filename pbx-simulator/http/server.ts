import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Refusal, refusalBody } from '../odata/refusal.ts'
import type { Pbx } from '../model/pbx.ts'
import type { Faults } from './faults.ts'
import { headersOf, withoutSecrets, type RecordedRequest, type RequestRecord } from './request-record.ts'
import type { Tokens } from './tokens.ts'

/** Stands in every answer, so that nobody takes the simulator for a PBX. */
export const SERVER_NAME = 'cordboard-pbx-simulator (not a 3CX)'

const LARGEST_BODY = 10_000_000

export type Front = { pbx: Pbx; tokens: Tokens; faults: Faults; record: RequestRecord }
export type Tls = { cert: string; key: string } | null

declare module 'fastify' {
  interface FastifyRequest {
    /** What is kept of this request for tests; null for the simulator's own control. */
    kept: RecordedRequest | null
    /** A fault cuts the connection before its answer. */
    isAnswerLost: boolean
  }
}

/** The path of a request without its query, as it was sent. */
export const pathOf = (request: FastifyRequest): string => request.url.split('?')[0] ?? ''

export const bearerOf = (request: FastifyRequest): string =>
  /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''

/** A server that reads every kind of body the PBX reads, keeps a record, and misbehaves as it was told to. */
export async function openServer(front: Front, tls: Tls): Promise<FastifyInstance> {
  const options = {
    bodyLimit: LARGEST_BODY,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 10_000, ignoreTrailingSlash: true },
  } as const
  const server = (
    tls ? Fastify({ ...options, https: { cert: tls.cert, key: tls.key } }) : Fastify(options)
  ) as FastifyInstance
  await server.register(formbody)
  await server.register(multipart, { attachFieldsToBody: 'keyValues' })
  server.removeContentTypeParser('application/json')
  server.addContentTypeParser(
    /^application\/(?:[\w.+-]+\+)?json/,
    { parseAs: 'string' },
    (_request, text, done) => {
      try {
        done(null, text === '' ? {} : JSON.parse(String(text)))
      } catch {
        done(new Refusal(400, 'The body is no JSON.'), undefined)
      }
    },
  )
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text))
  server.decorateRequest('kept', null)
  server.decorateRequest('isAnswerLost', false)
  server.addHook('onRequest', async (_request, reply) => {
    reply.header('server', SERVER_NAME)
    reply.header('x-3cx-version', front.pbx.version)
    reply.header('date', new Date(Date.now() + front.pbx.clock.skew).toUTCString())
  })
  server.addHook('preHandler', (request, reply) => keepAndMisbehave(front, request, reply))
  server.addHook('onSend', async (request, _reply, payload) => {
    if (request.isAnswerLost) request.raw.socket.destroy()
    return payload
  })
  server.addHook('onResponse', async (request, reply) => {
    if (request.kept) request.kept.status = reply.statusCode
  })
  server.setErrorHandler((error, _request, reply) => {
    const refusal = error instanceof Refusal ? error : asRefusal(error)
    if (refusal.status === 500 && refusal.message === '') return reply.code(500).send()
    return reply.code(refusal.status).send(refusalBody(refusal))
  })
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send(refusalBody(new Refusal(404, `${pathOf(request)} is not here.`))),
  )
  return server
}

function asRefusal(error: unknown): Refusal {
  const { statusCode, message } = error as { statusCode?: number; message?: string }
  return new Refusal(statusCode ?? 500, message ?? 'It failed.')
}

async function keepAndMisbehave(
  { pbx, faults, record, tokens }: Front,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const path = pathOf(request)
  if (path.startsWith('/simulator')) return
  request.kept = {
    at: pbx.clock.now(),
    method: request.method,
    path,
    query: request.url.slice(path.length),
    body: withoutSecrets(request.body ?? null),
    headers: headersOf(request.headers),
    clientId: tokens.callerOf(bearerOf(request))?.clientId ?? null,
    status: null,
  }
  record.add(request.kept)
  const active = faults.takeFor(path)
  if (active.has('hang')) await faults.lifted(path)
  const slow = active.get('slow')
  if (slow) await new Promise<void>((resolve) => pbx.later(slow.value, resolve))
  if (active.has('dropped')) {
    reply.hijack()
    request.raw.socket.destroy()
    return
  }
  if (active.has('lost')) request.isAnswerLost = true
  const busy = active.get('429')
  if (busy) {
    await reply
      .code(429)
      .header('retry-after', String(busy.value))
      .send(refusalBody(new Refusal(429, 'Too many requests.')))
    return
  }
  if (active.has('500')) await reply.code(500).send()
}
