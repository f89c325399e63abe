import type { Change, Store } from '../platform/database/store.ts'
import { openProfileViews, type KnownProfile, type ProfileViews, type Reading } from './profile-views.ts'
import type { RoutingTables } from './tables.ts'

export type ProfilesImage = KnownProfile[]

/** Every tenant's profiles in memory: a call waits for no store. */
export type ProfileMemory = Pick<ProfileViews, 'find'> & {
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  image(): ProfilesImage
  load(image: ProfilesImage): void
}

export type ProfileMemoryDeps = Reading & {
  /** PBX hosts of all tenants that name a profile as theirs, as the feed has them. */
  hostProfiles(): Promise<{ hostId: number; tenantId: number; profileId: number }[]>
  /** Told of all profiles whenever they changed. */
  onMemory?: ((image: ProfilesImage) => void) | undefined
}

export function openProfileMemory(
  store: Store<RoutingTables>,
  { onMemory, hostProfiles, ...reading }: ProfileMemoryDeps,
): ProfileMemory {
  const rows = new Map<number, KnownProfile>()
  const views = openProfileViews(reading)
  const tell = () => {
    views.load(rows.values())
    onMemory?.([...rows.values()])
  }
  const fill = (image: ProfilesImage) => {
    rows.clear()
    for (const row of image) rows.set(row.id, row)
    tell()
  }

  const readNames = async () => {
    const hosts = Map.groupBy(await hostProfiles(), ({ profileId }) => profileId)
    return ({ id, tenant_id }: { id: number; tenant_id: number }): number[] =>
      (hosts.get(id) ?? []).flatMap(({ hostId, tenantId }) => (tenantId === tenant_id ? hostId : []))
  }

  const readRows = () =>
    store.feed
      .selectFrom('profiles')
      .leftJoin('profile_calendars', (join) =>
        join
          .onRef('profile_calendars.tenant_id', '=', 'profiles.tenant_id')
          .onRef('profile_calendars.profile_id', '=', 'profiles.id'),
      )
      .selectAll('profiles')
      .select('profile_calendars.expansion')

  return {
    find: views.find,
    async hydrate() {
      const namedBy = await readNames()
      const found = await readRows().orderBy('profiles.id').execute()
      fill(found.map((row) => ({ ...row, named_by: namedBy(row) })))
    },
    image: () => [...rows.values()],
    load: fill,
    async apply(changes) {
      const ids = changes.filter(({ entity }) => entity === 'profile').flatMap((change) => change.ids)
      const isNamedAnew = rows.size > 0 && changes.some(({ entity }) => entity === 'pbx_host')
      if (ids.length === 0 && !isNamedAnew) return
      const namedBy = await readNames()
      const found = ids.length === 0 ? [] : await readRows().where('profiles.id', 'in', ids).execute()
      for (const id of ids) rows.delete(id)
      for (const row of [...rows.values(), ...found]) rows.set(row.id, { ...row, named_by: namedBy(row) })
      tell()
    },
  }
}
