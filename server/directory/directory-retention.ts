import { isOneOf } from '../platform/database/engine.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { Store } from '../platform/database/store.ts'
import type { ImportTables } from './import/tables.ts'
import type { DirectoryStore } from './write.ts'

/** Imports that ended long ago, their remarks first: one may have as many as its file had rows. */
export function pruneImports(directory: DirectoryStore): PruneOne {
  const store = directory as unknown as Store<ImportTables>
  return async (olderThan, limit) => {
    const ended = await store.read
      .selectFrom('imports')
      .select(['id', 'tenant_id'])
      .where('status', 'in', ['done', 'failed'])
      .where('updated_at', '<', olderThan)
      .orderBy('id')
      .executeTakeFirst()
    if (!ended) return 0
    const remarks = await store.read
      .selectFrom('import_remarks')
      .select('id')
      .where('tenant_id', '=', ended.tenant_id)
      .where('import_id', '=', ended.id)
      .limit(limit)
      .execute()
    const ids = remarks.map((row) => row.id)
    const isLast = ids.length < limit
    await store.transact(async ({ db, engine }) => {
      if (ids.length > 0)
        await db
          .deleteFrom('import_remarks')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute()
      if (isLast) await db.deleteFrom('imports').where('id', '=', ended.id).execute()
    })
    return isLast ? ids.length + 1 : ids.length
  }
}

/** Runs through the stored numbers that ended long ago. */
export function pruneRenormalisations(store: DirectoryStore): PruneOne {
  return async (olderThan, limit) => {
    const ended = await store.read
      .selectFrom('renormalisations')
      .select('id')
      .where('status', '<>', 'running')
      .where('updated_at', '<', olderThan)
      .limit(limit)
      .execute()
    const ids = ended.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('renormalisations')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}
