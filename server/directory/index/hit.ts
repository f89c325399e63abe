/** Which rule found somebody. `account`: the caller named an account instead of having a number. */
export type Tier = 'exact' | 'national' | 'alias' | 'extension' | 'tail' | 'switchboard' | 'account'

/** How sure each rule is, 0 to 1. VIP, on-call duty, routing and journaling want 0.9 at least. */
export const CONFIDENCE: Record<Tier, number> = {
  exact: 1,
  national: 0.9,
  alias: 0.9,
  extension: 0.9,
  tail: 0.6,
  switchboard: 0.5,
  account: 1,
}

/** At most this many owners are named; `every` walks through all of them. */
export const MOST_OWNERS = 100

/** One owner of a number: the party and the customer it is or belongs to. Answering false ends the walk. */
export type VisitOwner = (partyId: number, customerId: number | null) => boolean

/** Who owns a number, by the first rule that finds somebody who is active. Good until the index changes. */
export type Hit = {
  tier: Tier | null
  confidence: number
  /** Party ids, ascending, at most 100. */
  owners: readonly number[]
  more: boolean
  /** Walks through all owners, in no particular order (the same one twice is possible); null unless there are more. */
  every: ((visit: VisitOwner) => void) | null
}

/** One key a rule was tried with, and how many owners it found (counted up to 100). */
export type Attempt = { tier: Tier; key: string; hits: number }

export const NOBODY: Hit = Object.freeze({
  tier: null,
  confidence: 0,
  owners: Object.freeze([]),
  more: false,
  every: null,
})

/** The only owner of exactly this number: what nearly every lookup makes, so it carries nothing else. */
export class ExactHit implements Hit {
  readonly owners: readonly number[]
  constructor(owner: number) {
    this.owners = [owner]
  }
  get tier(): Tier {
    return 'exact'
  }
  get confidence(): number {
    return CONFIDENCE.exact
  }
  get more(): boolean {
    return false
  }
  get every(): null {
    return null
  }
}
