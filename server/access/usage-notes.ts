import { bulkUpdate, isOneOf, type BulkTable } from '../platform/database/engine.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import type { AccessTables } from './tables.ts'
import type { UserMemory } from './user-memory.ts'

const EVERY_MS = 60_000
const LAST_USED: BulkTable = { table: 'tokens', columns: { id: 'bigint', last_used_at: 'bigint' } }

const IDLE_UNTIL: BulkTable = { table: 'sessions', columns: { id: 'bigint', idle_until: 'bigint' } }

/** Remembers when tokens and sessions were last used and writes it down once a minute, so that no lookup costs a write. */
export function openUsageNotes(
  store: Store<AccessTables>,
  clock: Clock,
  users: UserMemory,
  onTrouble: (error: unknown) => void,
) {
  const lastUsed = new Map<number, number>()
  /** Every hub learns of it: a session used at one is not idle at another. */
  const writeSessions = async () => {
    const used = users.takeUsed()
    if (used.size === 0) return
    await store.transact(async ({ db, engine, changed }) => {
      await bulkUpdate(engine, db as never, IDLE_UNTIL, [...used].flat())
      const rows = await db
        .selectFrom('sessions')
        .select(['tenant_id', 'user_id'])
        .where(isOneOf(engine, 'id', [...used.keys()], 'bigint'))
        .execute()
      for (const row of rows) changed(row.tenant_id, 'user', row.user_id)
    })
  }
  const write = async () => {
    await writeSessions().catch(onTrouble)
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
    used(tokenId: number) {
      if (tokenId < 0) users.used(tokenId)
      else lastUsed.set(tokenId, clock.now())
    },
    async close() {
      clearInterval(timer)
      await write()
    },
  }
}
