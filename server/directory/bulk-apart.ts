import { sql } from 'kysely'
import type { BulkStatus } from '../../contract/bulk.ts'
import { asHubError } from '../platform/database/store-errors.ts'
import { HubError } from '../platform/errors.ts'
import type { DirectoryTx } from './write.ts'

/** What became of a line that was not refused; `id` is null when there was nothing to delete. */
export type Done = { status: Exclude<BulkStatus, 'error'>; id: number | null }
/** Which rows the feed will hear of, by entity. */
export type Told = Map<string, Set<number>>

/** Two writers who wait for each other: PostgreSQL ends one of them, and its transaction can be run again. */
export const isDeadlock = (error: unknown) =>
  ['40001', '40P01'].includes(String((error as { code?: unknown }).code))

/** Errors that no line is to blame for; the transaction is not usable after them. */
export function isOfStore(error: unknown): boolean {
  const known = asHubError(error)
  const code = known instanceof HubError ? known.code : null
  return code === 'store_unavailable' || code === 'store_full' || isDeadlock(error)
}

export function tell(told: Told, entity: string, ids: number[]): void {
  const known = told.get(entity) ?? new Set()
  for (const id of ids) known.add(id)
  told.set(entity, known)
}

/**
 * Runs one line by itself: `work` may fail, or answer that nothing was changed, and then leaves no trace. What it
 * tells the feed is noted in `told`.
 */
export async function apart(
  tx: DirectoryTx,
  told: Told,
  work: (tx: DirectoryTx) => Promise<Done>,
): Promise<Done> {
  const heard: [string, number[]][] = []
  const changed: DirectoryTx['changed'] = (_tenantId, entity, ids) => void heard.push([entity, [ids].flat()])
  const undo = async () => {
    await sql`rollback to savepoint line`.execute(tx.db)
    await sql`release savepoint line`.execute(tx.db)
  }
  await sql`savepoint line`.execute(tx.db)
  let done: Done
  try {
    done = await work({ ...tx, changed })
  } catch (error) {
    if (!isOfStore(error)) await undo()
    throw error
  }
  if (done.status === 'unchanged') {
    await undo()
    return done
  }
  await sql`release savepoint line`.execute(tx.db)
  for (const [entity, ids] of heard) tell(told, entity, ids)
  return done
}

/** Runs a write of many lines; null when it failed, and then it leaves no trace. */
export async function together<T>(tx: DirectoryTx, work: () => Promise<T>): Promise<T | null> {
  await sql`savepoint lines`.execute(tx.db)
  let done: T | null = null
  try {
    done = await work()
  } catch (error) {
    if (isOfStore(error)) throw error
    await sql`rollback to savepoint lines`.execute(tx.db)
  }
  await sql`release savepoint lines`.execute(tx.db)
  return done
}
