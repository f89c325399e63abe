import { sql, type Kysely } from 'kysely'
import { databaseNow, held } from '../database/claiming.ts'
import { isOneOf } from '../database/engine.ts'
import { fromJson } from '../database/json.ts'
import type { Store, Tx } from '../database/store.ts'
import { momentAfter, type Schedule } from './schedule.ts'
import type { WorkRow, WorkTables } from './tables.ts'

/** A claim of ours: the row counts as ours only while it still says so. */
export type Lease = Pick<WorkRow, 'id' | 'claims' | 'lease_owner'>

/** Another hub may have taken the task over: nothing of what this one did for it may count. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
  constructor() {
    super('the lease of this task was lost to another hub')
  }
}

const FREE = { lease_owner: null, again: 0 } as const

const ours = (db: Kysely<WorkTables>, { id, claims, lease_owner }: Lease) =>
  db
    .selectFrom('work')
    .where('id', '=', id)
    .where('claims', '=', claims)
    .where('lease_owner', '=', lease_owner)

/** The row, held until the transaction ends: nobody takes it over meanwhile. Throws LeaseLost. */
export async function holdLease(tx: Tx<WorkTables>, lease: Lease): Promise<WorkRow & { now: number }> {
  const { db, engine } = tx
  const query = ours(db, lease).selectAll().select(databaseNow(engine).as('now'))
  const row = await held(engine, query).executeTakeFirst()
  if (!row) throw new LeaseLost()
  return row
}

/** What becomes of the row once its task is done: gone, due again, or waiting for the next moment of its schedule. */
export async function finishTask(tx: Tx<WorkTables>, lease: Lease): Promise<void> {
  const { db } = tx
  const { id, claims, lease_owner } = lease
  const gone = await db
    .deleteFrom('work')
    .where('id', '=', id)
    .where('claims', '=', claims)
    .where('lease_owner', '=', lease_owner)
    .where('schedule', 'is', null)
    .where('again', '=', 0)
    .executeTakeFirst()
  if (gone.numDeletedRows > 0n) return
  const row = await holdLease(tx, lease)
  const isAgain = row.again === 1
  const next = isAgain || row.schedule === null ? { ready_at: row.now } : nextMoment(row, row.now)
  const settled = isAgain ? {} : { last_error: null, failed_at: null }
  await put(db, id, { ...FREE, ...next, ...settled, attempts: 0, updated_at: row.now })
}

const nextMoment = (row: WorkRow, now: number) => {
  const schedule = fromJson<Schedule>(row.schedule ?? 'null')
  const due_at = momentAfter(schedule, row.due_at, Math.max(now, row.due_at))
  return { due_at, ready_at: due_at }
}

const put = (db: Kysely<WorkTables>, id: number, columns: Partial<WorkRow>) =>
  db.updateTable('work').set(columns).where('id', '=', id).execute()

export type Failure = {
  message: string
  /** Wait that long before the next attempt, ms; null: no further attempt. */
  retryMs: number | null
}

/**
 * Notes a failure. Without a further attempt a task is dead; a schedule goes on at its next moment, where it also goes on when its
 * next attempt would come later than that.
 */
export async function failTask(
  tx: Tx<WorkTables>,
  lease: Lease,
  failure: Failure,
): Promise<'waiting' | 'dead'> {
  const row = await holdLease(tx, lease)
  const { now } = row
  const noted = { ...FREE, last_error: failure.message, failed_at: now, updated_at: now }
  const ready_at = failure.retryMs === null ? null : now + failure.retryMs
  if (row.again === 1) {
    await put(tx.db, row.id, { ...noted, ready_at: now, attempts: 0 })
    return 'waiting'
  }
  if (row.schedule !== null) {
    const next = nextMoment(row, now)
    const retries = ready_at !== null && ready_at < next.ready_at
    await put(tx.db, row.id, { ...noted, ...(retries ? { ready_at } : { ...next, attempts: 0 }) })
    return 'waiting'
  }
  await put(tx.db, row.id, { ...noted, ready_at, dead_at: ready_at === null ? now : null })
  return ready_at === null ? 'dead' : 'waiting'
}

/** Has the task wait that long, as if it were new; one that was asked for meanwhile is due at once. */
export async function postponeTask(tx: Tx<WorkTables>, lease: Lease, inMs: number): Promise<void> {
  const row = await holdLease(tx, lease)
  const ready_at = row.again === 1 ? row.now : row.now + Math.max(0, Math.round(inMs))
  const settled = { last_error: null, failed_at: null, attempts: 0 }
  await put(tx.db, row.id, { ...FREE, ...settled, ready_at, updated_at: row.now })
}

/** Makes due whatever is leased, to whomever: for when they are known to be gone. */
export async function freeLeases({ engine, write }: Store<WorkTables>): Promise<void> {
  await write
    .updateTable('work')
    .set({ lease_owner: null, ready_at: databaseNow(engine) })
    .where('lease_owner', 'is not', null)
    .execute()
}

/** Gives the lease back as if the task had not been claimed. */
export async function releaseTask(tx: Tx<WorkTables>, lease: Lease): Promise<void> {
  const row = await holdLease(tx, lease)
  const attempts = Math.max(0, row.attempts - 1)
  await put(tx.db, row.id, { ...FREE, ready_at: row.now, attempts, updated_at: row.now })
}

/** Leases `owner` still has, of these ids: each runs `leaseMs` from now. Answers the claims by id. */
export async function renewLeases(
  { engine, write }: Store<WorkTables>,
  { owner, ids, leaseMs }: { owner: string; ids: number[]; leaseMs: number },
): Promise<Map<number, number>> {
  const renewed = await write
    .updateTable('work')
    .set({ ready_at: sql<number>`${databaseNow(engine)} + ${sql.lit(leaseMs)}` })
    .where('lease_owner', '=', owner)
    .where(isOneOf(engine, 'id', ids, 'bigint'))
    .returning(['id', 'claims'])
    .execute()
  return new Map(renewed.map(({ id, claims }) => [id, claims]))
}
