import type { Lookup } from '../directory/directory.ts'
import type { Metrics } from '../platform/metrics.ts'
import { dbnQueryLane } from './dialects/dbn-query/lane.ts'
import { identificationLane } from './dialects/identification/lane.ts'
import { openAnswers, type AnswerQuestion } from './dialects/identification/questions.ts'
import type { QuickRoutes } from './fast-lane.ts'

export type LanesDeps = {
  lookup: Pick<Lookup, 'byNumber' | 'byAccount' | 'details'>
  metrics: Pick<Metrics, 'lookup'>
}

/** What every dialect answers in the fast lane, for whoever listens: the hub itself or its workers. */
export function openLanes(deps: LanesDeps): { answer: AnswerQuestion; quick: QuickRoutes } {
  const answer = openAnswers(deps)
  return { answer, quick: new Map([...identificationLane(answer), ...dbnQueryLane(deps)]) }
}

/** The same routes, each answer given by way of `within`. */
export function answeredWithin(quick: QuickRoutes, within: <T>(answer: () => T) => T): QuickRoutes {
  return new Map(
    [...quick].map(([path, { scope, answer }]) => [
      path,
      { scope, answer: (query, tenantId) => within(() => answer(query, tenantId)) },
    ]),
  )
}
