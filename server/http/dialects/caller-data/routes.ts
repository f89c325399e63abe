import { Type } from 'typebox'
import type { PbxEvents } from '../../../journal/journal.ts'
import { HubError } from '../../../platform/errors.ts'
import { needs, principalOf, type App, type Settle } from '../../app.ts'
import type { QuickRoutes } from '../../fast-lane.ts'
import { bodyParameters, readParameters, type Parameters } from '../../parameters.ts'
import { eventRoutes } from './events.ts'
import { openCallerRecords, telephoneOf, type Question, type RecordDeps } from './record.ts'
import { formOf, write } from './wire.ts'

/** The second one is what its PBX calls it. */
const PATHS = ['/api/caller-data', '/api/while1voice']

const Query = Type.Object({
  telephone: Type.Optional(
    Type.String({
      description: 'The caller; on outbound calls who is called. Also: phone, number, caller, cid.',
    }),
  ),
  dnid: Type.Optional(
    Type.String({ description: 'The called number, ours on outbound calls too: it picks the profile.' }),
  ),
  extended: Type.Optional(Type.String({ description: '1 adds outbound_number, language and external_id.' })),
  type: Type.Optional(Type.Enum(['json', 'xml'])),
  root_tag: Type.Optional(
    Type.String({ description: 'The element (XML) or key (JSON) that holds the record.' }),
  ),
  token: Type.Optional(Type.String({ description: 'The token, for a PBX that cannot set a header.' })),
})

const SOURCE = 'caller-data'

export type AnswerCallerData = (
  parameters: Parameters,
  question: Question,
) => { status: number; type: string; body: string } | null

/** Answers a question; null when no parameter names the caller. HubError 400 for a form that cannot be written. */
export function openCallerData(deps: RecordDeps): AnswerCallerData {
  const recordOf = openCallerRecords(deps)
  return (parameters, question) => {
    const telephone = telephoneOf(parameters)
    if (telephone === null) return null
    const form = formOf(parameters)
    return { status: 200, ...write(recordOf(telephone, parameters, question), form) }
  }
}

/** Mounts `/api/caller-data`, by GET and POST (form or JSON). README.md beside this file is the contract. */
export function callerDataDialect(
  app: App,
  { answer, pbxEvents, settle }: { answer: AnswerCallerData; pbxEvents: PbxEvents; settle: Settle },
): void {
  app.setValidatorCompiler(() => () => true)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(null, bodyParameters(String(body))),
  )
  eventRoutes(app, PATHS, { pbxEvents, settle })
  for (const url of PATHS)
    app.route({
      method: ['GET', 'POST'],
      url,
      ...needs('identify', 'caller-data'),
      schema: { tags: ['caller-data'], summary: 'Who is calling, for a PBX’s pop-up', querystring: Query },
      handler(request, reply) {
        const { tenantId, hostId, tokenId } = principalOf(request)
        const parameters = readParameters(request.query, request.body)
        const asker = { source: SOURCE, tokenId }
        const answered = answer(parameters, { tenantId, hostId, asker })
        if (!answered) throw new HubError('parameter_missing', 'Say whom the question is about: telephone=…')
        const { status, type, body } = answered
        return reply.code(status).header('content-type', type).header('cache-control', 'no-store').send(body)
      },
    })
}

/** The same for the fast lane: GET, and only what is answered. `isFor` says which questions this thread answers. */
export function callerDataLane(
  answer: AnswerCallerData,
  isFor: (tenantId: number, parameters: Parameters, hostId: number | null) => boolean,
): QuickRoutes {
  return new Map(
    PATHS.map((path) => [
      path,
      {
        scope: 'identify',
        answer(query, tenantId, hostId) {
          const parameters = readParameters(query, undefined)
          // Anything but plain JSON may be refused, which is the router's business.
          if (parameters.has('type') || parameters.has('root_tag')) return null
          if (!isFor(tenantId, parameters, hostId)) return null
          return answer(parameters, { tenantId, hostId, asker: { source: SOURCE, tokenId: null } })
        },
      },
    ]),
  )
}
