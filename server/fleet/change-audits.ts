import { bulkInsert } from '../platform/database/engine.ts'
import { toJson } from '../platform/database/json.ts'
import type { FleetTx } from './write.ts'

/** A change that was found on a PBX. */
export type ChangeAudit = {
  object: string
  /** What became of the object. */
  comment: string
  before: unknown
  after: unknown
  /** ms UTC. */
  happenedAt: number
  who: string | null
}

const COLUMNS = {
  tenant_id: 'bigint',
  pbx_host_id: 'bigint',
  kind: 'text',
  closed: 'integer',
  comment: 'text',
  object: 'text',
  before: 'text',
  after: 'text',
  happened_at: 'bigint',
  who: 'text',
  source: 'text',
  created_at: 'bigint',
  updated_at: 'bigint',
} as const
const AT_ONCE = 500

/** Writes what was found on a host as audits of kind `change` and source `snapshot`. */
export async function insertChanges(
  { db, engine }: FleetTx,
  { tenantId, hostId }: { tenantId: number; hostId: number },
  changes: readonly ChangeAudit[],
  now: number,
): Promise<void> {
  const json = (value: unknown) => (value === null ? null : toJson(value))
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    const values = changes
      .slice(at, at + AT_ONCE)
      .flatMap((change) => [
        tenantId,
        hostId,
        'change',
        0,
        change.comment,
        change.object,
        json(change.before),
        json(change.after),
        change.happenedAt,
        change.who,
        'snapshot',
        now,
        now,
      ])
    await bulkInsert(engine, db as never, { table: 'pbx_audits', columns: COLUMNS }, values)
  }
}
