import { settleDoNotCall, sayDoNotCall } from './do-not-call.ts'
import type { DispositionRow } from './record.ts'
import { DO_NOT_DISTURB, SCHEDULE_LATER } from './statuses.ts'
import type { JournalTx } from './write.ts'

/** What a disposition leads to: a callback, a number that is not to be called. `before` is what it said until now. */
export async function followUp(
  tx: JournalTx,
  row: DispositionRow,
  before: DispositionRow | null,
): Promise<void> {
  await followCallback(tx, row, before)
  const wasDnd = before?.status === DO_NOT_DISTURB
  const isDnd = row.status === DO_NOT_DISTURB
  if (isDnd && !wasDnd) await sayDoNotCall(tx, row)
  if (wasDnd && !isDnd) await settleDoNotCall(tx, row)
}

async function followCallback(
  tx: JournalTx,
  row: DispositionRow,
  before: DispositionRow | null,
): Promise<void> {
  const { tenant_id, id: disposition_id, due_at, updated_at } = row
  if (before?.status === row.status && before.due_at === due_at) return
  if (row.status === SCHEDULE_LATER) {
    const open = { status: 'open', due_at, completed_at: null, updated_at } as const
    await tx.db
      .insertInto('callbacks')
      .values({ tenant_id, disposition_id, ...open, created_at: updated_at })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'disposition_id']).doUpdateSet(open))
      .execute()
  } else if (before?.status === SCHEDULE_LATER) {
    await tx.db
      .updateTable('callbacks')
      .set({ status: 'cancelled', updated_at })
      .where('tenant_id', '=', tenant_id)
      .where('disposition_id', '=', disposition_id)
      .where('status', '=', 'open')
      .execute()
  }
}
