import type { CustomerSummary, PartyRecord, PartySummary } from '../party-record.ts'
import { IdPages } from './id-pages.ts'
import { joinImages, splitImages, type JoinedFacts, type MemoryImage } from './memory-image.ts'
import { RecordArena } from './record-arena.ts'
import { decodeRecord, decodeSummary, encodeRecord } from './record-coding.ts'
import { SlotWords } from './slot-words.ts'

export type Owner = { party: PartySummary; customer: CustomerSummary | null }

export type RecordStoreFacts = {
  vacant: number[]
  next: number
  size: number
  hidden: number
  parts: JoinedFacts
}

/** Words of a slot that answers read: kept small, so that caches hold many of them. */
const STATE = 0
const ADDRESS = 1
/** Words of a slot that only changes read; they name other slots plus one, 0 is none. */
const CUSTOMER = 0
/** A customer's persons are chained to each other, so that they hide and appear with him. */
const FIRST_PERSON = 1
const NEXT_PERSON = 2
const PREVIOUS_PERSON = 3

/** Sixteen ids in a row share a page, which holds one word: the id of the first by sixteen. */
const PAGE_BITS = 4
const PAGE = 1 << PAGE_BITS
const FIRST_ID = 0

const PRESENT = 1
const ACTIVE = 2
const COMPANY = 4
/** A person of an inactive customer. */
const HIDDEN = 8
const isHiddenState = (state: number) => (state & PRESENT) !== 0 && (state & (ACTIVE | HIDDEN)) !== ACTIVE

/**
 * Party records by id (a positive integer below 2^31), packed; each has a slot, a small number of its own. A customer
 * whom contacts name has a slot before its own record arrives, so that records may come in any order.
 */
export class RecordStore {
  readonly #ids: IdPages
  readonly #arena: RecordArena
  readonly #slots: SlotWords
  readonly #links: SlotWords
  readonly #pages: SlotWords
  #vacant: number[] = []
  #next = 0
  #size = 0
  #hidden = 0

  /** An empty store, or the one of an image. */
  constructor(image?: MemoryImage<RecordStoreFacts>) {
    const part = image && splitImages({ facts: image.facts.parts, memory: image.memory })
    this.#ids = new IdPages(part?.('ids'))
    this.#slots = new SlotWords(1, part?.('slots'))
    this.#links = new SlotWords(2, part?.('links'))
    this.#pages = new SlotWords(0, part?.('pages'))
    const moved = (slot: number, address: number) => this.#slots.set(slot, ADDRESS, address)
    this.#arena = new RecordArena(moved, part?.('arena'))
    if (image === undefined) return
    const { vacant, next, size, hidden } = image.facts
    this.#vacant = [...vacant]
    this.#next = next
    this.#size = size
    this.#hidden = hidden
  }

