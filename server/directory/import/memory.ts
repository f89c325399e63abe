import type { PhoneGroup } from './phone-list.ts'

/** Parties with numbers that may have to go at the end. */
export type Unnamed = { party: 'customer' | 'contact'; phoneIds: number[] }

const PAGE_BITS = 16
const PAGE_BYTES = 2 ** PAGE_BITS / 8

/** A set of ids in one bit each: ids of one import are close together. */
class IdSet {
  readonly #pages = new Map<number, Uint8Array>()

  has(id: number): boolean {
    const low = id % 2 ** PAGE_BITS
    const page = this.#pages.get(Math.floor(id / 2 ** PAGE_BITS))
    return page !== undefined && ((page[low >> 3] ?? 0) & (1 << (low & 7))) !== 0
  }

  add(id: number): void {
    const high = Math.floor(id / 2 ** PAGE_BITS)
    const low = id % 2 ** PAGE_BITS
    let page = this.#pages.get(high)
    if (page === undefined) this.#pages.set(high, (page = new Uint8Array(PAGE_BYTES)))
    page[low >> 3] = (page[low >> 3] ?? 0) | (1 << (low & 7))
  }
}

/**
 * What a running import knows of the rows behind it: whose numbers some row named, and which stored numbers none has
 * named yet. Lost when the hub stops; reading the file again from its beginning rebuilds it.
 */
export type ImportMemory = {
  wasNamed(group: PhoneGroup, partyId: number): boolean
  isUnnamed(partyId: number, phoneId: number): boolean
  /** Notes, once a batch is committed, that rows named numbers of this party, and which numbers they left out. */
  note(group: PhoneGroup, party: Unnamed['party'], partyId: number, unnamed: number[]): void
  /** Parties whose unnamed numbers go at the end. */
  unnamed(): Iterable<[number, Unnamed]>
}

export function openImportMemory(): ImportMemory {
  const named = { numbers: new IdSet(), extensions: new IdSet() }
  const waiting = { numbers: new Map<number, Unnamed>(), extensions: new Map<number, Unnamed>() }
  return {
    wasNamed: (group, partyId) => named[group].has(partyId),
    isUnnamed: (partyId, phoneId) =>
      (waiting.numbers.get(partyId)?.phoneIds.includes(phoneId) ?? false) ||
      (waiting.extensions.get(partyId)?.phoneIds.includes(phoneId) ?? false),
    note(group, party, partyId, unnamed) {
      named[group].add(partyId)
      if (unnamed.length > 0) waiting[group].set(partyId, { party, phoneIds: unnamed })
      else waiting[group].delete(partyId)
    },
    *unnamed() {
      yield* waiting.numbers
      yield* waiting.extensions
    },
  }
}
