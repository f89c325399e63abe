import type { Selectable } from 'kysely'
import type { Lookup } from '../directory/directory.ts'
import type { Clock } from '../platform/clock.ts'
import { lockForTransaction } from '../platform/database/engine.ts'
import { toFlag, toJson } from '../platform/database/json.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import type { PlanCallOver } from './call-events.ts'
import type { CallTables, RecordsTable } from './call-tables.ts'
import { stitch, type RecordToStitch, type StitchedCall } from './stitching.ts'

export type CallStore = Store<CallTables>
export type CallTx = Tx<CallTables>

/** A host as the journal needs it. */
export type HostFacts = {
  id: number
  /** IANA name of the zone its clocks show. */
  timeZone: string
  /** The source that has the last word on its calls; null = any has. */
  authoritative: string | null
}

export type CallDeps = {
  clock: Clock
  lookup: Lookup
  /** A host within reach; null when there is none. */
  host(reach: { tenantId: number; hostId: number | null }, id: number): Promise<HostFacts | null>
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
  planCallOver: PlanCallOver
}

/** Below that a match is for display only. */
const PROOF = 0.9

/** The outside numbers in E.164, and whom the outside party's means. */
function partiesOf(lookup: Lookup, tenantId: number, call: StitchedCall) {
  const about = (number: string | null) => (number === null ? null : lookup.explain(tenantId, number))
  const [caller, called] = [about(call.caller_number), about(call.called_number)]
  const outside = call.direction === 'outbound' ? called : call.direction === 'internal' ? null : caller
  const isSure = outside !== null && outside.known && outside.confidence >= PROOF
  return {
    caller_e164: caller?.read.kind === 'external' ? caller.read.e164 : null,
    called_e164: called?.read.kind === 'external' ? called.read.e164 : null,
    customer_id: isSure ? (outside.customer?.id ?? null) : null,
    contact_id: isSure ? (outside.contact?.id ?? null) : null,
  }
}

/** One call of a host. */
export type CallPlace = { tenantId: number; hostId: number; callKey: string }

/**
 * Brings a call up to date with its records, in the transaction that changed one of them; answers its id, null when no
 * record of it is left. `only` is the record when there can be no other.
 */
export async function restitch(
  tx: CallTx,
  { clock, lookup, planCallOver }: CallDeps,
  { tenantId, hostId, callKey }: CallPlace,
  { authoritative, only = null }: { authoritative: string | null; only?: RecordToStitch | null },
): Promise<number | null> {
  const { db, engine } = tx
  // Whoever comes second reads what the first one wrote.
  if (only === null) await lockForTransaction(engine, db as never, `call ${hostId} ${callKey}`)
  const records: RecordToStitch[] =
    only !== null
      ? [only]
      : await db
          .selectFrom('records')
          .selectAll()
          .where('host_id', '=', hostId)
          .where('call_key', '=', callKey)
          .execute()
  if (records.length === 0) {
    await db.deleteFrom('calls').where('host_id', '=', hostId).where('call_key', '=', callKey).execute()
    return null
  }
  const { legs, provisional, ...call } = stitch(records, authoritative)
  const now = clock.now()
  const columns = {
    ...call,
    ...partiesOf(lookup, tenantId, { ...call, legs, provisional }),
    provisional: toFlag(provisional),
    updated_at: now,
  }
  const { id } = await db
    .insertInto('calls')
    .values({ ...columns, tenant_id: tenantId, host_id: hostId, call_key: callKey, created_at: now })
    .onConflict((row) => row.columns(['host_id', 'call_key']).doUpdateSet(columns))
    .returning('id')
    .executeTakeFirstOrThrow()
  if (only === null) await db.deleteFrom('legs').where('call_id', '=', id).execute()
  await db
    .insertInto('legs')
    .values(
      legs.map(({ steps, ...leg }, position) => ({
        ...leg,
        tenant_id: tenantId,
        call_id: id,
        position: position + 1,
        steps: toJson(steps),
      })),
    )
    .execute()
  if (!provisional) await planCallOver(tx, { tenantId, hostId, callKey }, call)
  return id
}

/** Whether no other record can belong to the record's call. */
export const isAlone = (record: Pick<Selectable<RecordsTable>, 'call_history_id'>): boolean =>
  record.call_history_id === null
