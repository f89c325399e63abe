import type { Selectable } from 'kysely'
import type { Holiday, Rule, WeekHours } from '../../contract/profiles.ts'
import { fromJson } from '../platform/database/json.ts'
import type { Change, Store } from '../platform/database/store.ts'
import type { LiveProfile } from './decide.ts'
import { weekSpans } from './hours.ts'
import { toCondition } from './rules.ts'
import type { ProfilesTable, RoutingTables } from './tables.ts'

type Row = Selectable<ProfilesTable>
export type ProfilesImage = Row[]

/** How called numbers of a tenant are read; from memory. */
export type Reading = {
  country(tenantId: number): string | null
  /** What a number is compared by; null for one that names nobody. */
  keyOf(tenantId: number, text: string): string | null
}

/** Every tenant's profiles in memory: a call waits for no store. */
export type ProfileMemory = {
  /** The profile for a called number, else the one for all others, else null. */
  profileFor(tenantId: number, calledKey: string | null): LiveProfile | null
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  image(): ProfilesImage
  load(image: ProfilesImage): void
}

type View = { country: string | null; byKey: Map<string, LiveProfile>; others: LiveProfile | null }

function toLive(row: Row, keyOf: (text: string) => string | null): LiveProfile {
  const hours = row.hours === null ? null : fromJson<WeekHours>(row.hours)
  return {
    id: row.id,
    name: row.name,
    country: row.country,
    zone: row.time_zone,
    hours: hours === null ? null : weekSpans(hours),
    holidays: fromJson<Holiday[]>(row.holidays),
    rules: fromJson<Rule[]>(row.rules).map(({ name, when, destination, queue_position }) => ({
      name,
      destination,
      queue_position: queue_position ?? null,
      condition: toCondition(when, keyOf),
    })),
  }
}

export function openProfileMemory(store: Store<RoutingTables>, { country, keyOf }: Reading): ProfileMemory {
  const rows = new Map<number, Row>()
  const views = new Map<number, View>()

  const viewOf = (tenantId: number): View => {
    const kept = views.get(tenantId)
    // Numbers without a country are read anew when the tenant's is named or changed.
    if (kept && kept.country === country(tenantId)) return kept
    const view: View = { country: country(tenantId), byKey: new Map(), others: null }
    const keyIn = (text: string) => keyOf(tenantId, text)
    for (const row of rows.values()) {
      if (row.tenant_id !== tenantId) continue
      const live = toLive(row, keyIn)
      const dnids = fromJson<string[]>(row.dnids)
      if (dnids.length === 0) view.others = live
      for (const dnid of dnids) view.byKey.set(keyIn(dnid) ?? dnid, live)
    }
    views.set(tenantId, view)
    return view
  }
  const fill = (image: ProfilesImage) => {
    rows.clear()
    views.clear()
    for (const row of image) rows.set(row.id, row)
  }

  return {
    profileFor(tenantId, calledKey) {
      const { byKey, others } = viewOf(tenantId)
      return (calledKey === null ? undefined : byKey.get(calledKey)) ?? others
    },
    hydrate: async () => fill(await store.feed.selectFrom('profiles').selectAll().orderBy('id').execute()),
    image: () => [...rows.values()],
    load: fill,
    async apply(changes) {
      const ids = changes.filter(({ entity }) => entity === 'profile').flatMap((change) => change.ids)
      if (ids.length === 0) return
      const found = await store.feed.selectFrom('profiles').selectAll().where('id', 'in', ids).execute()
      for (const id of ids) rows.delete(id)
      for (const row of found) rows.set(row.id, row)
      for (const { tenantId } of changes) views.delete(tenantId)
    },
  }
}
