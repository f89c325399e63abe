import { readNumber } from '../server/directory/phone-number.ts'
import type { ContactRecord, CustomerRecord } from '../server/directory/party-record.ts'

const HINTS = {
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
}
/** Ends with the party and the parity of its version. */
export const numberOf = (party: number, version: number) =>
  `+3361${String(party * 2 + (version % 2)).padStart(7, '0')}`

/** Texts of very different lengths leave waste behind, so that records move. */
const padding = (version: number) => 'x'.repeat((version * 37) % 400)

/** Version `v` of party `i`: customer `C<i> v<v>`, a VIP when v is odd, and a person with a number that tells v's parity. */
export function recordsOf(party: number, version: number): [CustomerRecord, ContactRecord] {
  const customer: CustomerRecord = {
    party: 'customer',
    external_id: null,
    id: party * 2 + 1,
    account: `A${party}`,
    name: `C${party} v${version}`,
    category_id: 1 + (version % 2),
    active: true,
    hints: HINTS,
    contracts: [],
    numbers: [],
  }
  const contact: ContactRecord = {
    party: 'contact',
    external_id: null,
    id: party * 2 + 2,
    customer_id: customer.id,
    name: `P${party} v${version}`,
    active: true,
    hints: { ...HINTS, direct_line: padding(version) },
    numbers: [{ kind: 'work', read: readNumber(numberOf(party, version), 'FR') }],
  }
  return [customer, contact]
}
