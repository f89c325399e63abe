import { isOneOf } from '../../platform/database/engine.ts'
import type { Tx } from '../../platform/database/store.ts'
import { mayHold, scrubJson, type Eraser } from '../../platform/erasure.ts'
import type { PruneOne } from '../../platform/retention.ts'
import type { FleetTables } from '../tables.ts'
import type { FleetStore } from '../write.ts'

/** Old plans go, but none that is being applied. */
export function pruneRulePlans(store: FleetStore): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('pbx_rule_plans')
      .select('id')
      .where('created_at', '<', olderThan)
      .where('state', '!=', 'applying')
      .limit(limit)
      .execute()
    const ids = old.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('pbx_rule_plans')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}

const TEXTS = ['document', 'content', 'before_state', 'failure'] as const

/**
 * Plans that hold a caller go as a whole: without the caller they would be other plans. What they did is in the audit trail, which
 * forgets the caller by itself.
 */
export const eraseFromRulePlans: Eraser = async (tx, { tenantId, needles, scrub }) => {
  const { db } = tx as unknown as Tx<FleetTables>
  const rows = await db
    .selectFrom('pbx_rule_plans')
    .select(['id', ...TEXTS])
    .where('tenant_id', '=', tenantId)
    .where(mayHold(TEXTS, needles))
    .execute()
  const gone = rows.filter(({ document, content, before_state, failure }) => {
    const isHeld = (json: string | null) => json !== null && scrubJson(json, scrub) !== null
    return (
      isHeld(content) ||
      isHeld(before_state) ||
      isHeld(failure) ||
      (document !== null && scrub(document) !== null)
    )
  })
  for (const { id } of gone) await db.deleteFrom('pbx_rule_plans').where('id', '=', id).execute()
  return { pbx_rule_plans: gone.length }
}
