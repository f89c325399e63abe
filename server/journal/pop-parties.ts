import type { Contact } from '../../contract/contacts.ts'
import type { Contract } from '../../contract/contracts.ts'
import type { Customer } from '../../contract/customers.ts'
import type { Phone } from '../../contract/phones.ts'
import type { PopCard } from '../../contract/pop.ts'
import type { Directory, Lookup } from '../directory/directory.ts'

const MOST_CONTRACTS = 20
const READ_CONTRACTS = 200

/** A customer as a card shows it. */
export function popCustomer(customer: Customer, lookup: Lookup, tenantId: number): PopCard['customer'] {
  const e164 = (raw: string) => {
    const read = lookup.read(tenantId, raw)
    return read.kind === 'external' ? read.e164 : null
  }
  const phone = (kind: string, raw: string): Phone => ({ kind, label: null, raw, e164: e164(raw) })
  const { id, name, external_id, vip, category, on_call_duty, comment, active } = customer
  return {
    id,
    account: customer.customer_account,
    name,
    external_id,
    vip,
    category,
    on_call_duty,
    phones: [
      ...(customer.phone === null ? [] : [{ ...phone('main', customer.phone), e164: customer.phone_e164 }]),
      ...customer.other_phones.map((raw) => phone('other', raw)),
      ...customer.extensions.map((raw) => ({ ...phone('extension', raw), e164: null })),
    ],
    comment,
    crm_link: customer.backend_link,
    active,
  }
}

/** A contact as a card shows it. */
export function popContact(contact: Contact): PopCard['contact'] {
  const { id, customer_id, name, first_name, last_name, email, role, external_id } = contact
  const { phones, comment, backend_link: crm_link, active } = contact
  const who = { id, customer_id, name, first_name, last_name, email, role, external_id }
  return { ...who, phones, comment, crm_link, active }
}

/** What a customer is entitled to, what is in force first. */
export async function contractsOf(
  contracts: Directory['contracts'],
  tenantId: number,
  customerId: number | null,
): Promise<Contract[]> {
  if (customerId === null) return []
  const asked = { 'filter[customer_id]': String(customerId), sort: '-id', per_page: READ_CONTRACTS }
  const { data } = await contracts.list(tenantId, asked)
  return data.toSorted((one, other) => Number(other.active) - Number(one.active)).slice(0, MOST_CONTRACTS)
}
