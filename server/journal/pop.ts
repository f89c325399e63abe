import type { Language } from '../../contract/dispositions.ts'
import type { PopCard, PopQuery } from '../../contract/pop.ts'
import type { Directory, Identified } from '../directory/directory.ts'
import { HubError, notFound } from '../platform/errors.ts'
import type { About } from './about.ts'
import type { CallReach } from './call-filters.ts'
import { callerNumber } from './caller-number.ts'
import type { Callbacks } from './callbacks.ts'
import type { DispositionCodes } from './codes.ts'
import type { Dispositions } from './dispositions.ts'
import type { DoNotCalls } from './do-not-call.ts'
import type { KnownCall, KnownCalls } from './known-calls.ts'
import { unlessMissing, type Notes } from './notes.ts'
import { contractsOf, popContact, popCustomer } from './pop-parties.ts'
import { seenShape } from './seen-shape.ts'
import type { JournalDeps } from './write.ts'

/** What whoever asks may do from a card. */
export type PopMay = { write: boolean; attach: boolean }

/** The card of a call: who it is, and what happened before. */
export type Pop = {
  /** HubError `parameter_missing`; `not_found` for a party that is not there. A number is never an error. */
  card(reach: CallReach, asked: PopQuery, options: { language: Language; may: PopMay }): Promise<PopCard>
}

export type PopDeps = JournalDeps & {
  book: Pick<Directory, 'customers' | 'contacts' | 'contracts'>
  codes: DispositionCodes
  dispositions: Dispositions
  callbacks: Callbacks
  doNotCalls: DoNotCalls
  notes: Notes
  knownCalls: KnownCalls
}

const RECENT = 10
const MOST_CANDIDATES = 20
const EXACT = { known: true, ambiguous: false, confidence: 1, tier: null } as const

type Whom = Pick<PopCard, 'known' | 'ambiguous' | 'confidence' | 'tier' | 'vip' | 'on_call_duty'> & {
  customerId: number | null
  contactId: number | null
  candidates: Identified['candidates']
}

const NOBODY: Whom = {
  known: false,
  ambiguous: false,
  confidence: 0,
  tier: null,
  vip: false,
  on_call_duty: false,
  customerId: null,
  contactId: null,
  candidates: [],
}

