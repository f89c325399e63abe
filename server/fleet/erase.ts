import type { Tx } from '../platform/database/store.ts'
import { mayHold, scrubJson, type Eraser, type Erasure } from '../platform/erasure.ts'
import { eraseFromRulePlans } from './rules-as-code/forgetting.ts'
import { eraseFromSnapshots } from './snapshots/forgetting.ts'
import type { FleetTables } from './tables.ts'

const HOST_TEXTS = ['comment', 'sbc_aliases', 'pbx_map', 'web_username', 'backups_location'] as const
const AUDIT_TEXTS = ['comment', 'object', 'before', 'after', 'who'] as const
const OF_JSON: ReadonlySet<string> = new Set(['pbx_map', 'before', 'after'])

/** The columns of a row that hold what is to be forgotten, without it. */
function scrubbed<Name extends string>(
  row: Record<Name, string | null>,
  names: readonly Name[],
  scrub: Erasure['scrub'],
): Partial<Record<Name, string>> {
  const changed: Partial<Record<Name, string>> = {}
  for (const name of names) {
    const text = row[name]
    if (text === null) continue
    const clean = OF_JSON.has(name) ? scrubJson(text, scrub) : scrub(text)
    if (clean !== null) changed[name] = clean
  }
  return changed
}

/** Takes a caller out of what people wrote about PBXs and of what was read from them. */
export const eraseFromFleet: Eraser = async (tx, erasure) => {
  const { tenantId, needles, scrub } = erasure
  const { db } = tx as unknown as Tx<FleetTables>
  const removed = { pbx_hosts: 0, pbx_audits: 0, pbx_origins: 0 }
  const hosts = await db
    .selectFrom('pbx_hosts')
    .select(['id', ...HOST_TEXTS])
    .where('tenant_id', '=', tenantId)
    .where(mayHold(HOST_TEXTS, needles))
    .execute()
  for (const row of hosts) {
    const changed = scrubbed(row, HOST_TEXTS, scrub)
    if (Object.keys(changed).length === 0) continue
    await db.updateTable('pbx_hosts').set(changed).where('id', '=', row.id).execute()
    removed.pbx_hosts += 1
  }
  removed.pbx_origins = await eraseOrigins(db, tenantId, needles, scrub)
  const audits = await db
    .selectFrom('pbx_audits')
    .select(['id', ...AUDIT_TEXTS])
    .where('tenant_id', '=', tenantId)
    .where(mayHold(AUDIT_TEXTS, needles))
    .execute()
  for (const row of audits) {
    const changed = scrubbed(row, AUDIT_TEXTS, scrub)
    if (Object.keys(changed).length === 0) continue
    await db.updateTable('pbx_audits').set(changed).where('id', '=', row.id).execute()
    removed.pbx_audits += 1
  }
  const plans = await eraseFromRulePlans(tx, erasure)
  return { ...removed, ...plans, ...(await eraseFromSnapshots(tx, erasure)) }
}

const ORIGIN_TEXTS = ['number', 'name', 'origin_key'] as const

/** Rules of a PBX for certain callers, as they were read last. */
async function eraseOrigins(
  db: Tx<FleetTables>['db'],
  tenantId: number,
  needles: string[],
  scrub: Erasure['scrub'],
): Promise<number> {
  const rows = await db
    .selectFrom('pbx_origins')
    .select(['id', ...ORIGIN_TEXTS])
    .where('tenant_id', '=', tenantId)
    .where(mayHold(ORIGIN_TEXTS, needles))
    .execute()
  const gone = rows.filter((row) => Object.keys(scrubbed(row, ORIGIN_TEXTS, scrub)).length > 0)
  for (const { id } of gone) await db.deleteFrom('pbx_origins').where('id', '=', id).execute()
  return gone.length
}
