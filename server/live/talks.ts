import type { Lookup } from '../directory/directory.ts'
import type { NoteTalks } from '../journal/journal.ts'
import { isToColleague } from './caller.ts'
import type { CallRow } from './event-shape.ts'
import type { LiveTx } from './record.ts'

/** Tells who talks with a caller from outside as soon as they do; its record may come late, or never. */
export function talkNoter(lookup: Lookup, noteTalks: NoteTalks): (tx: LiveTx, row: CallRow) => void {
  return (tx, row) => {
    const { tenant_id: tenantId, host_id: hostId, agent, answered_at, e164 } = row
    if (agent === null || answered_at === null) return
    if (row.direction === 'internal' || isToColleague(lookup, row)) return
    const { customer_id: customerId, contact_id: contactId } = row
    noteTalks(tx as never, [
      { tenantId, hostId, extension: agent, at: answered_at, e164, customerId, contactId },
    ])
  }
}
