import type { Lookup } from '../../../directory/directory.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import type { AskingOf } from '../../asking.ts'
import type { QuickRoutes } from '../../fast-lane.ts'
import { readParameters } from '../../parameters.ts'
import { lookupOf } from './query.ts'

export const DBN_PATH = '/3cx/query'
const JSON_TYPE = 'application/json; charset=utf-8'

export type KnowsDeps = {
  lookup: Pick<Lookup, 'byNumber'>
  metrics: Pick<Metrics, 'lookup'>
  askingOf: AskingOf
}

/** Whether this caller is known, noted in the metrics. */
export function knows(
  { lookup, metrics }: Pick<KnowsDeps, 'lookup' | 'metrics'>,
  tenantId: number,
  cid: string,
  asking: ReturnType<AskingOf>,
): boolean {
  const { known, ambiguous } = lookup.byNumber(tenantId, cid, asking)
  metrics.lookup(ambiguous ? 'ambiguous' : known ? 'known' : 'unknown')
  return known
}

/** The question for the fast lane: GET without a status. */
export function dbnQueryLane(deps: KnowsDeps): QuickRoutes {
  return new Map([
    [
      DBN_PATH,
      {
        scope: 'identify',
        answer(query, tenantId, hostId) {
          const parameters = readParameters(query, undefined)
          const cid = lookupOf(parameters)
          if (cid === null) return null
          const success = knows(deps, tenantId, cid, deps.askingOf(tenantId, parameters, hostId))
          return { status: 200, type: JSON_TYPE, body: `{"success":${success}}` }
        },
      },
    ],
  ])
}
