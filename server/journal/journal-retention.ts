import { isOneOf } from '../platform/database/engine.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { JournalStore } from './write.ts'

/** Dispositions recorded long ago, with their callbacks; one that somebody still waits for stays. */
export function pruneDispositions(store: JournalStore): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('dispositions')
      .select('id')
      .where('recorded_at', '<', olderThan)
      .where((is) =>
        is.not(
          is.exists(
            is
              .selectFrom('callbacks')
              .select('callbacks.id')
              .whereRef('callbacks.tenant_id', '=', 'dispositions.tenant_id')
              .whereRef('callbacks.disposition_id', '=', 'dispositions.id')
              .where('callbacks.status', '=', 'open'),
          ),
        ),
      )
      .limit(limit)
      .execute()
    const ids = old.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('dispositions')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}
