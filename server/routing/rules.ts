import type { RuleCondition } from '../../contract/profiles.ts'

/** What a rule may ask about a call. */
export type CallFacts = {
  known: boolean
  vip: boolean
  on_call: boolean
  open: boolean
  do_not_call: boolean
  category_id: number | null
  customer_id: number | null
  account: string | null
  /** What the called number is compared by; null when none was given. */
  called: string | null
  last_agent: LastAgent | null
}

/** Who talked with the caller last on the PBX that asks; `days` ago, counted in parts of days. */
export type LastAgent = { extension: string; host_id: number; talked_at: number; days: number }

/** A rule's condition with its texts brought into the form they are compared in. */
export type Condition = {
  flags: Partial<Record<FlagName, boolean>>
  sets: Partial<Record<SetName, ReadonlySet<number | string>>>
  /** In how many days somebody has to have talked with the caller; absent: no matter. */
  talkedWithin?: number
}
export const FLAGS = ['known', 'vip', 'on_call', 'open', 'do_not_call'] as const
export const SETS = ['category_id', 'customer_id', 'account', 'called'] as const
export type FlagName = (typeof FLAGS)[number]
export type SetName = (typeof SETS)[number]

const TALKED_WITHIN_DAYS = 30

/** Accounts are compared without regard to case and blanks around them. */
export const foldAccount = (account: string): string => account.trim().toLowerCase()

/** `calledKey` brings a called number into the form it is compared in; null for one that names none. */
export function toCondition(when: RuleCondition, calledKey: (text: string) => string | null): Condition {
  const flags: Condition['flags'] = {}
  for (const name of FLAGS) {
    const value = when[name]
    if (value !== undefined) flags[name] = value
  }
  const sets: Condition['sets'] = {}
  if (when.category_ids) sets.category_id = new Set(when.category_ids)
  if (when.customer_ids) sets.customer_id = new Set(when.customer_ids)
  if (when.accounts) sets.account = new Set(when.accounts.map(foldAccount))
  if (when.called) sets.called = new Set(when.called.map((text) => calledKey(text) ?? text))
  const { last_agent } = when
  if (!last_agent) return { flags, sets }
  return { flags, sets, talkedWithin: last_agent.within_days ?? TALKED_WITHIN_DAYS }
}

const SAID: Record<SetName, string> = {
  category_id: 'the category is another one',
  customer_id: 'the customer is another one',
  account: 'the account is another one',
  called: 'another number was called',
}

/** Why a condition does not hold, in words; null when it holds. */
export function whyNot({ flags, sets, talkedWithin }: Condition, facts: CallFacts): string | null {
  for (const name of FLAGS) {
    const wanted = flags[name]
    if (wanted !== undefined && facts[name] !== wanted) return `${name} is ${facts[name]}`
  }
  for (const name of SETS) {
    const value = name === 'account' && facts.account !== null ? foldAccount(facts.account) : facts[name]
    const wanted = sets[name]
    if (wanted && (value === null || !wanted.has(value))) return SAID[name]
  }
  if (talkedWithin !== undefined && !((facts.last_agent?.days ?? Infinity) <= talkedWithin))
    return `nobody is known to have talked with the caller within ${talkedWithin} days`
  return null
}
