import { Type } from 'typebox'
import type { Lookup } from '../../../directory/directory.ts'
import { HubError } from '../../../platform/errors.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import { needs, principalOf, type App } from '../../app.ts'
import type { QuickRoutes } from '../../fast-lane.ts'
import { firstOf, readParameters, type Parameters } from '../../parameters.ts'

const PATH = '/pbx/freeswitch'
const TEXT_TYPE = 'text/plain; charset=utf-8'
const LONGEST = 80

const Query = Type.Object({
  number: Type.Optional(Type.String({ description: 'The caller. Also: caller_id_number, cid.' })),
  token: Type.Optional(Type.String()),
})

export type AnswerFreeswitch = (tenantId: number, parameters: Parameters) => string | null

/** The caller's name on one line, empty for nobody; null when no parameter names the caller. */
export function openFreeswitch({ lookup, metrics }: { lookup: Lookup; metrics: Metrics }): AnswerFreeswitch {
  return (tenantId, parameters) => {
    const number = firstOf(parameters, ['number', 'caller_id_number', 'cid'])
    if (number === null) return null
    const { known, ambiguous, contact, customer } = lookup.byNumber(tenantId, number)
    metrics.lookup(ambiguous ? 'ambiguous' : known ? 'known' : 'unknown')
    // What follows ends up in channel variables and SIP headers.
    return (contact?.name ?? customer?.name ?? '')
      .toWellFormed()
      .replace(/[\p{Cc}\p{Zl}\p{Zp}"<>\\;,{}$[\]`^]+/gu, ' ')
      .replace(/ +/g, ' ')
      .trim()
      .slice(0, LONGEST)
      .toWellFormed()
  }
}

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
      const body = answer(principalOf(request).tenantId, readParameters(request.query, undefined))
      if (body === null) throw new HubError('parameter_missing', 'Say whom the question is about: number=…')
      return reply.header('content-type', TEXT_TYPE).header('cache-control', 'no-store').send(body)
    },
  )
}

/** The same for the fast lane. */
export function freeswitchLane(answer: AnswerFreeswitch): QuickRoutes {
  return new Map([
    [
      PATH,
      {
        scope: 'identify',
        answer(query, tenantId) {
          const body = answer(tenantId, readParameters(query, undefined))
          return body === null ? null : { status: 200, type: TEXT_TYPE, body }
        },
      },
    ],
  ])
}
