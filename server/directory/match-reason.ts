import type { Tier } from './caller-index.ts'
import type { Identified } from './match.ts'
import type { ReadNumber } from './read-number.ts'

/** Below this a match is no proof of identity. */
export const PROOF = 0.9

const HOW: Record<Tier, string> = {
  exact: 'This number is listed',
  national: 'The same national number is listed, one of the two without its country',
  alias: 'The same phone is listed in its other spelling, with or without the mobile digit',
  extension: 'Exactly this text is listed',
  tail: 'Only one listed number ends with the same nine digits, and it is listed',
  switchboard: 'The number continues a main number that is listed',
  account: 'This account is listed',
}

/** The outcome of a lookup in one sentence for a person. */
export function reasonOf(
  read: ReadNumber,
  { tier, ambiguous, customer, contact, candidates, confidence }: Identified,
): string {
  if (read.kind === 'withheld') return 'The caller hides the number, so nobody was looked for.'
  if (tier === null) return 'No active customer or contact has this number.'
  const of = customer ? ` of ${customer.name}` : ''
  const whom = ambiguous
    ? 'for several owners who do not belong together, so nobody is named; VIP and on-call duty hold only if they hold for every one'
    : contact
      ? `for ${contact.name}${of}`
      : candidates.length > 1
        ? `for several persons${of}, so only the customer is named`
        : `for ${customer?.name ?? 'a party whose record is not here'}`
  const display =
    confidence < PROOF ? ' Not certain enough for VIP, on-call duty, routing or the journal.' : ''
  return `${HOW[tier]} ${whom}.${display}`
}
