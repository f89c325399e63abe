import type { Identified, Lookup } from '../../../directory/directory.ts'

/** Somebody as a template reads him: flat, every key always, nothing is the empty text. */
export type CrmContact = {
  /** The party's id; empty for a match that proves nobody's identity. */
  id: string
  entity_type: 'Person' | 'Company' | 'Unknown'
  first_name: string
  last_name: string
  company_name: string
  account: string
  email: string
  /** The number that was asked for, as it was sent, else the party's own. */
  phone: string
  vip: boolean
  on_call_duty: boolean
  url: string
}

export type ContactDeps = {
  lookup: Pick<Lookup, 'byNumber' | 'byAccount' | 'byId' | 'details' | 'read'>
  /** Where the hub is reached from outside; null: parties without a link of their own have none. */
  publicUrl: string | null
}

/** Matches below that are for display: they prove nobody's identity. */
const PROOF = 0.9

/** Somebody whom memory knows; null for nobody and for several customers. A name is whole: it stands in `last_name`. */
export function contactOf(
  { contact, customer, confidence, vip, on_call_duty, hints }: Identified,
  phone: string,
  publicUrl: string | null,
): CrmContact | null {
  const party = contact ?? customer
  if (party === null) return null
  const proof = confidence >= PROOF
  const own = publicUrl === null ? '' : `${publicUrl}/pop/${party.id}`
  return {
    id: proof ? String(party.id) : '',
    entity_type: contact ? 'Person' : 'Company',
    first_name: '',
    last_name: contact?.name ?? '',
    company_name: customer?.name ?? '',
    account: customer?.account ?? '',
    email: '',
    phone,
    vip,
    on_call_duty,
    url: proof ? (hints?.backend_link ?? own) : '',
  }
}

/** Stands for a caller nobody knows: without a contact a PBX does not report the call. */
export const placeholder = (phone: string): CrmContact => ({
  id: 'unknown',
  entity_type: 'Unknown',
  first_name: '',
  last_name: phone,
  company_name: '',
  account: '',
  email: '',
  phone,
  vip: false,
  on_call_duty: false,
  url: '',
})
