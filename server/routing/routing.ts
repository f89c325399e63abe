import type { RouteAnswer, RouteQuestion } from '../../contract/route.ts'
import type { Clock } from '../platform/clock.ts'
import { toFlag, toJson } from '../platform/database/json.ts'
import type { Change, Store } from '../platform/database/store.ts'
import type { Log } from '../platform/log.ts'
import { openHttpClient } from '../platform/http-client.ts'
import { storable } from '../platform/storable.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { Work } from '../platform/work/work.ts'
import { planCalendars } from './calendar/calendar-upkeep.ts'
import { openCalendars, type Calendars } from './calendar/calendars.ts'
import { openExpansion } from './calendar/expansion.ts'
import { decide, type CallerFacts } from './decide.ts'
import { openDecisions, type Decisions } from './decisions.ts'
import { openProfileMemory, type ProfileMemoryDeps, type ProfilesImage } from './profile-memory.ts'
import type { FoundProfile, ProfileViews } from './profile-views.ts'
import { openProfiles, type Profiles } from './profiles.ts'
import { pruneDecisions } from './routing-erasure.ts'
import type { RoutingTables } from './tables.ts'

export type { CallerFacts } from './decide.ts'
export type { Calendars } from './calendar/calendars.ts'
export type { Decisions } from './decisions.ts'
export type { ProfilesImage } from './profile-memory.ts'
export { openProfileViews, type Called, type FoundProfile, type ProfileViews } from './profile-views.ts'
export type { Profiles } from './profiles.ts'
export type { RoutingTables } from './tables.ts'
export { eraseFromRouting } from './routing-erasure.ts'

/** Who calls. */
export type Caller = CallerFacts & {
  contact_id: number | null
  e164: string | null
  number_key: string | null
  /** Who this is and how that is known, in a sentence. */
  reason: string
}
/** `at` is ms UTC; `country` is in whose national form the number is read, null the tenant's. */
export type CallerQuestion = {
  number: string | null
  account: string | null
  at: number
  country: string | null
  /** The PBX that asks; null: not said. */
  hostId: number | null
}

/** As a `RouteQuestion`, from a caller who may leave any of it undefined. */
type Question = { [Name in keyof RouteQuestion]?: RouteQuestion[Name] | undefined }

/** Who asks, for the decision that is kept; null keeps none. */
export type Asker = { source: string; tokenId: number | null } | null

export type Routing = {
  profiles: Profiles
  /** Holidays of profiles as iCalendar. */
  calendars: Calendars
  decisions: Decisions
  /** Which profile a question is answered by; from memory. */
  findProfile: ProfileViews['find']
  /** Where a call goes and why, from memory. */
  route(tenantId: number, question: Question, asker: Asker): RouteAnswer
  /** As `route`; null at once when there is no profile for it. */
  routeByProfile(tenantId: number, question: Question, asker: Asker): RouteAnswer | null
  prune: { decisions: PruneOne }
  /** What is done again and again; before the work starts. */
  plan(work: Work): void
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  image(): ProfilesImage
  load(image: ProfilesImage): void
  close(): Promise<void>
}

export type RoutingOptions = ProfileMemoryDeps & {
  store: Store<RoutingTables>
  clock: Clock
  log: Log
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
  /** Who calls; from memory. */
  identify(tenantId: number, question: CallerQuestion): Caller
  /** Whether a PBX host of the tenant is there. */
  hasHost(tenantId: number, id: number): Promise<boolean>
  /** Where calendars may be, besides public addresses, and what the hub calls itself there. */
  outbound: { allowPrivate: readonly string[]; userAgent: string }
}

const orNull = (text: string | undefined) => (text === undefined ? null : storable(text))

/** Where calls go: profiles, their hours and rules, and what was decided. */
export function openRouting(options: RoutingOptions): Routing {
  const { store, clock, timeZone, identify } = options
  const memory = openProfileMemory(store, options)
  const decisions = openDecisions(store, options)
  const http = openHttpClient(options.outbound)
  const ofCalendars = { ...options, http, expand: openExpansion() }
  const profileOf = (tenantId: number, { dnid, host }: Question) =>
    memory.find(tenantId, { dnid: dnid ?? null, hostId: host ?? null })

  const routeWith = (
    tenantId: number,
    question: Question,
    asker: Asker,
    { called, profile, byHost }: FoundProfile,
  ): RouteAnswer => {
    const now = clock.now()
    const at = question.at === undefined ? now : Date.parse(question.at)
    const { number, account } = question
    const asked = { number: number ?? null, account: account ?? null, at }
    const country = profile?.country ?? null
    const caller = identify(tenantId, { ...asked, country, hostId: question.host ?? null })
    const decided = decide(profile, caller, { at, zone: timeZone(tenantId), called })
    const { known, vip, on_call } = caller
    const { open, destination, rule, queue_position } = decided
    const why = byHost ? ['The PBX that asks has a profile of its own.'] : []
    const reasons = [caller.reason, ...why, ...decided.reasons]
    if (asker)
      decisions.note({
        tenant_id: tenantId,
        decided_at: now,
        source: asker.source,
        token_id: asker.tokenId,
        number_raw: orNull(number),
        e164: caller.e164,
        number_key: caller.number_key,
        account: orNull(account),
        dnid: orNull(question.dnid),
        call: orNull(question.call),
        at,
        customer_id: caller.customer_id,
        contact_id: caller.contact_id,
        profile_id: profile?.id ?? null,
        known: toFlag(known),
        vip: toFlag(vip),
        on_call: toFlag(on_call),
        open: toFlag(open),
        destination: destination === null ? null : toJson(destination),
        rule,
        reasons: toJson(reasons.map(storable)),
      })
    const answer = { known, vip, on_call, open, destination, rule, reasons, queue_position }
    return {
      ...answer,
      profile: profile && { id: profile.id, name: profile.name, outbound_number: profile.outboundNumber },
    }
  }

  return {
    profiles: openProfiles(store, options),
    calendars: openCalendars(store, ofCalendars),
    decisions,
    findProfile: memory.find,
    route: (tenantId, question, asker) => routeWith(tenantId, question, asker, profileOf(tenantId, question)),
    routeByProfile(tenantId, question, asker) {
      const found = profileOf(tenantId, question)
      return found.profile === null ? null : routeWith(tenantId, question, asker, found)
    },
    prune: { decisions: pruneDecisions(store) },
    plan: (work) => planCalendars(work, ofCalendars),
    hydrate: memory.hydrate,
    apply: memory.apply,
    image: memory.image,
    load: memory.load,
    async close() {
      await http.close()
      await decisions.close()
    },
  }
}