export function openPop(deps: PopDeps): Pop {
  const { lookup, parties, book, codes, dispositions, callbacks, doNotCalls, notes } = deps
  const calls = deps.knownCalls

  /** The party of an id, merges followed; null for an id of nobody. */
  const partyOf = async (tenantId: number, id: number) => {
    const survivor = (await parties.survivors(tenantId, [id])).get(id) ?? id
    const contact = await unlessMissing(book.contacts.get(tenantId, survivor))
    if (contact) return { customerId: contact.customer_id, contactId: contact.id }
    const customer = await unlessMissing(book.customers.get(tenantId, survivor))
    return customer && { customerId: customer.id, contactId: null }
  }

  const byParty = async (tenantId: number, { customer_id, contact_id, party_id }: PopQuery) => {
    if (customer_id !== undefined) {
      const { id } = await book.customers.get(tenantId, customer_id)
      return { ...NOBODY, ...EXACT, customerId: id }
    }
    if (contact_id !== undefined) {
      const contact = await book.contacts.get(tenantId, contact_id)
      return { ...NOBODY, ...EXACT, customerId: contact.customer_id, contactId: contact.id }
    }
    if (party_id === undefined) return null
    const party = await partyOf(tenantId, party_id)
    if (party === null) throw notFound('Party')
    return { ...NOBODY, ...EXACT, ...party }
  }

  const byNumber = (tenantId: number, number: string): Whom => {
    const found = lookup.byNumber(tenantId, number)
    const { known, ambiguous, confidence, tier, vip, on_call_duty, candidates } = found
    const [customerId, contactId] = [found.customer?.id ?? null, found.contact?.id ?? null]
    return { known, ambiguous, confidence, tier, vip, on_call_duty, candidates, customerId, contactId }
  }

  /** Whom a call was about as it was told, when its number names nobody. */
  const byCall = async (tenantId: number, { customer_id, contact_id }: KnownCall): Promise<Whom> => {
    const id = contact_id ?? customer_id
    const party = id === null ? null : await partyOf(tenantId, id)
    return party ? { ...NOBODY, ...EXACT, ...party } : NOBODY
  }

  /** The call that is asked for. PBXs give ids again, so a call of another number is not the one. */
  const callAsked = async (reach: CallReach, { call, host, number }: PopQuery): Promise<KnownCall | null> => {
    if (call === undefined) return null
    const found = await calls.find(reach, { call, host: host ?? null })
    if (!found || number === undefined || found.number === null) return found
    const key = lookup.key(reach.tenantId, number)
    return key === null || key === lookup.key(reach.tenantId, found.number) ? found : null
  }

  const aboutOf = async (tenantId: number, whom: Whom, numberKey: string | null): Promise<About> => {
    const { customerId, contactId } = whom
    const idsOf = (kind: 'customer' | 'contact', id: number | null) =>
      id === null ? [] : parties.withMerged(kind, tenantId, id)
    return {
      customerIds: await idsOf('customer', customerId),
      contactIds: await idsOf('contact', contactId),
      numberKey,
    }
  }

  return {
    async card(reach, asked, { language, may }) {
      const { tenantId } = reach
      const isAsked = [asked.customer_id, asked.contact_id, asked.party_id, asked.call, asked.number]
      if (isAsked.every((one) => one === undefined))
        throw new HubError(
          'parameter_missing',
          'Say whose card: number=, call=, contact_id=, customer_id= or party_id=.',
        )
      const call = await callAsked(reach, asked)
      const raw = asked.number ?? (asked.call === undefined ? null : (call?.number ?? ''))
      const number = raw === null ? null : callerNumber(raw, lookup.read(tenantId, raw))
      const named = await byParty(tenantId, asked)
      const called = named ?? (number === null ? NOBODY : byNumber(tenantId, number.number_raw))
      const whom = called.known || !call ? called : await byCall(tenantId, call)
      const { customerId, contactId } = whom
      const [customer, contact] = await Promise.all([
        customerId === null ? null : unlessMissing(book.customers.get(tenantId, customerId)),
        contactId === null ? null : unlessMissing(book.contacts.get(tenantId, contactId)),
      ])
      const about = await aboutOf(tenantId, whom, number?.number_key ?? null)
      const recent = await calls.recent(reach, about, RECENT)
      // A withheld call is nobody's, and has its own all the same.
      const callIds = [
        ...new Set([...(call?.record ? [call.record.id] : []), ...recent.map((one) => one.id)]),
      ]
      const told = number && (await doNotCalls.get(tenantId, number.number_raw))
      const isExact = whom.tier === null
      return {
        number: number && { raw: number.number_raw, kind: number.number_kind, e164: number.e164 },
        call:
          asked.call === undefined
            ? null
            : {
                call: asked.call,
                host_id: asked.host ?? null,
                record: call?.record ?? null,
                live: call?.seen ? seenShape(call.seen) : null,
              },
        known: whom.known,
        ambiguous: whom.ambiguous,
        confidence: whom.confidence,
        tier: whom.tier,
        vip: isExact ? (customer?.vip ?? false) : whom.vip,
        on_call_duty: isExact ? (customer?.on_call_duty ?? false) : whom.on_call_duty,
        customer: customer && popCustomer(customer, lookup, tenantId),
        contact: contact && popContact(contact),
        candidates: whom.candidates.slice(0, MOST_CANDIDATES),
        contracts: await contractsOf(book.contracts, tenantId, customer?.id ?? null),
        calls: recent,
        dispositions: await dispositions.recent(tenantId, about, callIds, RECENT),
        notes: await notes.recent(tenantId, about, callIds, RECENT),
        callbacks: await callbacks.openOf(tenantId, about, RECENT),
        do_not_call: told && { do_not_call: told.do_not_call, since: told.since },
        codes: await codes.list(tenantId, language),
        language,
        crm_link: contact?.backend_link ?? customer?.backend_link ?? null,
        may: {
          disposition: may.write,
          note: may.write && (customer !== null || contact !== null || Boolean(call?.record ?? call?.seen)),
          attach: may.attach,
        },
      }
    },
  }
}
