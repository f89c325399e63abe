import { dateOf } from './calendar-day.ts'
import {
  CONFIDENCE,
  type Attempt,
  type CallerIndex,
  type Hit,
  type MatchOptions,
  type Tier,
} from './caller-index.ts'
import type {
  CategoryRecord,
  ContactSummary,
  ContractRecord,
  CustomerSummary,
  PartySummary,
  RoutingHints,
} from './party-record.ts'
import { PROOF, reasonOf } from './match-reason.ts'
import type { ReadNumber } from './read-number.ts'

export type CustomerAnswer = {
  id: number
  account: string | null
  name: string
  vip: boolean
  on_call_duty: boolean
}
export type ContactAnswer = { id: number; name: string }
export type Candidate = { customer: CustomerAnswer | null; contact: ContactAnswer | null }

/** Who a caller is. */
export type Identified = Candidate & {
  known: boolean
  /** The answer to the question: of several customers, whether every one of them has it. */
  vip: boolean
  on_call_duty: boolean
  /** The owners belong to different customers, so none of them is named. */
  ambiguous: boolean
  tier: Tier | null
  /** 0 to 1. Below 0.9 a match is for display: VIP and on-call duty are false, hints null. */
  confidence: number
  /** The person's, field by field falling back to the customer's. */
  hints: RoutingHints | null
  /** Whom it might be (at most 100) when that is several customers or several persons. */
  candidates: Candidate[]
}

/** `today` is whole days since 1970-01-01 in the tenant's zone. */
export type MatchContext = MatchOptions & { today: number }

/** What `full=1` adds. Dates are `YYYY-MM-DD`, both included. */
export type Details = {
  phone: string | null
  category: CategoryRecord | null
  contracts: {
    id: number
    kind: string
    reference: string | null
    start_date: string | null
    end_date: string | null
  }[]
  hints: RoutingHints | null
  candidates: Candidate[]
}

export type Explained = Identified & { tried: Attempt[]; reason: string }

const ON_CALL_DUTY = 'on_call_duty'
const MOST_CANDIDATES = 100
const UNKNOWN: Omit<Identified, 'candidates'> = {
  known: false,
  customer: null,
  contact: null,
  vip: false,
  on_call_duty: false,
  ambiguous: false,
  tier: null,
  confidence: 0,
  hints: null,
}

const EXACT = { tier: 'exact', confidence: CONFIDENCE.exact } as const

type View = { index: CallerIndex; today: number; proof: boolean }

/** Who calls from this number. */
export function identifyNumber(index: CallerIndex, read: ReadNumber, context: MatchContext): Identified {
  // One owner is looked up in one go: this is what a ringing phone waits for.
  const owner = read.kind === 'external' ? index.exactOwner(read.digits) : null
  if (owner) {
    const { party, customer } = owner
    const view = { index, today: context.today, proof: true }
    return named(view, EXACT, party.party === 'contact' ? party : null, customer, [])
  }
  return identify(index, index.findNumber(read, context), context.today)
}

/** Who a keyed or spoken account belongs to; empty text and an unfilled `[Variable]` to nobody. */
export function identifyAccount(index: CallerIndex, text: string, { today }: MatchContext): Identified {
  const trimmed = text.trim()
  const owners = trimmed === '' || /^\[.*\]$/s.test(trimmed) ? [] : index.findAccount(trimmed)
  const tier = owners.length === 0 ? null : 'account'
  return identify(index, { tier, confidence: CONFIDENCE.account, owners, more: false, every: null }, today)
}

/** The party that has this id, as if it had called itself; inactive ones are nobody. */
export function identifyParty(index: CallerIndex, id: number, { today }: MatchContext): Identified {
  const party = index.summary(id)
  if (party === null || !party.active) return { ...UNKNOWN, candidates: [] }
  const customer = party.party === 'customer' ? party : customerRecord(index, party.customer_id)
  const person = party.party === 'contact' ? party : null
  return named({ index, today, proof: true }, EXACT, person, customer, [])
}

/** The same as `identifyNumber`, with every key that was looked for and the outcome in one sentence. */
export function explainNumber(index: CallerIndex, read: ReadNumber, context: MatchContext): Explained {
  const tried: Attempt[] = []
  const identified = identify(index, index.findNumber(read, context, tried), context.today)
  return { ...identified, tried, reason: reasonOf(read, identified) }
}

/** What is known beyond the names; nothing but the phone below 0.9, nothing at all of an unknown or ambiguous caller. */
export function details(index: CallerIndex, identified: Identified, today: number): Details {
  const { candidates, hints, confidence } = identified
  const customer = customerRecord(index, identified.customer?.id ?? null)
  const shown = confidence >= PROOF ? customer : null
  return {
    phone: phoneOf(index, identified.contact?.id ?? null) ?? phoneOf(index, customer?.id ?? null),
    category: shown && categoryOf(index, shown),
    contracts: (shown?.contracts ?? []).filter((contract) => isActive(contract, today)).map(contractAnswer),
    hints,
    candidates,
  }
}

function identify(index: CallerIndex, { tier, confidence, owners, every }: Hit, today: number): Identified {
  if (tier === null) return { ...UNKNOWN, candidates: [] }
  const view = { index, today, proof: confidence >= PROOF }
  const match = { known: true, tier, confidence }
  const records = owners.map((id) => index.summary(id)).filter((record) => record !== null)
  const together = owners.length > 1 ? ownersTogether(view, records, every) : null
  if (together?.ambiguous) {
    return {
      ...match,
      ...together,
      customer: null,
      contact: null,
      hints: null,
      candidates: candidatesOf(view, records),
    }
  }
  const persons = records.filter((record) => record.party === 'contact')
  const person = persons.length === 1 ? persons[0]! : null
  const first = records[0]
  const customer = first?.party === 'customer' ? first : customerRecord(index, first?.customer_id ?? null)
  return named(view, match, person, customer, persons.length > 1 ? candidatesOf(view, records) : [])
}

