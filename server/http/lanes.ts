import type { Lookup } from '../directory/directory.ts'
import type { Metrics } from '../platform/metrics.ts'
import { asteriskLane, openAsterisk, type AnswerAsterisk } from './dialects/asterisk/lane.ts'
import { crmNumberLane, openCrmNumber, type AnswerCrmNumber } from './dialects/3cx-crm/lane.ts'
import { callerDataLane, openCallerData, type AnswerCallerData } from './dialects/caller-data/routes.ts'
import { dbnQueryLane } from './dialects/dbn-query/lane.ts'
import { freeswitchLane, openFreeswitch, type AnswerFreeswitch } from './dialects/freeswitch/lane.ts'
import { mixvoipLane, openMixvoip, type AnswerMixvoip } from './dialects/mixvoip/lane.ts'
import { identificationLane } from './dialects/identification/lane.ts'
import { openAnswers, type AnswerQuestion } from './dialects/identification/questions.ts'
import type { ProfileViews, Routing } from '../routing/routing.ts'
import { calledOf, openAsking, type AskingOf } from './asking.ts'
import type { QuickRoutes } from './fast-lane.ts'
import type { Parameters } from './parameters.ts'

export type LanesDeps = {
  lookup: Lookup
  metrics: Pick<Metrics, 'lookup'>
  /** Where calls go by profiles, with a decision to keep; null in a thread that keeps none and leaves them to the hub. */
  routing: Pick<Routing, 'routeByProfile'> | null
  findProfile: ProfileViews['find']
  /** Where the hub is reached from outside; null: its links are left out. */
  publicUrl: string | null
}

export type Lanes = {
  answer: AnswerQuestion
  asterisk: AnswerAsterisk
  freeswitch: AnswerFreeswitch
  mixvoip: AnswerMixvoip
  crm: AnswerCrmNumber
  callerData: AnswerCallerData
  askingOf: AskingOf
  quick: QuickRoutes
}

/** What the dialects answer in the fast lane, for whoever listens: the hub itself or its workers. */
export function openLanes(given: LanesDeps): Lanes {
  const askingOf = openAsking(given.findProfile)
  const deps = { ...given, askingOf }
  const answer = openAnswers(deps)
  const asterisk = openAsterisk(deps)
  const freeswitch = openFreeswitch(deps)
  const mixvoip = openMixvoip(deps)
  const crm = openCrmNumber(deps)
  const { routing, findProfile } = given
  const callerData = openCallerData({ ...deps, decide: routing?.routeByProfile ?? (() => null) })
  const decidesHere = (tenantId: number, parameters: Parameters, hostId: number | null) =>
    routing !== null || findProfile(tenantId, calledOf(parameters, hostId)).profile === null
  const quick = new Map([
    ...identificationLane(answer),
    ...dbnQueryLane(deps),
    ...asteriskLane(asterisk),
    ...freeswitchLane(freeswitch),
    ...mixvoipLane(mixvoip),
    ...crmNumberLane(crm),
    ...callerDataLane(callerData, decidesHere),
  ])
  return { answer, asterisk, freeswitch, mixvoip, crm, callerData, askingOf, quick }
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
