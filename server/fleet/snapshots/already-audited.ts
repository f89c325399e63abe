import { fromJson } from '../../platform/database/json.ts'
import type { FleetStore } from '../write.ts'
import { canonicalRow, type Row } from './canonical.ts'
import type { Change } from './diff.ts'
import type { HostKey } from './shelf.ts'

/** Changes whose whole objects Cordboard audits, before and after, as it makes them. */
const AUDITED = 'inbound_rules'

/**
 * The changes that have no audit yet: an inbound rule that is, or was, exactly what Cordboard wrote has one. `since`: ms UTC,
 * of the snapshot before.
 */
export async function notAudited(
  store: FleetStore,
  { tenantId, hostId }: HostKey,
  changes: readonly Change[],
  since: number,
): Promise<Change[]> {
  if (!changes.some(({ resource }) => resource === AUDITED)) return [...changes]
  const audits = await store.read
    .selectFrom('pbx_audits')
    .select(['before', 'after'])
    .where('tenant_id', '=', tenantId)
    .where('pbx_host_id', '=', hostId)
    .where('happened_at', '>=', since)
    .where('source', '=', 'xapi')
    .where('object', 'like', '%/InboundRules%')
    .execute()
  const [before, after] = (['before', 'after'] as const).map(
    (side) => new Set(audits.flatMap((audit) => statesIn(audit[side]))),
  )
  const isIn = (states: Set<string> | undefined, row: Row | null) =>
    row === null || states?.has(JSON.stringify(row)) === true
  return changes.filter(
    (change) =>
      change.resource !== AUDITED ||
      change.kind === 'moved' ||
      !isIn(before, change.before) ||
      !isIn(after, change.after),
  )
}

/** The rules an audit holds on one side, as a snapshot would. */
function statesIn(text: string | null): string[] {
  const value = text === null ? null : fromJson<unknown>(text)
  const rows = Array.isArray(value) ? (value as unknown[]) : [value]
  return rows.flatMap((row) =>
    typeof row === 'object' && row !== null ? [JSON.stringify(canonicalRow(row as Row))] : [],
  )
}
