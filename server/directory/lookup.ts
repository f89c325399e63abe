import { localTime } from '../platform/local-time.ts'
import type { CallerIndex } from './caller-index.ts'
import {
  details,
  explainNumber,
  identifyAccount,
  identifyNumber,
  identifyParty,
  type Identified,
} from './match.ts'
import { numberKey } from './number-key.ts'
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

/** How one question differs from others of its tenant. */
export type Asking = {
  /** The moment (ms UTC) it is about; now when absent. */
  at?: number
  /** In whose national form its number is read; the tenant's when absent. */
  country?: string
}

/** Who is calling: every answer comes from memory and none ever throws because of what was asked. */
export type Lookup = {
  /** What a text is as a caller of this tenant. */
  read(tenantId: number, text: string): ReadNumber
  /** What a number is compared by; null for one that names nobody. */
  key(tenantId: number, text: string, asking?: Asking): string | null
  byNumber(tenantId: number, text: string, asking?: Asking): Identified
  byAccount(tenantId: number, text: string, asking?: Asking): Identified
  /** Whom an id of ours means. */
  byId(tenantId: number, id: number): Identified
  /** A party's id in another system; null for none. */
  externalIdOf(tenantId: number, id: number): string | null
  /** Which party an id of ours is; null for one that is not there (any more). */
  partyOf(tenantId: number, id: number): { customer_id: number | null; contact_id: number | null } | null
  /** What `full=1` adds to an answer of this moment. */
  details(tenantId: number, identified: Identified): Details
  explain(tenantId: number, text: string): Explanation
}

/** The index of callers holds ids in 31 bits. */
const LAST_PARTY_ID = 2 ** 31 - 1
const UTC_RULES: TenantRules = { country: null, timeZone: 'UTC', matchTail: false, matchSwitchboard: false }

export function openLookup({ indexOf, rules, today }: LookupDeps): Lookup {
  const contextOf = (of: TenantRules, at?: number) => ({
    today: at === undefined ? today(of.timeZone) : localTime(of.timeZone, at).day,
    tail: of.matchTail,
    switchboard: of.matchSwitchboard,
  })
  return {
    read: (tenantId, text) => readNumber(text, rules(tenantId)?.country ?? null),
    key: (tenantId, text, asking) =>
      numberKey(readNumber(text, asking?.country ?? rules(tenantId)?.country ?? null)),
    byNumber(tenantId, text, asking) {
      const of = rules(tenantId) ?? UTC_RULES
      const read = readNumber(text, asking?.country ?? of.country)
      return identifyNumber(indexOf(tenantId), read, contextOf(of, asking?.at))
    },
    byAccount(tenantId, text, asking) {
      const context = contextOf(rules(tenantId) ?? UTC_RULES, asking?.at)
      return identifyAccount(indexOf(tenantId), text, context)
    },
    byId(tenantId, id) {
      const context = contextOf(rules(tenantId) ?? UTC_RULES)
      return identifyParty(indexOf(tenantId), id > LAST_PARTY_ID ? 0 : id, context)
    },
    externalIdOf: (tenantId, id) => indexOf(tenantId).get(id)?.external_id ?? null,
    partyOf(tenantId, id) {
      const party = id > LAST_PARTY_ID ? null : indexOf(tenantId).summary(id)
      if (party === null) return null
      return party.party === 'customer'
        ? { customer_id: id, contact_id: null }
        : { customer_id: party.customer_id, contact_id: id }
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
