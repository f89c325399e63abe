import type { Lookup } from '../directory/directory.ts'
import type { Metrics } from '../platform/metrics.ts'
import { asteriskLane, openAsterisk, type AnswerAsterisk } from './dialects/asterisk/lane.ts'
import { crmNumberLane, openCrmNumber, type AnswerCrmNumber } from './dialects/3cx-crm/lane.ts'
import { dbnQueryLane } from './dialects/dbn-query/lane.ts'
import { freeswitchLane, openFreeswitch, type AnswerFreeswitch } from './dialects/freeswitch/lane.ts'
import { identificationLane } from './dialects/identification/lane.ts'
import { openAnswers, type AnswerQuestion } from './dialects/identification/questions.ts'
import type { QuickRoutes } from './fast-lane.ts'

export type LanesDeps = {
  lookup: Lookup
  metrics: Pick<Metrics, 'lookup'>
  /** Where the hub is reached from outside; null: its links are left out. */
  publicUrl: string | null
}

export type Lanes = {
  answer: AnswerQuestion
  asterisk: AnswerAsterisk
  freeswitch: AnswerFreeswitch
  crm: AnswerCrmNumber
  quick: QuickRoutes
}

/** What the dialects answer in the fast lane, for whoever listens: the hub itself or its workers. */
export function openLanes(deps: LanesDeps): Lanes {
  const answer = openAnswers(deps)
  const asterisk = openAsterisk(deps)
  const freeswitch = openFreeswitch(deps)
  const crm = openCrmNumber(deps)
  const quick = new Map([
    ...identificationLane(answer),
    ...dbnQueryLane(deps),
    ...asteriskLane(asterisk),
    ...freeswitchLane(freeswitch),
    ...crmNumberLane(crm),
  ])
  return { answer, asterisk, freeswitch, crm, quick }
}

/** The same routes, each answer given by way of `within`. */
export function answeredWithin(quick: QuickRoutes, within: <T>(answer: () => T) => T): QuickRoutes {
  return new Map(
    [...quick].map(([path, { scope, answer }]) => [
      path,
      { scope, answer: (query, tenantId, hostId) => within(() => answer(query, tenantId, hostId)) },
    ]),
  )
}
