import { Type } from 'typebox'
import { HubError } from '../../../platform/errors.ts'
import { needs, principalOf, type App } from '../../app.ts'
import { bodyParameters, readParameters } from '../../parameters.ts'
import { PATH, TEXT_TYPE, type AnswerAsterisk } from './lane.ts'

const Query = Type.Object({
  number: Type.Optional(
    Type.String({ description: 'The caller. Also: cid, callerid, telephone, phone, caller.' }),
  ),
  fields: Type.Optional(
    Type.String({
      description:
        'What is told, in this order, parted by |: name (alone when absent), customer, contact, account, id, known, vip, on_call, direct_line, queue_position, route_identifier.',
    }),
  ),
  token: Type.Optional(Type.String()),
})

/** Mounts `/pbx/asterisk`: text for the dial plan of Asterisk and the caller-ID lookup of FreePBX. See README.md. */
export function asteriskDialect(app: App, { answer }: { answer: AnswerAsterisk }): void {
  app.setValidatorCompiler(() => () => true)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(null, bodyParameters(String(body))),
  )
  app.route({
    method: ['GET', 'POST'],
    url: PATH,
    ...needs('identify', 'asterisk'),
    schema: { tags: ['asterisk'], summary: 'Who is calling, as text', querystring: Query },
    handler(request, reply) {
      const { tenantId, hostId } = principalOf(request)
      const body = answer(tenantId, readParameters(request.query, request.body), hostId)
      if (body === null) throw new HubError('parameter_missing', 'Say whom the question is about: number=…')
      return reply.header('content-type', TEXT_TYPE).header('cache-control', 'no-store').send(body)
    },
  })
}
