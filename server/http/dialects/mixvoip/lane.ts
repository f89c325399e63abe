import type { Lookup } from '../../../directory/directory.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import type { AskingOf } from '../../asking.ts'
import type { QuickRoutes } from '../../fast-lane.ts'
import { firstOf, readParameters, type Parameters } from '../../parameters.ts'

export const PATH = '/pbx/mixvoip'
export const TEXT_TYPE = 'text/plain; charset=utf-8'
const LONGEST = 80

export type AnswerMixvoip = (tenantId: number, parameters: Parameters, hostId: number | null) => string | null

type MixvoipDeps = {
  lookup: Pick<Lookup, 'byNumber'>
  metrics: Pick<Metrics, 'lookup'>
  askingOf: AskingOf
}

/** Lines of names and values; a caller nobody knows keeps the name he came with. Null when no parameter names one. */
export function openMixvoip({ lookup, metrics, askingOf }: MixvoipDeps): AnswerMixvoip {
  return (tenantId, parameters, hostId) => {
    const number = firstOf(parameters, ['calleridnum', 'number', 'cid'])
    if (number === null) return null
    const asking = askingOf(tenantId, parameters, hostId)
    const { known, ambiguous, contact, customer } = lookup.byNumber(tenantId, number, asking)
    metrics.lookup(ambiguous ? 'ambiguous' : known ? 'known' : 'unknown')
    const name = (contact?.name ?? customer?.name ?? '')
      .toWellFormed()
      .replace(/[\p{Cc}\p{Zl}\p{Zp}"<>=]+/gu, ' ')
      .replace(/ +/g, ' ')
      .trim()
      .slice(0, LONGEST)
      .toWellFormed()
    return name === '' ? 'HANGUP=FALSE\n' : `CALLERIDNAME=${name}\nHANGUP=FALSE\n`
  }
}

/** The same for the fast lane. */
export function mixvoipLane(answer: AnswerMixvoip): QuickRoutes {
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
