import type { Selectable } from 'kysely'
import type { Holiday, Rule, WeekHours } from '../../contract/profiles.ts'
import { fromJson } from '../platform/database/json.ts'
import type { Expansion } from './calendar/expand.ts'
import type { LiveProfile } from './decide.ts'
import { weekSpans } from './hours.ts'
import { toCondition } from './rules.ts'
import type { ProfilesTable } from './tables.ts'

export type ProfileRow = Selectable<ProfilesTable>
/** With the PBX hosts that name the profile as theirs, and what its calendar comes to. */
export type KnownProfile = ProfileRow & { named_by: number[]; expansion: string | null }

/** How called numbers of a tenant are read; from memory. */
export type Reading = {
  country(tenantId: number): string | null
  /** What a number is compared by; null for one that names nobody. */
  keyOf(tenantId: number, text: string): string | null
}

/** What a question is about. */
export type Called = { dnid: string | null; hostId: number | null }

export type FoundProfile = {
  /** What the called number is compared by; null where that decides nothing. */
  called: string | null
  profile: LiveProfile | null
  /** The PBX that asks has this profile, not the called number. */
  byHost: boolean
}

/** Profiles as questions need them, made of rows. */
export type ProfileViews = {
  /** The called number's profile, else that of the PBX that asks, else the one for all others, else none. */
  find(tenantId: number, called: Called): FoundProfile
  /** Takes these rows for all there are. */
  load(rows: Iterable<KnownProfile>): void
}

type View = {
  country: string | null
  byKey: Map<string, LiveProfile>
  byHost: Map<number, LiveProfile>
  others: LiveProfile | null
}

function toLive(row: KnownProfile, keyOf: (text: string) => string | null): LiveProfile {
  const hours = row.hours === null ? null : fromJson<WeekHours>(row.hours)
  return {
    id: row.id,
    name: row.name,
    country: row.country,
    zone: row.time_zone,
    outboundNumber: row.outbound_number,
    hours: hours === null ? null : weekSpans(hours),
    holidays: fromJson<Holiday[]>(row.holidays),
    calendar: row.expansion === null ? null : fromJson<Expansion>(row.expansion),
    rules: fromJson<Rule[]>(row.rules).map(({ name, when, destination, queue_position }) => ({
      name,
      destination,
      queue_position: queue_position ?? null,
      condition: toCondition(when, keyOf),
    })),
  }
}

export function openProfileViews({ country, keyOf }: Reading): ProfileViews {
  let rows = new Map<number, KnownProfile[]>()
  const views = new Map<number, View>()

  const viewOf = (tenantId: number): View | null => {
    const own = rows.get(tenantId)
    if (own === undefined) return null
    const kept = views.get(tenantId)
    // Numbers without a country are read anew when the tenant's is named or changed.
    if (kept && kept.country === country(tenantId)) return kept
    const view: View = { country: country(tenantId), byKey: new Map(), byHost: new Map(), others: null }
    const keyIn = (text: string) => keyOf(tenantId, text)
    const byName: (readonly [number, LiveProfile])[] = []
    for (const row of own) {
      const live = toLive(row, keyIn)
      const dnids = fromJson<string[]>(row.dnids)
      const hosts = fromJson<number[]>(row.host_ids)
      if (dnids.length === 0 && hosts.length === 0) view.others = live
      for (const dnid of dnids) view.byKey.set(keyIn(dnid) ?? dnid, live)
      for (const host of hosts) view.byHost.set(host, live)
      byName.push(...row.named_by.map((host) => [host, live] as const))
    }
    // Which hosts a profile is for is said there, or else at the host.
    for (const [host, live] of byName) if (!view.byHost.has(host)) view.byHost.set(host, live)
    views.set(tenantId, view)
    return view
  }

  return {
    find(tenantId, { dnid, hostId }) {
      const view = viewOf(tenantId)
      // Most tenants have no profile: their called numbers need not be read.
      if (view === null) return { called: null, profile: null, byHost: false }
      const called = dnid === null ? null : keyOf(tenantId, dnid)
      const byNumber = called === null ? undefined : view.byKey.get(called)
      const byHost = hostId === null ? undefined : view.byHost.get(hostId)
      const profile = byNumber ?? byHost ?? view.others
      return { called, profile, byHost: byNumber === undefined && byHost !== undefined }
    },
    load(all) {
      rows = new Map()
      views.clear()
      for (const row of all) {
        const own = rows.get(row.tenant_id)
        if (own) own.push(row)
        else rows.set(row.tenant_id, [row])
      }
    },
  }
}
