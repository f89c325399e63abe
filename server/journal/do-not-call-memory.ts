import type { Change, Store } from '../platform/database/store.ts'
import type { JournalTables } from './tables.ts'

/** One number that is not to be called. */
type Entry = { id: number; tenant_id: number; number_key: string }
export type DoNotCallImage = Entry[]

/** Who wants no calls, in memory: routes ask for it while a phone rings. */
export type DoNotCallMemory = {
  has(tenantId: number, numberKey: string): boolean
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  image(): DoNotCallImage
  load(image: DoNotCallImage): void
}

export function openDoNotCallMemory(store: Store<JournalTables>): DoNotCallMemory {
  const entries = new Map<number, Entry>()
  const keys = new Set<string>()
  const keyOf = ({ tenant_id, number_key }: Omit<Entry, 'id'>) => `${tenant_id} ${number_key}`
  const inForce = () =>
    store.feed
      .selectFrom('do_not_call')
      .select(['id', 'tenant_id', 'number_key'])
      .whereRef('disposition_id', '>', 'lifted_to')
  const put = (entry: Entry) => {
    entries.set(entry.id, entry)
    keys.add(keyOf(entry))
  }
  const load = (image: DoNotCallImage) => {
    entries.clear()
    keys.clear()
    for (const entry of image) put(entry)
  }
  return {
    has: (tenant_id, number_key) => keys.has(keyOf({ tenant_id, number_key })),
    hydrate: async () => load(await inForce().execute()),
    image: () => [...entries.values()],
    load,
    async apply(changes) {
      const ids = changes.filter(({ entity }) => entity === 'do_not_call').flatMap((one) => one.ids)
      if (ids.length === 0) return
      const found = await inForce().where('id', 'in', ids).execute()
      for (const id of ids) {
        const entry = entries.get(id)
        if (entry) keys.delete(keyOf(entry))
        entries.delete(id)
      }
      for (const entry of found) put(entry)
    },
  }
}
