import type { Eraser } from './erasure.ts'
import { FORGOTTEN, type IdempotencyTables } from './idempotency.ts'
import type { Tx } from './database/store.ts'

/**
 * Recorded answers are sealed with their caller's token, so nobody can tell which of them are about who goes: the tenant's
 * are all emptied. The records stay, so that a late repetition does not make the erased party anew.
 */
export const eraseFromRecordedAnswers: Eraser = async (tx, { tenantId }) => {
  const { db } = tx as unknown as Tx<IdempotencyTables>
  const emptied = await db
    .updateTable('idempotency_keys')
    .set({ body: FORGOTTEN })
    .where('tenant_id', '=', tenantId)
    .where('status', 'is not', null)
    .where('body', '!=', FORGOTTEN)
    .executeTakeFirst()
  return { idempotency_keys: Number(emptied.numUpdatedRows) }
}
