import { isOneOf } from '../platform/database/engine.ts'
import type { Store } from '../platform/database/store.ts'
import { eraseRows } from '../platform/erase-rows.ts'
import type { Eraser } from '../platform/erasure.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { LiveTables } from './tables.ts'

const SAID = ['number_raw', 'e164', 'number_key', 'caller_name', 'called_raw'] as const

/** A live call is kept whole or not at all; what was told of it goes with it. */
export const eraseFromLive: Eraser = async (tx, erasure) => ({
  live_calls: await eraseRows(tx, 'live_calls', SAID, erasure),
})

/** Calls that began long ago, with what was told of them. */
export function pruneLiveCalls(store: Store<LiveTables>): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('live_calls')
      .select('id')
      .where('started_at', '<', olderThan)
      .limit(limit)
      .execute()
    const ids = old.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('live_calls')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}
