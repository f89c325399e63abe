import type { CallEvent } from '../../xapi/xapi.ts'
import type { Identified, Lookup } from '../directory/directory.ts'
import { storable } from '../platform/storable.ts'
import type { LiveCallsTable } from './tables.ts'

/** Who is at the other side, as answers name it. */
export type Party = Pick<Identified, 'known' | 'vip' | 'customer' | 'contact'>

/** Matches below that are for display: nothing is kept of them. */
const PROOF = 0.9
const LONGEST = 200
const NOBODY: Party = { known: false, vip: false, customer: null, contact: null }

export const short = (text: string | null): string | null =>
  text === null ? null : storable(text).slice(0, LONGEST).toWellFormed()

type Numbered = Pick<LiveCallsTable, 'tenant_id' | 'direction' | 'number_raw'>

/** Whether an extension called another one: its own end of the call says only that it dialled. */
export function isToColleague(lookup: Lookup, { tenant_id, direction, number_raw }: Numbered): boolean {
  return (
    direction === 'outbound' && number_raw !== null && lookup.read(tenant_id, number_raw).kind === 'short'
  )
}

const isInside = (lookup: Lookup, row: Numbered) => row.direction === 'internal' || isToColleague(lookup, row)

/** Who it is at this moment, from memory. Colleagues are nobody's customers. */
export function partyOf(lookup: Lookup, row: Numbered): Party {
  const { tenant_id, number_raw } = row
  if (number_raw === null || isInside(lookup, row)) return NOBODY
  const { known, vip, customer, contact } = lookup.byNumber(tenant_id, number_raw)
  return { known, vip, customer, contact }
}

type CallerColumns = Pick<
  LiveCallsTable,
  'number_raw' | 'e164' | 'number_key' | 'caller_name' | 'customer_id' | 'contact_id'
>

/** The other side of a call as it is kept. */
export function callerColumns(
  lookup: Lookup,
  tenantId: number,
  { caller, direction }: CallEvent,
): CallerColumns {
  const number_raw = short(caller.number)
  const kept = { number_raw, caller_name: short(caller.name) }
  if (number_raw === null || isInside(lookup, { tenant_id: tenantId, direction, number_raw }))
    return { ...kept, e164: null, number_key: null, customer_id: null, contact_id: null }
  const read = lookup.read(tenantId, number_raw)
  const { customer, contact, confidence } = lookup.byNumber(tenantId, number_raw)
  const isProof = confidence >= PROOF
  return {
    ...kept,
    e164: read.kind === 'external' ? read.e164 : null,
    number_key: lookup.key(tenantId, number_raw),
    customer_id: isProof ? (customer?.id ?? null) : null,
    contact_id: isProof ? (contact?.id ?? null) : null,
  }
}
