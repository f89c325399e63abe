import { sql } from 'kysely'
import type { HostFacts } from '../fleet/fleet.ts'
import type { Committed } from '../platform/committed.ts'
import { currentReceipt } from '../platform/current-receipt.ts'
import { HubError } from '../platform/errors.ts'
import { together } from '../platform/together.ts'
import {
  isAlone,
  placeKey,
  restitch,
  type CallDeps,
  type CallPlace,
  type CallStore,
  type CallTx,
} from './call-write.ts'
import type { NewRow } from './new-record.ts'
import type { RowOfCall } from './record-shape.ts'
import { absorbReports, lockReports, reportsCalls } from './report-calls.ts'
import { SECONDHAND } from './stitching.ts'

/** Records beside the calls they are part of. */
export const withCalls = (db: CallStore['read'] | CallTx['db']) =>
  db
    .selectFrom('records')
    .innerJoin('calls', (join) =>
      join.onRef('calls.host_id', '=', 'records.host_id').onRef('calls.call_key', '=', 'records.call_key'),
    )
    .selectAll('records')
    .select('calls.id as call_id')

/** A record to be stored, and the host it is of. */
export type ToStore = { host: HostFacts; row: NewRow }

const keyOf = (row: Pick<NewRow, 'host_id' | 'natural_key'>) => `${row.host_id} ${row.natural_key}`
const before = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)

/** Of the hosts of these records, those whose PBX reports calls as well; held until the transaction ends. */
async function hostsThatReport(tx: CallTx, given: ToStore[]): Promise<Set<number>> {
  const others = given.filter(({ row }) => !SECONDHAND.includes(row.source)).map(({ host }) => host.id)
  const found = new Set<number>()
  for (const id of [...new Set(others)].sort((one, other) => one - other)) {
    if (!(await reportsCalls(tx, id))) continue
    await lockReports(tx, id)
    found.add(id)
  }
  return found
}

/**
 * Stores the records that are not there yet and stitches their calls; answers the row there is of each, in their order.
 * `changed`: calls whose records were changed in this transaction. They are stitched with the others, as two who take
 * calls in more than one go could wait for each other in a circle.
 */
export async function storeRecords(
  tx: CallTx,
  deps: CallDeps,
  given: ToStore[],
  changed: CallPlace[] = [],
): Promise<RowOfCall[]> {
  const { db } = tx
  // In one order, so that two who store the same ones do not wait for each other in a circle.
  const sorted = given.toSorted((one, other) => before(keyOf(one.row), keyOf(other.row)))
  const hosts = new Map(given.map(({ host }) => [host.id, host]))
  const reporting = await hostsThatReport(tx, given)
  const made = await db
    .insertInto('records')
    .values(sorted.map(({ row }) => row))
    .onConflict((other) => other.columns(['host_id', 'natural_key']).doNothing())
    .returningAll()
    .execute()
  const places = made.flatMap((row): CallPlace[] => {
    const host = hosts.get(row.host_id)
    const place = {
      tenantId: row.tenant_id,
      callKey: row.call_key,
      only: isAlone(row) && !SECONDHAND.includes(row.source) ? row : null,
    }
    return host ? [{ ...place, host }] : []
  })
  const calls = await restitch(tx, deps, [...places, ...changed])
  for (const row of made) {
    const host = hosts.get(row.host_id)
    if (!host || !reporting.has(host.id) || SECONDHAND.includes(row.source)) continue
    const key = placeKey({ host, callKey: row.call_key })
    const call = calls.get(key)
    if (call !== undefined) calls.set(key, await absorbReports(tx, deps, host, call))
  }
  const rows = new Map(
    made.map((row) => [
      keyOf(row),
      { ...row, call_id: calls.get(placeKey({ host: { id: row.host_id }, callKey: row.call_key })) ?? 0 },
    ]),
  )
  const there = given.filter(({ row }) => !rows.has(keyOf(row)))
  if (there.length > 0) {
    const pairs = there.map(({ row }) => sql`(cast(${row.host_id} as bigint), ${row.natural_key})`)
    const found = await withCalls(db)
      .where(sql<boolean>`(records.host_id, records.natural_key) in (values ${sql.join(pairs)})`)
      .execute()
    for (const row of found) rows.set(keyOf(row), row)
  }
  return given.map(({ row }) => {
    const stored = rows.get(keyOf(row))
    if (!stored) throw new Error('a record that was there is gone')
    return stored
  })
}

/** As `storeRecords`, for one in a transaction of somebody else's. */
export async function storeOne(tx: CallTx, deps: CallDeps, host: HostFacts, row: NewRow): Promise<RowOfCall> {
  const [stored] = await storeRecords(tx, deps, [{ host, row }])
  return stored as RowOfCall
}

/** Stores a record; the one there is of it is answered. */
export type StoreRecord = <T>(
  given: ToStore,
  answer: (row: RowOfCall, tx: CallTx) => T | Promise<T>,
) => Promise<Committed<T>>

type Posted = ToStore & { answer: (row: RowOfCall, tx: CallTx) => unknown }
/** Few enough that nobody waits for a long transaction, and for the store's limit of values in a statement. */
const MOST_TOGETHER = 100

/** Records that come while others are being written are written together, in one transaction, behind those. */
export function openRecordStore(store: CallStore, deps: CallDeps): StoreRecord {
  const writeAlone = ({ answer, ...given }: Posted): Promise<Committed<unknown>> =>
    store.transact(async (tx) => {
      const [row] = await storeRecords(tx, deps, [given])
      return answer(row as RowOfCall, tx)
    })
  const writeAll = (posted: Posted[]) =>
    store.transact(async (tx) => {
      const rows = await storeRecords(tx, deps, posted)
      const answers: unknown[] = []
      for (const [n, row] of rows.entries()) answers.push(await posted[n]?.answer(row, tx))
      return answers
    })
  const write = together<Posted, Committed<unknown>>(async (posted) => {
    try {
      const { value, position } = await writeAll(posted)
      return value.map((one) => ({ status: 'fulfilled', value: { value: one, position } }))
    } catch (error) {
      // The store is away or full, for each of them.
      if (posted.length === 1 || error instanceof HubError) throw error
      // One of them is the reason, and no reason for the others.
      const outcomes: PromiseSettledResult<Committed<unknown>>[] = []
      for (const one of posted) outcomes.push(...(await Promise.allSettled([writeAlone(one)])))
      return outcomes
    }
  }, MOST_TOGETHER)
  return (given, answer) =>
    // A request with a receipt leaves it in a transaction of its own.
    (currentReceipt() === null ? write({ ...given, answer }) : writeAlone({ ...given, answer })) as never
}
