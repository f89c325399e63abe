import { bulkUpdate, type BulkTable } from '../platform/database/engine.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import type { AccessTables } from './tables.ts'

const EVERY_MS = 60_000
const LAST_USED: BulkTable = { table: 'tokens', columns: { id: 'bigint', last_used_at: 'bigint' } }

/** Remembers when tokens were last used and writes it down once a minute, so that no lookup costs a write. */
export function openUsageNotes(
  store: Store<AccessTables>,
  clock: Clock,
  onTrouble: (error: unknown) => void,
) {
  const lastUsed = new Map<number, number>()
  const write = async () => {
    if (lastUsed.size === 0) return
    const rows = [...lastUsed].flat()
    lastUsed.clear()
    await store
      .transact(({ db, engine }) => bulkUpdate(engine, db as never, LAST_USED, rows))
      .catch(onTrouble)
  }
  const timer = setInterval(() => void write(), EVERY_MS)
  timer.unref()
  return {
    used: (tokenId: number) => void lastUsed.set(tokenId, clock.now()),
    async close() {
      clearInterval(timer)
      await write()
    },
  }
}
