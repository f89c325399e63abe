import type { Lookup } from '../../../directory/directory.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import type { QuickRoutes } from '../../fast-lane.ts'
import { readParameters } from '../../parameters.ts'
import { lookupOf } from './query.ts'

export const DBN_PATH = '/3cx/query'
const JSON_TYPE = 'application/json; charset=utf-8'

type LaneDeps = { lookup: Pick<Lookup, 'byNumber'>; metrics: Pick<Metrics, 'lookup'> }

/** Whether this caller is known, noted in the metrics. */
export function knows({ lookup, metrics }: LaneDeps, tenantId: number, cid: string): boolean {
  const { known, ambiguous } = lookup.byNumber(tenantId, cid)
  metrics.lookup(ambiguous ? 'ambiguous' : known ? 'known' : 'unknown')
  return known
}

/** The question for the fast lane: GET without a status. */
export function dbnQueryLane(deps: LaneDeps): QuickRoutes {
  return new Map([
    [
      DBN_PATH,
      {
        scope: 'identify',
        answer(query, tenantId) {
          const cid = lookupOf(readParameters(query, undefined))
          if (cid === null) return null
          const success = knows(deps, tenantId, cid)
          return { status: 200, type: JSON_TYPE, body: `{"success":${success}}` }
        },
      },
    ],
  ])
}
