import { createHmac } from 'node:crypto'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { IdempotencyHeaders } from '../../contract/headers.ts'
import { withReceipt } from '../platform/current-receipt.ts'
import type { Claim, Idempotency, RecordedAnswer } from '../platform/idempotency.ts'
import type { Log } from '../platform/log.ts'
import { secretOf } from './admission.ts'
import { principalOrNull, type App } from './app.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
/** Refusals that ask to be tried again are no answer to keep. */
const PASSING = new Set([408, 409, 425, 429])

/** On the options of a POST that a repetition cannot harm: a key on it is taken and does nothing. */
export function repeatable<Options extends { config: object }>(options: Options): Options {
  return { ...options, config: { ...options.config, repeatable: true } }
}

const isRepeatable = (request: FastifyRequest) =>
  (request.routeOptions.config as { repeatable?: boolean }).repeatable === true
const isKept = (status: number) => status < 500 && !PASSING.has(status)

/** Failures that are answers to keep all the same. */
const keptFailures = new WeakSet<FastifyRequest>()

/** Keeps this request's failure under its key: what it asked for may have been done elsewhere and must not be repeated. */
export function keepFailure(request: FastifyRequest): void {
  keptFailures.add(request)
}

/**
 * Digest of what was asked, made with the token that asks: a password in a body could be guessed from a plain one. A body that
 * is streamed counts with its length only: reading it is the act itself.
 */
function fingerprintOf(request: FastifyRequest, secret: string): string {
  const { body, headers, url } = request
  const isStream = typeof (body as { pipe?: unknown } | undefined)?.pipe === 'function'
  const content = isStream ? `length ${headers['content-length'] ?? ''}` : JSON.stringify(body ?? null)
  return createHmac('sha256', secret).update(`${url}\n${content}`).digest('base64')
}

/** How this route's handler will answer what its transaction returns. */
function answersOf(request: FastifyRequest, reply: FastifyReply): (value: unknown) => RecordedAnswer {
  const responses = Object.keys((request.routeOptions.schema?.response as object | undefined) ?? {})
  const status = Number(responses.find((code) => /^2\d\d$/.test(code)) ?? 200)
  return (value) => {
    const write = reply.getSerializationFunction(String(status)) as ((value: unknown) => string) | undefined
    return { status, body: write ? write(value) : JSON.stringify(value) }
  }
}

/** `Idempotency-Key` on every POST of this scope: the same request again is answered as before and does nothing. */
export function answerOnce(app: App, { idempotency, log }: { idempotency: Idempotency; log: Log }): void {
  const claims = new WeakMap<FastifyRequest, Claim>()

  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.method === 'POST') route.schema = { headers: IdempotencyHeaders, ...route.schema }
  })

  app.addHook('preHandler', (request, reply, done) => {
    const key = request.headers['idempotency-key']
    const principal = principalOrNull(request)
    const secret = secretOf(request.headers)
    const isKeyed = request.method === 'POST' && typeof key === 'string'
    if (!isKeyed || !principal || secret === null || isRepeatable(request)) return done()
    const { tenantId, tokenId } = principal
    const asked = { tenantId, tokenId, key, secret, fingerprint: fingerprintOf(request, secret) }
    idempotency.claim(asked).then((claim) => {
      if (!('finish' in claim)) {
        reply.code(claim.status).header('idempotency-replayed', 'true')
        return claim.body === '' ? reply.send() : reply.type(JSON_TYPE).send(claim.body)
      }
      claims.set(request, claim)
      claim.answerFor(answersOf(request, reply))
      return withReceipt(claim, done)
    }, done)
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const claim = claims.get(request)
    if (!claim) return payload
    claims.delete(request)
    claim.stop()
    const body = payload === undefined || payload === null ? '' : payload
    const type = String(reply.getHeader('content-type') ?? '')
    const isText = typeof body === 'string' && (body === '' || type.startsWith('application/json'))
    try {
      if (isText && (isKept(reply.statusCode) || keptFailures.has(request)))
        await claim.finish({ status: reply.statusCode, body })
      else await claim.release()
    } catch (error) {
      // The answer stands, whether it can be noted or not; what the act itself wrote is there.
      log.warn('an answer could not be kept under its Idempotency-Key', { error, request_id: request.id })
    }
    return payload
  })

  // Of a request that its client gave up, no answer may ever be sent.
  app.addHook('onResponse', (request, _reply, done) => {
    claims.get(request)?.stop()
    done()
  })
}
