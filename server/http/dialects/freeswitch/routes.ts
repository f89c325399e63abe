import { Type } from 'typebox'
import { HubError } from '../../../platform/errors.ts'
import { needs, principalOf, type App } from '../../app.ts'
import { readParameters } from '../../parameters.ts'
import { PATH, TEXT_TYPE, type AnswerFreeswitch } from './lane.ts'

const Query = Type.Object({
  number: Type.Optional(Type.String({ description: 'The caller. Also: caller_id_number, cid.' })),
  token: Type.Optional(Type.String()),
})

/** Mounts `/pbx/freeswitch`, the address that mod_cidlookup fetches. See README.md. */
export function freeswitchDialect(app: App, { answer }: { answer: AnswerFreeswitch }): void {
  app.setValidatorCompiler(() => () => true)
  app.get(
    PATH,
    {
      ...needs('identify', 'freeswitch'),
      schema: { tags: ['freeswitch'], summary: 'Who is calling, for mod_cidlookup', querystring: Query },
    },
    (request, reply) => {
      const { tenantId, hostId } = principalOf(request)
      const body = answer(tenantId, readParameters(request.query, undefined), hostId)
      if (body === null) throw new HubError('parameter_missing', 'Say whom the question is about: number=…')
      return reply.header('content-type', TEXT_TYPE).header('cache-control', 'no-store').send(body)
    },
  )
}
