import type { Change, Store } from '../platform/database/store.ts'
import { openProfileViews, type ProfileRow, type ProfileViews, type Reading } from './profile-views.ts'
import type { RoutingTables } from './tables.ts'

export type ProfilesImage = ProfileRow[]

/** Every tenant's profiles in memory: a call waits for no store. */
export type ProfileMemory = Pick<ProfileViews, 'find'> & {
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  image(): ProfilesImage
  load(image: ProfilesImage): void
}

/** `onMemory` is told of all profiles whenever they changed. */
export function openProfileMemory(
  store: Store<RoutingTables>,
  { onMemory, ...reading }: Reading & { onMemory?: ((image: ProfilesImage) => void) | undefined },
): ProfileMemory {
  const rows = new Map<number, ProfileRow>()
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

  return {
    find: views.find,
    hydrate: async () => fill(await store.feed.selectFrom('profiles').selectAll().orderBy('id').execute()),
    image: () => [...rows.values()],
    load: fill,
    async apply(changes) {
      const ids = changes.filter(({ entity }) => entity === 'profile').flatMap((change) => change.ids)
      if (ids.length === 0) return
      const found = await store.feed.selectFrom('profiles').selectAll().where('id', 'in', ids).execute()
      for (const id of ids) rows.delete(id)
      for (const row of found) rows.set(row.id, row)
      tell()
    },
  }
}
