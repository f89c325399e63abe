import type { AppendEvent } from './events.ts'
import type { DispositionRow } from './record.ts'
import { isoOrNull, isoTime, type JournalTx } from './write.ts'

/** Tells of a record in its own transaction: once when it is new, and once for each correction. */
export async function tellDisposition(
  tx: JournalTx,
  append: AppendEvent,
  row: DispositionRow,
  corrected: boolean,
): Promise<void> {
  await append(tx as never, {
    tenantId: row.tenant_id,
    kind: 'disposition.saved',
    key: `disposition:${row.id}${corrected ? `:${row.updated_at}` : ''}`,
    happenedAt: row.updated_at,
    data: {
      disposition_id: row.id,
      corrected,
      recorded_at: isoTime(row.recorded_at),
      number: row.number_raw,
      e164: row.e164,
      customer_id: row.customer_id,
      contact_id: row.contact_id,
      status: row.status,
      comment: row.comment,
      agent: row.agent,
      call: row.call,
      due_at: isoOrNull(row.due_at),
    },
  })
}
