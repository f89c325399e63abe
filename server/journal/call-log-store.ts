import type { HostFacts, CallLogRow } from '../fleet/fleet.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { toJson } from '../platform/database/json.ts'
import { restitch, type CallDeps, type CallTx } from './call-write.ts'
import { recordOfRow } from './call-log-rows.ts'
import { newRow, type NewRow } from './new-record.ts'
import { storeRecords } from './store-records.ts'

/** Of rows about the same leg, the one that says most. */
function atMostOnce(rows: NewRow[]): NewRow[] {
  const byKey = new Map<string, NewRow>()
  for (const row of rows) {
    const other = byKey.get(row.natural_key)
    if (!other || (row.talk_ms ?? -1) > (other.talk_ms ?? -1)) byKey.set(row.natural_key, row)
  }
  return [...byKey.values()]
}

/**
 * Stores rows of a host's log, and stitches their calls: new ones once, those that tell otherwise than before (a call
 * went on meanwhile) anew. Those whose caller was erased are left alone. Answers how many were new.
 */
export async function storeLogRows(
  tx: CallTx,
  deps: CallDeps,
  { tenantId, host }: { tenantId: number; host: HostFacts },
  log: CallLogRow[],
): Promise<number> {
  const rows = atMostOnce(
    log.flatMap((row) => {
      const input = recordOfRow(host.id, row)
      if (input === null) return []
      return [{ ...newRow(deps, tenantId, host, input), payload: toJson(row), token_id: null }]
    }),
  )
  const keys = rows.map((row) => row.natural_key)
  const there = await tx.db
    .selectFrom('records')
    .select(['id', 'natural_key', 'payload', 'source', 'call_key'])
    .where('host_id', '=', host.id)
    .where(isOneOf(tx.engine, 'natural_key', keys, 'text'))
    .execute()
  const known = new Map(there.map((row) => [row.natural_key, row]))
  const fresh = rows.filter((row) => !known.has(row.natural_key))
  const changed: string[] = []
  for (const row of rows) {
    const before = known.get(row.natural_key)
    const isErased = before?.payload === '{}'
    if (!before || isErased || before.source !== row.source || before.payload === row.payload) continue
    const { created_at: _, token_id: __, call_key: ___, ...columns } = row
    await tx.db.updateTable('records').set(columns).where('id', '=', before.id).execute()
    changed.push(before.call_key)
  }
  const places = changed.map((callKey) => ({ tenantId, host, callKey }))
  const toStore = fresh.map((row) => ({ host, row }))
  if (toStore.length > 0) await storeRecords(tx, deps, toStore, places)
  else if (places.length > 0) await restitch(tx, deps, places)
  return fresh.length
}
