import type { JournalTx } from './write.ts'

/** Two accounts of one call became one: what was said of the one that goes is said of the one that stays. */
export async function moveRemarks(
  { db }: JournalTx,
  tenantId: number,
  { gone, kept }: { gone: number; kept: number },
): Promise<void> {
  await db
    .updateTable('notes')
    .set({ noteable_id: kept })
    .where('tenant_id', '=', tenantId)
    .where('noteable_type', '=', 'call')
    .where('noteable_id', '=', gone)
    .execute()
  await db
    .updateTable('notes')
    .set({ phone_call_id: kept })
    .where('tenant_id', '=', tenantId)
    .where('phone_call_id', '=', gone)
    .execute()
  await db
    .updateTable('dispositions')
    .set({ call_log_id: kept })
    .where('tenant_id', '=', tenantId)
    .where('call_log_id', '=', gone)
    .execute()
}
