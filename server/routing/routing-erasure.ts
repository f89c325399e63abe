import { isOneOf } from '../platform/database/engine.ts'
import type { Store } from '../platform/database/store.ts'
import { eraseRows } from '../platform/erase-rows.ts'
import type { Eraser } from '../platform/erasure.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { RoutingTables } from './tables.ts'

const TEXTS = [
  'number_raw',
  'e164',
  'number_key',
  'account',
  'dnid',
  'call',
  'destination',
  'reasons',
] as const
/** Decisions about those who go are deleted, whatever else they hold: they are kept to explain a call, and no longer can. */
export const eraseFromRouting: Eraser = async (tx, erasure) => ({
  decisions: await eraseRows(tx, 'decisions', TEXTS, erasure),
})

/** Decisions made long ago. */
export function pruneDecisions(store: Store<RoutingTables>): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('decisions')
      .select('id')
      .where('decided_at', '<', olderThan)
      .limit(limit)
      .execute()
    const ids = old.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('decisions')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}
