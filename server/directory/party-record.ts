import type { ReadNumber } from './read-number.ts'

/** Where the PBX should send this party's calls, in the words the PBX understands. */
export type RoutingHints = {
  direct_line: string | null
  /** 0-100, 100 first in line. */
  queue_position: number | null
  route_identifier: string | null
  backend_link: string | null
  /** Which of our numbers it is called from, E.164. */
  outbound_number: string | null
  /** BCP 47. */
  language: string | null
}

/** Shared by all that have none, which is most: nobody changes the hints of a record. */
export const NO_HINTS: RoutingHints = Object.freeze({
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
})

/** One number of a party. Only `external`, `national`, `short` and `unreadable` are ever stored. */
export type StoredNumber = {
  /** `extension`: an internal number of the PBX listed on the customer; others are labels of a person's phone. */
  kind: string
  read: ReadNumber
}

/** Days are whole days since 1970-01-01 in the tenant's zone; both ends included; null = open. */
export type ContractRecord = {
  id: number
  kind: string
  reference: string | null
  start_day: number | null
  end_day: number | null
  suspended: boolean
}

export type CustomerRecord = {
  party: 'customer'
  id: number
  /** Its id in another system. */
  external_id: string | null
  account: string | null
  name: string
  category_id: number | null
  active: boolean
  hints: RoutingHints
  contracts: ContractRecord[]
  numbers: StoredNumber[]
}

export type ContactRecord = {
  party: 'contact'
  id: number
  /** The person's id in another system. */
  external_id: string | null
  /** null: a person of no customer. */
  customer_id: number | null
  name: string
  active: boolean
  hints: RoutingHints
  numbers: StoredNumber[]
}

export type PartyRecord = CustomerRecord | ContactRecord

/** A party without its numbers and its foreign id: what most answers about it need. */
export type CustomerSummary = Omit<CustomerRecord, 'numbers' | 'external_id'>
export type ContactSummary = Omit<ContactRecord, 'numbers' | 'external_id'>
export type PartySummary = CustomerSummary | ContactSummary

export type CategoryRecord = { id: number; name: string; vip: boolean }
