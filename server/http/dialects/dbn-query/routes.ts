import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { mayDo } from '../../../access/access.ts'
import type { Lookup } from '../../../directory/directory.ts'
import type { Dispositions } from '../../../journal/journal.ts'
import { HubError } from '../../../platform/errors.ts'
import type { Log } from '../../../platform/log.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import type { AskingOf } from '../../asking.ts'
import { actor, needs, principalOf, type App, type Settle } from '../../app.ts'
import { asKnownError, tellClient } from '../../errors.ts'
import { bodyParameters, readParameters } from '../../parameters.ts'
import { DBN_PATH, knows } from './lane.ts'
import { readAsked, withoutTrailingCommas, type Asked } from './query.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const MOST_RECORDS = 1_000

const Query = Type.Object({
  cid: Type.Optional(Type.String({ description: 'The caller, in any spelling; may be withheld or empty.' })),
  status: Type.Optional(
    Type.String({
      description: 'Records a disposition: No Answer, Schedule Later, Do not Disturb, Completed or your own.',
    }),
  ),
  comments: Type.Optional(Type.String()),
  agent: Type.Optional(Type.String({ description: 'Who spoke: a name or an extension.' })),
  call: Type.Optional(Type.String({ description: 'The call’s id: the same call again is the same record.' })),
  due: Type.Optional(Type.String({ description: 'With Schedule Later: when to call back.' })),
  token: Type.Optional(Type.String({ description: 'The token, for a PBX that cannot set a header.' })),
})

export type DbnQueryDeps = {
  lookup: Lookup
  askingOf: AskingOf
  dispositions: Dispositions
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
  settle: Settle
  metrics: Metrics
  log: Log
}

const isRecord = (query: unknown, body: unknown) => readParameters(query, body).has('status')

/** One answer of several when something else in the request is wrong. */
const notDone = (asked: Asked, message: string) => ({
  success: asked.kind === 'record' || (asked.kind === 'invalid' && asked.isRecord) ? 0 : false,
  message,
})

/** Which of several records a refusal is about, and what it says. */
function refusedRecord(error: HubError): { at: number; message: string } {
  const [field = '', messages = []] = Object.entries(error.fields ?? {})[0] ?? []
  return { at: Number(/^(\d+)\./.exec(field)?.[1] ?? 0), message: messages[0] ?? error.message }
}

/** Everything wrong is answered in this dialect's shape, an array with an array. */
function errorHandler(log: Log) {
  return (error: FastifyError | HubError, request: FastifyRequest, reply: FastifyReply): void => {
    const known = asKnownError(error)
    if (!known || known.status >= 500)
      log.error('request failed', { error, request_id: request.id, route: request.routeOptions.url })
    if (known) tellClient(reply, known)
    const { query, body } = request
    const told = {
      message: known?.message ?? 'Something went wrong on our side.',
      code: known?.code ?? 'internal',
      request_id: request.id,
    }
    const answer = (item: unknown) => ({ success: isRecord(query, item) ? 0 : false, ...told })
    void reply
      .code(known?.status ?? 500)
      .header('content-type', JSON_TYPE)
      .header('cache-control', 'no-store')
      .send(JSON.stringify(Array.isArray(body) ? body.map(answer) : answer(body)))
  }
}

/** Mounts `/3cx/query`, by GET and by POST (form, JSON object or JSON array). README.md beside this file is the contract. */
export function dbnQueryDialect(app: App, deps: DbnQueryDeps): void {
  const { dispositions, timeZone, settle, log } = deps
  app.setValidatorCompiler(() => () => true)
  app.setErrorHandler(errorHandler(log))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(null, bodyParameters(withoutTrailingCommas(String(body)))),
  )

  /** Writes the records, all or none; a refusal says which of `asked` it is about. */
  const record = async (request: FastifyRequest, asked: Asked[]) => {
    const records = asked.flatMap((one) => (one.kind === 'record' ? [one.record] : []))
    if (records.length === 0) return null
    if (!mayDo(principalOf(request).scopes, 'journal:write'))
      throw new HubError('scope_missing', 'This token lacks the scope journal:write.')
    try {
      await settle(await dispositions.record(actor(request), records))
      return null
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== 'validation_failed') throw error
      const { at, message } = refusedRecord(error)
      const positions = asked.flatMap((one, i) => (one.kind === 'record' ? [i] : []))
      return { at: positions[at] ?? 0, message }
    }
  }

  app.route({
    method: ['GET', 'POST'],
    url: DBN_PATH,
    ...needs('identify', 'dbn-query'),
    schema: {
      tags: ['dbn-query'],
      summary: 'Is this caller known? With status: record what became of the call',
      querystring: Query,
    },
    async handler(request, reply) {
      const { query, body } = request
      const { tenantId, hostId } = principalOf(request)
      const answerWith = (status: number, answers: object[]) =>
        reply
          .code(status)
          .header('content-type', JSON_TYPE)
          .header('cache-control', 'no-store')
          .send(JSON.stringify(Array.isArray(body) ? answers : answers[0]))

      refuseStrangeList(body)
      const key = request.headers['idempotency-key']
      const context = { zone: timeZone(tenantId), key: typeof key === 'string' ? key : null }
      const asked = readAsked(query, body, context)
      const invalid = asked.findIndex((one) => one.kind === 'invalid')
      const refused =
        invalid < 0
          ? await record(request, asked)
          : { at: invalid, message: (asked[invalid] as { message: string }).message }
      if (refused !== null) {
        const others = `Nothing was done: entry ${refused.at + 1} of this request is refused.`
        const answers = asked.map((one, i) => {
          const own = one.kind === 'invalid' ? one.message : others
          return notDone(one, i === refused.at ? refused.message : own)
        })
        return answerWith(400, answers)
      }
      const asking = deps.askingOf(tenantId, readParameters(query, body), hostId)
      const answers = asked.map((one) => ({
        success: one.kind === 'lookup' ? knows(deps, tenantId, one.cid, asking) : 1,
      }))
      return answerWith(200, answers)
    },
  })
}

/** One request speaks for one token, which is looked for in the query and the first entry. */
function refuseStrangeList(body: unknown): void {
  if (!Array.isArray(body)) return
  if (body.length > MOST_RECORDS)
    throw new HubError('bad_request', `A request holds at most ${MOST_RECORDS} entries.`)
  const tokens = body.map((item) => readParameters(undefined, item).get('token'))
  if (new Set(tokens.filter((token) => token !== undefined)).size > 1)
    throw new HubError('bad_request', 'The entries of one request carry one token.')
}
