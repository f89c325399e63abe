import { isOneOf } from '../platform/database/engine.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import { mayHold, type Eraser } from '../platform/erasure.ts'
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
const PAGE = 500

/** Decisions about those who go are deleted, whatever else they hold: they are kept to explain a call, and no longer can. */
export const eraseFromRouting: Eraser = async (erasing, erasure) => {
  const tx = erasing as unknown as Tx<RoutingTables>
  const { tenantId, parties, needles, scrub } = erasure
  const gone = await tx.db
    .deleteFrom('decisions')
    .where('tenant_id', '=', tenantId)
    .where((is) =>
      is.or([
        isOneOf(tx.engine, 'customer_id', parties.customer, 'bigint'),
        isOneOf(tx.engine, 'contact_id', parties.contact, 'bigint'),
      ]),
    )
    .executeTakeFirst()
  let decisions = Number(gone.numDeletedRows)
  for (let after = 0; needles.length > 0;) {
    const rows = await tx.db
      .selectFrom('decisions')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayHold(TEXTS, needles))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
    const ids = rows
      .filter((row) => TEXTS.some((name) => row[name] !== null && scrub(row[name]) !== null))
      .map((row) => row.id)
    await tx.db
      .deleteFrom('decisions')
      .where(isOneOf(tx.engine, 'id', ids, 'bigint'))
      .execute()
    decisions += ids.length
  }
  return { decisions }
}

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
