import { sql } from 'kysely'
import { lockForTransaction } from '../platform/database/engine.ts'
import type { ToldOfCall } from './call-tables.ts'
import type { HostFacts } from '../fleet/fleet.ts'
import { restitch, type CallDeps, type CallStore, type CallTx } from './call-write.ts'
import { moveRemarks } from './call-remarks.ts'
import { REPORTED, SECONDHAND, SEEN } from './stitching.ts'

/** A report's start lies in the call it is about, but for clocks that count whole seconds. */
const EARLY_MS = 5_000
const LATE_MS = 2_000
/** A call that goes on for longer is not looked for. */
const LONGEST_MS = 12 * 3_600_000
/** How far the clocks of the hub and of a PBX may be apart; a call of nobody's number is known by its moment alone. */
const SEEN_APART_MS = 120_000
const SEEN_WITHHELD_APART_MS = 20_000

type Sides = Pick<ToldOfCall, 'caller_key' | 'called_key' | 'agent_extension' | 'started_at'>

/** Alternatives in words that each have an index of their own. */
const ofSecondhand = sql<boolean>`(source = ${sql.lit(REPORTED)} or source = ${sql.lit(SEEN)})`
const isOf = (source: string) => sql<boolean>`source = ${sql.lit(source)}`
const ofOthers = sql<boolean>`source <> ${sql.lit(REPORTED)}`

/** Whether a PBX reports calls through its CRM template, or calls were noted on as they were seen. Most records need no look for either. */
export async function reportsCalls({ db }: CallTx, hostId: number): Promise<boolean> {
  for (const source of SECONDHAND) {
    const one = await db
      .selectFrom('records')
      .select('id')
      .where('host_id', '=', hostId)
      .where(isOf(source))
      .limit(1)
      .executeTakeFirst()
    if (one !== undefined) return true
  }
  return false
}

/** Reports and records of one host meet one after the other, so that neither misses the other. */
export const lockReports = ({ engine, db }: CallTx, hostId: number): Promise<void> =>
  lockForTransaction(engine, db as never, `reports ${hostId}`)

/** Who is nearest: the same agent first, then the nearest start. */
const nearest = <Call extends Sides>(calls: Call[], report: Sides): Call | undefined =>
  calls.toSorted(
    (one, other) =>
      Number(other.agent_extension === report.agent_extension) -
        Number(one.agent_extension === report.agent_extension) ||
      Math.abs(one.started_at - report.started_at) - Math.abs(other.started_at - report.started_at),
  )[0]

/** A withheld number proves nothing: then it is the agent and the same moment. */
const isSame = (call: Sides, report: Sides): boolean => {
  const outside = report.caller_key ?? report.called_key
  if (outside !== null) return call.caller_key === outside || call.called_key === outside
  return (
    call.caller_key === null &&
    call.agent_extension === report.agent_extension &&
    Math.abs(call.started_at - report.started_at) <= EARLY_MS
  )
}

/** Whether a call and what the hub saw are the same: the number and, within what clocks may differ, the moment. */
const isSeen = (call: Sides, seen: Sides): boolean => {
  const outside = seen.caller_key ?? seen.called_key
  const apart = Math.abs(call.started_at - seen.started_at)
  if (outside !== null)
    return apart <= SEEN_APART_MS && (call.caller_key === outside || call.called_key === outside)
  return (
    apart <= SEEN_WITHHELD_APART_MS &&
    call.caller_key === null &&
    call.agent_extension === seen.agent_extension
  )
}

const COLUMNS = [
  'id',
  'call_key',
  'caller_key',
  'called_key',
  'agent_extension',
  'started_at',
  'ended_at',
] as const

/** The call that others tell of and a report is about; null when there is none (yet). */
export async function callOfReport(tx: CallTx, hostId: number, report: Sides): Promise<string | null> {
  const { started_at } = report
  const around = await tx.db
    .selectFrom('calls')
    .select([...COLUMNS, 'source'])
    .where('host_id', '=', hostId)
    .where('started_at', '>=', started_at - LONGEST_MS)
    .where('started_at', '<=', started_at + SEEN_APART_MS)
    .where(ofOthers)
    .execute()
  const isDuring = (call: Sides & { ended_at: number | null }) =>
    call.started_at <= started_at + EARLY_MS &&
    started_at <= (call.ended_at ?? call.started_at + EARLY_MS) + LATE_MS
  const during = around.filter((call) =>
    call.source === SEEN ? isSeen(call, report) : isDuring(call) && isSame(call, report),
  )
  return nearest(during, report)?.call_key ?? null
}

/** The call that others tell of and the hub saw; null when there is none (yet). */
export async function callOfSeen(
  db: CallStore['read'] | CallTx['db'],
  hostId: number,
  seen: Sides,
): Promise<string | null> {
  const around = await db
    .selectFrom('calls')
    .select(COLUMNS)
    .where('host_id', '=', hostId)
    .where('started_at', '>=', seen.started_at - SEEN_APART_MS)
    .where('started_at', '<=', seen.started_at + SEEN_APART_MS)
    .where('source', '!=', SEEN)
    .execute()
  return (
    nearest(
      around.filter((call) => isSeen(call, seen)),
      seen,
    )?.call_key ?? null
  )
}

/**
 * Takes the reports about a call that others tell of into it, and answers its id: whoever told of it first knows it by
 * that one. A call that was known by reports alone is no other one then.
 */
export async function absorbReports(
  tx: CallTx,
  deps: CallDeps,
  host: HostFacts,
  callId: number,
): Promise<number> {
  const { db } = tx
  const { id: hostId } = host
  const call = await db
    .selectFrom('calls')
    .select([...COLUMNS, 'tenant_id'])
    .where('id', '=', callId)
    .executeTakeFirstOrThrow()
  const told = await db
    .selectFrom('calls')
    .select([...COLUMNS, 'source'])
    .where('host_id', '=', hostId)
    .where('started_at', '>=', call.started_at - SEEN_APART_MS)
    .where('started_at', '<=', Math.max(call.ended_at ?? 0, call.started_at) + SEEN_APART_MS)
    .where(ofSecondhand)
    .execute()
  const isWithin = ({ started_at }: Sides) =>
    started_at >= call.started_at - EARLY_MS &&
    started_at <= (call.ended_at ?? call.started_at + EARLY_MS) + LATE_MS
  const about = told.filter((one) =>
    one.source === SEEN ? isSeen(call, one) : isWithin(one) && isSame(call, one),
  )
  if (about.length === 0) return callId
  const { call_key } = call
  let kept = callId
  for (const report of about) {
    await db
      .updateTable('records')
      .set({ call_key })
      .where('host_id', '=', hostId)
      .where('call_key', '=', report.call_key)
      .execute()
    const gone = Math.max(kept, report.id)
    kept = Math.min(kept, report.id)
    await db.deleteFrom('calls').where('id', '=', gone).execute()
    await moveRemarks(tx, call.tenant_id, { gone, kept })
    await db.updateTable('calls').set({ call_key }).where('id', '=', kept).execute()
  }
  await restitch(tx, deps, [{ tenantId: call.tenant_id, host, callKey: call_key }])
  return kept
}
