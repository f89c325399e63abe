import type { Lookup } from '../../../directory/directory.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import type { AskingOf } from '../../asking.ts'
import type { QuickRoutes } from '../../fast-lane.ts'
import { firstOf, readParameters, type Parameters } from '../../parameters.ts'

export const PATH = '/pbx/freeswitch'
export const TEXT_TYPE = 'text/plain; charset=utf-8'
const LONGEST = 80

export type AnswerFreeswitch = (
  tenantId: number,
  parameters: Parameters,
  hostId: number | null,
) => string | null

/** The caller's name on one line, empty for nobody; null when no parameter names the caller. */
export function openFreeswitch({
  lookup,
  metrics,
  askingOf,
}: {
  lookup: Pick<Lookup, 'byNumber'>
  metrics: Pick<Metrics, 'lookup'>
  askingOf: AskingOf
}): AnswerFreeswitch {
  return (tenantId, parameters, hostId) => {
    const number = firstOf(parameters, ['number', 'caller_id_number', 'cid'])
    if (number === null) return null
    const { known, ambiguous, contact, customer } = lookup.byNumber(
      tenantId,
      number,
      askingOf(tenantId, parameters, hostId),
    )
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

/** The same for the fast lane. */
export function freeswitchLane(answer: AnswerFreeswitch): QuickRoutes {
  return new Map([
    [
      PATH,
      {
        scope: 'identify',
        answer(query, tenantId, hostId) {
          const body = answer(tenantId, readParameters(query, undefined), hostId)
          return body === null ? null : { status: 200, type: TEXT_TYPE, body }
        },
      },
    ],
  ])
}
