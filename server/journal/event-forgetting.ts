import { isOneOf } from '../platform/database/engine.ts'
import { eraseRows } from '../platform/erase-rows.ts'
import { mayHold, type Eraser } from '../platform/erasure.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { JournalStore, JournalTx } from './write.ts'

/** Events of long ago, with their deliveries. */
export function pruneEvents(store: JournalStore): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('events')
      .select('id')
      .where('created_at', '<', olderThan)
      .limit(limit)
      .execute()
    const ids = old.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('events')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}

const PAGE = 500

/**
 * Events about those who go are deleted, and with them what is still to be delivered; what receivers answered to others loses
 * the mention.
 */
export const eraseFromEvents: Eraser = async (erasing, erasure) => {
  const { tenantId, needles, scrub } = erasure
  const { db } = erasing as unknown as JournalTx
  const events = await eraseRows(erasing, 'events', ['data'], erasure)
  let webhook_deliveries = 0
  for (let after = 0; needles.length > 0;) {
    const rows = await db
      .selectFrom('webhook_deliveries')
      .select(['id', 'response', 'last_error'])
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayHold(['response', 'last_error'], needles))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const { id, ...row } of rows) {
      const [response, last_error] = [row.response, row.last_error].map((text) =>
        text === null ? null : scrub(text),
      )
      if ((response ?? last_error ?? null) === null) continue
      const left = { response: response ?? row.response, last_error: last_error ?? row.last_error }
      await db.updateTable('webhook_deliveries').set(left).where('id', '=', id).execute()
      webhook_deliveries += 1
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
  }
  return { events, webhook_deliveries }
}