/** The answer that names its owner: a person, a customer, or both. */
function named(
  view: View,
  { tier, confidence }: { tier: Tier; confidence: number },
  person: ContactSummary | null,
  customer: CustomerSummary | null,
  candidates: Candidate[],
): Identified {
  const answer = customer && customerAnswer(view, customer)
  return {
    known: true,
    customer: answer,
    contact: person && contactAnswer(person),
    vip: answer?.vip ?? false,
    on_call_duty: answer?.on_call_duty ?? false,
    ambiguous: false,
    tier,
    confidence,
    hints: view.proof ? hintsOf(person, customer) : null,
    candidates,
  }
}

/** What holds for all owners of a number together, however many: stops as soon as nothing can change any more. */
function ownersTogether(
  view: View,
  records: PartySummary[],
  every: Hit['every'],
): Pick<Identified, 'ambiguous' | 'vip' | 'on_call_duty'> {
  const together = { ambiguous: false, vip: view.proof, on_call_duty: view.proof }
  // All parties share one id space, so a person of no customer is a group of one.
  const seen = new Set<number>()
  const visit = (partyId: number, customerId: number | null): boolean => {
    const group = customerId ?? partyId
    if (seen.has(group)) return true
    seen.add(group)
    together.ambiguous = seen.size > 1
    if (together.vip || together.on_call_duty) {
      const customer = customerRecord(view.index, customerId)
      together.vip &&= customer !== null && isVip(view.index, customer)
      together.on_call_duty &&= customer !== null && isOnCall(customer, view.today)
    }
    return !together.ambiguous || together.vip || together.on_call_duty
  }
  if (every === null) records.every((record) => visit(record.id, customerIdOf(record)))
  else every(visit)
  return together
}

/** One candidate a person; a company only where none of its persons is among the owners. */
function candidatesOf(view: View, records: PartySummary[]): Candidate[] {
  const withPersons = new Set(
    records.filter((record) => record.party === 'contact').map((record) => record.customer_id),
  )
  return records
    .filter((record) => record.party === 'contact' || !withPersons.has(record.id))
    .slice(0, MOST_CANDIDATES)
    .map((record) => {
      const customer = customerRecord(view.index, customerIdOf(record))
      return {
        customer: customer && customerAnswer(view, customer),
        contact: record.party === 'contact' ? contactAnswer(record) : null,
      }
    })
}

const customerIdOf = (record: PartySummary) => (record.party === 'customer' ? record.id : record.customer_id)
const contactAnswer = ({ id, name }: ContactSummary): ContactAnswer => ({ id, name })

function customerRecord(index: CallerIndex, id: number | null): CustomerSummary | null {
  const record = id === null ? null : index.summary(id)
  return record?.party === 'customer' ? record : null
}

function customerAnswer({ index, today, proof }: View, customer: CustomerSummary): CustomerAnswer {
  const { id, account, name } = customer
  return {
    id,
    account,
    name,
    vip: proof && isVip(index, customer),
    on_call_duty: proof && isOnCall(customer, today),
  }
}

function categoryOf(index: CallerIndex, { category_id }: CustomerSummary): CategoryRecord | null {
  return category_id === null ? null : index.category(category_id)
}

function isVip(index: CallerIndex, customer: CustomerSummary): boolean {
  return categoryOf(index, customer)?.vip ?? false
}

function isActive({ suspended, start_day, end_day }: ContractRecord, today: number): boolean {
  return !suspended && (start_day === null || start_day <= today) && (end_day === null || today <= end_day)
}

function isOnCall({ contracts }: CustomerSummary, today: number): boolean {
  return contracts.some((contract) => contract.kind === ON_CALL_DUTY && isActive(contract, today))
}

function hintsOf(contact: ContactSummary | null, customer: CustomerSummary | null): RoutingHints | null {
  const own = contact?.hints
  const company = customer?.hints
  if (!own || !company) return own ?? company ?? null
  return {
    direct_line: own.direct_line ?? company.direct_line,
    queue_position: own.queue_position ?? company.queue_position,
    route_identifier: own.route_identifier ?? company.route_identifier,
    backend_link: own.backend_link ?? company.backend_link,
    outbound_number: own.outbound_number ?? company.outbound_number,
    language: own.language ?? company.language,
  }
}

/** The first number with its country, else the first of any kind that is no extension. */
function phoneOf(index: CallerIndex, id: number | null): string | null {
  const numbers = id === null ? null : index.get(id)?.numbers
  const outside = (numbers ?? []).filter(({ kind }) => kind !== 'extension')
  const phone = outside.find(({ read }) => read.kind === 'external') ?? outside[0]
  return phone ? dialledText(phone.read) : null
}

function dialledText(read: ReadNumber): string | null {
  if (read.kind === 'external') return read.e164
  if (read.kind === 'national') return read.digits
  return read.kind === 'withheld' ? null : read.text
}

function contractAnswer({
  id,
  kind,
  reference,
  start_day,
  end_day,
}: ContractRecord): Details['contracts'][number] {
  const start_date = start_day === null ? null : dateOf(start_day)
  return { id, kind, reference, start_date, end_date: end_day === null ? null : dateOf(end_day) }
}