  image(): MemoryImage<RecordStoreFacts> {
    const joined = joinImages({
      ids: this.#ids.image(),
      slots: this.#slots.image(),
      links: this.#links.image(),
      pages: this.#pages.image(),
      arena: this.#arena.image(),
    })
    const own = { vacant: [...this.#vacant], next: this.#next, size: this.#size, hidden: this.#hidden }
    return { facts: { ...own, parts: joined.facts }, memory: joined.memory }
  }

  get size(): number {
    return this.#size
  }

  get bytes(): { slots: number; records: number } {
    const slots = this.#ids.bytes + this.#slots.bytes + this.#links.bytes + this.#pages.bytes
    return { slots, records: this.#arena.bytes }
  }

  has(id: number): boolean {
    return this.#slotOf(id) >= 0
  }

  /** The customer a party that is here is or belongs to; null for a person of no customer. */
  customerOf(id: number): number | null {
    const slot = this.#slotOf(id)
    if (this.#slots.get(slot, STATE) & COMPANY) return id
    const customer = this.#links.get(slot, CUSTOMER)
    return customer === 0 ? null : this.#idOf(customer - 1)
  }

  /** Whether a party that is here is a customer. */
  isCustomer(id: number): boolean {
    return (this.#slots.get(this.#slotOf(id), STATE) & COMPANY) !== 0
  }

  /** Inactive, or a person of an inactive customer. Where all are active this looks at no memory. */
  isHidden(id: number): boolean {
    if (this.#hidden === 0) return false
    const slot = this.#slotOf(id)
    return slot >= 0 && isHiddenState(this.#slots.get(slot, STATE))
  }

  read(id: number): PartyRecord | null {
    const slot = this.#slotOf(id)
    if (slot < 0) return null
    const address = this.#slots.get(slot, ADDRESS)
    return decodeRecord(this.#arena.bytesOf(address), this.#arena.startOf(address))
  }

  /** Without the numbers. */
  summary(id: number): PartySummary | null {
    const slot = this.#slotOf(id)
    return slot < 0 ? null : this.#summaryAt(slot)
  }

  /** A party and the customer it is or belongs to, both without their numbers. */
  withCustomer(id: number): Owner | null {
    const slot = this.#slotOf(id)
    if (slot < 0) return null
    const party = this.#summaryAt(slot)
    if (party.party === 'customer') return { party, customer: party }
    const customer = party.customer_id === null ? null : this.summary(party.customer_id)
    return { party, customer: customer?.party === 'customer' ? customer : null }
  }

  /** Keeps a record of an id that is not here. */
  add(record: PartyRecord): void {
    const slots = this.#slots
    const slot = this.#claim(record.id)
    this.#mark(slot, PRESENT | (record.active ? ACTIVE : 0) | (record.party === 'customer' ? COMPANY : 0))
    if (record.party === 'contact' && record.customer_id !== null)
      this.#join(slot, this.#claim(record.customer_id))
    if (!record.active) this.#hidePersons(slot, HIDDEN)
    const { bytes, length } = encodeRecord(record)
    slots.set(slot, ADDRESS, this.#arena.write(slot, bytes, length))
    this.#size++
  }

  /** Forgets a party that is here. */
  remove(id: number): void {
    const slots = this.#slots
    const slot = this.#slotOf(id)
    this.#arena.free(slots.get(slot, ADDRESS))
    if ((slots.get(slot, STATE) & ACTIVE) === 0) this.#hidePersons(slot, 0)
    this.#mark(slot, 0)
    this.#leave(slot)
    this.#release(slot)
    this.#size--
  }

  #join(slot: number, customer: number): void {
    const links = this.#links
    const next = links.get(customer, FIRST_PERSON)
    links.set(slot, CUSTOMER, customer + 1)
    links.set(slot, NEXT_PERSON, next)
    links.set(slot, PREVIOUS_PERSON, 0)
    if (next !== 0) links.set(next - 1, PREVIOUS_PERSON, slot + 1)
    links.set(customer, FIRST_PERSON, slot + 1)
    if ((this.#slots.get(customer, STATE) & (PRESENT | ACTIVE)) === PRESENT)
      this.#mark(slot, this.#slots.get(slot, STATE) | HIDDEN)
  }

  #leave(slot: number): void {
    const links = this.#links
    const customer = links.get(slot, CUSTOMER) - 1
    if (customer < 0) return
    const next = links.get(slot, NEXT_PERSON)
    const previous = links.get(slot, PREVIOUS_PERSON)
    if (previous === 0) links.set(customer, FIRST_PERSON, next)
    else links.set(previous - 1, NEXT_PERSON, next)
    if (next !== 0) links.set(next - 1, PREVIOUS_PERSON, previous)
    links.set(slot, CUSTOMER, 0)
    if (customer !== slot) this.#release(customer)
  }

  #hidePersons(customer: number, hidden: 0 | typeof HIDDEN): void {
    const links = this.#links
    for (
      let person = links.get(customer, FIRST_PERSON);
      person !== 0;
      person = links.get(person - 1, NEXT_PERSON)
    ) {
      this.#mark(person - 1, (this.#slots.get(person - 1, STATE) & ~HIDDEN) | hidden)
    }
  }

  #mark(slot: number, state: number): void {
    const former = this.#slots.get(slot, STATE)
    this.#hidden += Number(isHiddenState(state)) - Number(isHiddenState(former))
    this.#slots.set(slot, STATE, state)
  }

  #slotOf(id: number): number {
    const page = this.#ids.get(id)
    if (page < 0) return -1
    const slot = page * PAGE + (id & (PAGE - 1))
    return this.#slots.get(slot, STATE) & PRESENT ? slot : -1
  }

  #idOf(slot: number): number {
    return this.#pages.get(slot >>> PAGE_BITS, FIRST_ID) * PAGE + (slot & (PAGE - 1))
  }

  #summaryAt(slot: number): PartySummary {
    const address = this.#slots.get(slot, ADDRESS)
    return decodeSummary(this.#arena.bytesOf(address), this.#arena.startOf(address))
  }

  #claim(id: number): number {
    let page = this.#ids.get(id)
    if (page < 0) {
      page = this.#vacant.pop() ?? this.#next++
      this.#pages.reach(page)
      this.#slots.reach(page * PAGE)
      this.#links.reach(page * PAGE)
      this.#pages.set(page, FIRST_ID, id >>> PAGE_BITS)
      this.#ids.set(id, page)
    }
    return page * PAGE + (id & (PAGE - 1))
  }

  /** Gives a page back once none of its slots has a record or a contact that names it. */
  #release(slot: number): void {
    const page = slot >>> PAGE_BITS
    for (let other = page * PAGE; other < (page + 1) * PAGE; other++) {
      if (this.#slots.get(other, STATE) !== 0 || this.#links.get(other, FIRST_PERSON) !== 0) return
    }
    const first = this.#pages.get(page, FIRST_ID) * PAGE
    if (this.#ids.get(first) !== page) return
    this.#ids.delete(first)
    this.#vacant.push(page)
  }
}
