import type { Selectable } from 'kysely'
import type { PlanCallback } from './callback-due.ts'
import { settleDoNotCall, sayDoNotCall } from './do-not-call.ts'
import type { DispositionRow } from './record.ts'
import { DO_NOT_DISTURB, SCHEDULE_LATER } from './statuses.ts'
import type { CallbacksTable } from './tables.ts'
import type { JournalTx } from './write.ts'

/** What a disposition leads to: a callback, a number that is not to be called. `before` is what it said until now. */
export async function followUp(
  tx: JournalTx,
  row: DispositionRow,
  before: DispositionRow | null,
  planCallback: PlanCallback,
): Promise<void> {
  const callback = await followCallback(tx, row, before)
  if (callback) await planCallback(tx, callback)
  const wasDnd = before?.status === DO_NOT_DISTURB
  const isDnd = row.status === DO_NOT_DISTURB
  if (isDnd && !wasDnd) await sayDoNotCall(tx, row)
  if (wasDnd && !isDnd) await settleDoNotCall(tx, row)
}

/** The callback that was made or changed; null when there was nothing to do. */
async function followCallback(
  tx: JournalTx,
  row: DispositionRow,
  before: DispositionRow | null,
): Promise<Selectable<CallbacksTable> | null> {
  const { tenant_id, id: disposition_id, due_at, updated_at } = row
  if (before?.status === row.status && before.due_at === due_at) return null
  if (row.status === SCHEDULE_LATER) {
    const open = { status: 'open', due_at, completed_at: null, updated_at } as const
    return await tx.db
      .insertInto('callbacks')
      .values({ tenant_id, disposition_id, ...open, created_at: updated_at })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'disposition_id']).doUpdateSet(open))
      .returningAll()
      .executeTakeFirstOrThrow()
  }
  if (before?.status !== SCHEDULE_LATER) return null
  const cancelled = await tx.db
    .updateTable('callbacks')
    .set({ status: 'cancelled', updated_at })
    .where('tenant_id', '=', tenant_id)
    .where('disposition_id', '=', disposition_id)
    .where('status', '=', 'open')
    .returningAll()
    .executeTakeFirst()
  return cancelled ?? null
}
