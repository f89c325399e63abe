import type { Identified, Lookup } from '../directory/directory.ts'
import type { LastAgentMemory } from '../journal/journal.ts'
import type { Caller, CallerQuestion } from '../routing/routing.ts'

/** Matches below that are for display: they steer no call. */
const PROOF = 0.9

function reasonOf(identified: Identified, asked: string): string {
  const { known, ambiguous, customer, contact, tier, confidence } = identified
  if (!known) return `${asked} is unknown.`
  if (ambiguous) return `${asked} belongs to several customers.`
  const names = [contact?.name, customer?.name].filter(Boolean).join(', ')
  const how = confidence < PROOF ? ', too unsure to steer a call' : ''
  return `${asked} is ${names} (${tier}${how}).`
}

/** Who calls, as routing wants to know it; everything from memory. */
export function openCallerFacts(
  lookup: Lookup,
  isDoNotCall: (tenantId: number, numberKey: string) => boolean,
  lastAgents: Pick<LastAgentMemory, 'find'>,
): (tenantId: number, question: CallerQuestion) => Caller {
  return (tenantId, { number, account, at, country, hostId }) => {
    const asking = { at, ...(country === null ? {} : { country }) }
    const identified =
      account === null
        ? lookup.byNumber(tenantId, number ?? '', asking)
        : lookup.byAccount(tenantId, account, asking)
    const key = number === null ? null : lookup.key(tenantId, number, asking)
    const asked = account === null ? (key === null ? 'A withheld caller' : 'The caller') : 'The account'
    const proof = identified.confidence >= PROOF
    const customer = proof ? identified.customer : null
    const whom = {
      e164: key?.startsWith('+') ? key : null,
      customer_id: customer?.id ?? null,
      contact_id: proof ? (identified.contact?.id ?? null) : null,
    }
    const talks = lastAgents.find(tenantId, whom)
    return {
      known: proof && identified.known,
      vip: identified.vip,
      on_call: identified.on_call_duty,
      do_not_call: key !== null && isDoNotCall(tenantId, key),
      category_id: customer ? (lookup.details(tenantId, identified).category?.id ?? null) : null,
      ...whom,
      account: customer?.account ?? null,
      last_agents: hostId === null ? talks : talks.filter(({ host_id }) => host_id === hostId),
      number_key: key,
      reason: reasonOf(identified, asked),
    }
  }
}
