import { Type } from 'typebox'
import { HubError } from '../../../platform/errors.ts'
import { needs, principalOf, type App } from '../../app.ts'
import { bodyParameters, readParameters } from '../../parameters.ts'
import { QUESTIONS, type AnswerQuestion } from './questions.ts'

const QuestionQuery = Type.Object({
  phoneNumber: Type.Optional(
    Type.String({ description: 'Number routes. Also: phone_number, number, phone, telephone, caller, cid.' }),
  ),
  customerAccount: Type.Optional(
    Type.String({ description: 'Account routes. Also: customer_account, account, code, accountNumber.' }),
  ),
  format: Type.Optional(Type.Enum(['json', 'bool', 'raw', 'text'])),
  full: Type.Optional(
    Type.String({ description: '1 adds phone, category, contracts, routing hints, candidates.' }),
  ),
  miss: Type.Optional(
    Type.String({ description: '404 answers unknown callers with status 404 and "not found".' }),
  ),
  token: Type.Optional(Type.String({ description: 'The token, for a PBX that cannot set a header.' })),
})

/** Mounts the six questions under `/api`, by GET and by POST (form or JSON). README.md beside this file is the contract. */
export function identificationDialect(app: App, { answer }: { answer: AnswerQuestion }): void {
  // Whatever a PBX sends is a question: the schema below describes, it refuses nothing.
  app.setValidatorCompiler(() => () => true)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(null, bodyParameters(String(body))),
  )
  for (const question of QUESTIONS) {
    app.route({
      method: ['GET', 'POST'],
      url: question.path,
      ...needs('identify', 'identification'),
      schema: { tags: ['identification'], summary: question.summary, querystring: QuestionQuery },
      handler(request, reply) {
        const parameters = readParameters(request.query, request.body)
        const { tenantId, hostId } = principalOf(request)
        const answered = answer(question, parameters, tenantId, hostId)
        if (!answered) {
          const wanted = question.by === 'number' ? 'phoneNumber' : 'customerAccount'
          throw new HubError('parameter_missing', `Say whom the question is about: ${wanted}=…`)
        }
        const { status, type, body } = answered
        return reply.code(status).header('content-type', type).header('cache-control', 'no-store').send(body)
      },
    })
  }
}
