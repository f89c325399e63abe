import type { CallerIndex } from './caller-index.ts'
import { details, explainNumber, identifyAccount, identifyNumber, type Identified } from './match.ts'
import { readNumber } from './phone-number.ts'
import type { ReadNumber } from './read-number.ts'

/** How a tenant's callers are read and matched. */
export type TenantRules = {
  country: string | null
  timeZone: string
  matchTail: boolean
  matchSwitchboard: boolean
}

export type LookupDeps = {
  indexOf(tenantId: number): CallerIndex
  /** null for a tenant that is not there. */
  rules(tenantId: number): TenantRules | null
  /** Whole days since 1970-01-01 in a zone. */
  today(zone: string): number
}

export type Details = ReturnType<typeof details>
export type Explanation = ReturnType<typeof explainNumber> & {
  read: ReadNumber
  country: string | null
  details: Details
}

/** Who is calling: every answer comes from memory and none ever throws because of what was asked. */
export type Lookup = {
  /** What a text is as a caller of this tenant. */
  read(tenantId: number, text: string): ReadNumber
  byNumber(tenantId: number, text: string): Identified
  byAccount(tenantId: number, text: string): Identified
  /** What `full=1` adds to an answer of this moment. */
  details(tenantId: number, identified: Identified): Details
  explain(tenantId: number, text: string): Explanation
}

const UTC_RULES: TenantRules = { country: null, timeZone: 'UTC', matchTail: false, matchSwitchboard: false }

export function openLookup({ indexOf, rules, today }: LookupDeps): Lookup {
  const contextOf = (of: TenantRules) => ({
    today: today(of.timeZone),
    tail: of.matchTail,
    switchboard: of.matchSwitchboard,
  })
  return {
    read: (tenantId, text) => readNumber(text, rules(tenantId)?.country ?? null),
    byNumber(tenantId, text) {
      const of = rules(tenantId) ?? UTC_RULES
      return identifyNumber(indexOf(tenantId), readNumber(text, of.country), contextOf(of))
    },
    byAccount(tenantId, text) {
      return identifyAccount(indexOf(tenantId), text, contextOf(rules(tenantId) ?? UTC_RULES))
    },
    details(tenantId, identified) {
      return details(indexOf(tenantId), identified, today((rules(tenantId) ?? UTC_RULES).timeZone))
    },
    explain(tenantId, text) {
      const of = rules(tenantId) ?? UTC_RULES
      const read = readNumber(text, of.country)
      const explained = explainNumber(indexOf(tenantId), read, contextOf(of))
      return {
        ...explained,
        read,
        country: of.country,
        details: details(indexOf(tenantId), explained, today(of.timeZone)),
      }
    },
  }
}
