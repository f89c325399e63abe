import { isOneOf } from '../../platform/database/engine.ts'
import type { Tx } from '../../platform/database/store.ts'
import { scrubJson, type Eraser } from '../../platform/erasure.ts'
import { fromJson } from '../../platform/database/json.ts'
import type { PruneOne } from '../../platform/retention.ts'
import type { FleetTables } from '../tables.ts'
import type { FleetStore } from '../write.ts'
import { pack, textOf, unpack, type Configuration } from './content.ts'

/** Old snapshots go, but never the last one of a host: it is what the next one is compared with. */
export function pruneSnapshots(store: FleetStore): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('pbx_snapshots as s')
      .select('s.id')
      .where('s.taken_at', '<', olderThan)
      .where((is) =>
        is.exists(
          is
            .selectFrom('pbx_snapshots as n')
            .select('n.id')
            .whereRef('n.tenant_id', '=', 's.tenant_id')
            .whereRef('n.pbx_host_id', '=', 's.pbx_host_id')
            .whereRef('n.id', '>', 's.id'),
        ),
      )
      .limit(limit)
      .execute()
    const ids = old.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(async ({ db, engine }) => {
        await db
          .deleteFrom('pbx_snapshots')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute()
        await db
          .deleteFrom('pbx_snapshot_contents')
          .where((is) =>
            is.not(
              is.exists(
                is
                  .selectFrom('pbx_snapshots as s')
                  .select('s.id')
                  .whereRef('s.tenant_id', '=', 'pbx_snapshot_contents.tenant_id')
                  .whereRef('s.content_id', '=', 'pbx_snapshot_contents.id'),
              ),
            ),
          )
          .execute()
      })
    return ids.length
  }
}

/** Takes a caller out of every configuration that was read: a number a call is forwarded to, a rule for a caller. */
export const eraseFromSnapshots: Eraser = async (tx, { tenantId, needles, scrub }) => {
  const { db } = tx as unknown as Tx<FleetTables>
  let pbx_snapshots = 0
  if (needles.length === 0) return { pbx_snapshots }
  for (let after = 0; ;) {
    const row = await db
      .selectFrom('pbx_snapshot_contents')
      .select(['id', 'pbx_host_id', 'packed'])
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst()
    if (!row) return { pbx_snapshots }
    after = row.id
    const scrubbed = scrubJson(textOf(await unpack(row.packed)), scrub)
    if (scrubbed === null) continue
    pbx_snapshots += 1
    const content = await pack(fromJson<Configuration>(scrubbed))
    const twin = await db
      .selectFrom('pbx_snapshot_contents')
      .select('id')
      .where('tenant_id', '=', tenantId)
      .where('pbx_host_id', '=', row.pbx_host_id)
      .where('sha256', '=', content.sha256)
      .executeTakeFirst()
    if (twin) {
      // Without the caller, two configurations may be one.
      await db
        .updateTable('pbx_snapshots')
        .set({ content_id: twin.id })
        .where('tenant_id', '=', tenantId)
        .where('content_id', '=', row.id)
        .execute()
      await db.deleteFrom('pbx_snapshot_contents').where('id', '=', row.id).execute()
    } else {
      const { sha256, packed, size } = content
      await db
        .updateTable('pbx_snapshot_contents')
        .set({ sha256, packed, size })
        .where('id', '=', row.id)
        .execute()
    }
  }
}
