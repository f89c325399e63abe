import { Type } from 'typebox'
import { HubError } from '../../../platform/errors.ts'
import { needs, principalOf, type App } from '../../app.ts'
import { readParameters } from '../../parameters.ts'
import { PATH, TEXT_TYPE, type AnswerMixvoip } from './lane.ts'

const Query = Type.Object({
  calleridnum: Type.Optional(Type.String({ description: 'The caller. Also: number, cid.' })),
  token: Type.Optional(Type.String()),
})

/** Mounts `/pbx/mixvoip`: the external URL that a MIXpbx asks at every incoming call. See README.md. */
export function mixvoipDialect(app: App, { answer }: { answer: AnswerMixvoip }): void {
  app.setValidatorCompiler(() => () => true)
  app.get(
    PATH,
    {
      ...needs('identify', 'mixvoip'),
      schema: { tags: ['mixvoip'], summary: 'Who is calling, for a MIXpbx', querystring: Query },
    },
    (request, reply) => {
      const { tenantId, hostId } = principalOf(request)
      const body = answer(tenantId, readParameters(request.query, undefined), hostId)
      if (body === null)
        throw new HubError('parameter_missing', 'Say whom the question is about: calleridnum=…')
      return reply.header('content-type', TEXT_TYPE).header('cache-control', 'no-store').send(body)
    },
  )
}
