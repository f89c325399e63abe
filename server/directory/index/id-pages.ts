import { joinImages, splitImages, type JoinedFacts, type MemoryImage } from './memory-image.ts'
import { SlotWords } from './slot-words.ts'

/** A leaf knows the pages of 2^10 ids in a row: one word for each 16 of them. */
const LEAF_BITS = 10
const WORDS_BITS = 6
const PAGE_BITS = LEAF_BITS - WORDS_BITS
const WORDS = 1 << WORDS_BITS

export type IdPagesFacts = { vacant: number[]; next: number; parts: JoinedFacts }

/**
 * Which page the ids `16 n` to `16 n + 15` share: two reads, the second of memory sixty times smaller than what is kept
 * of the parties themselves. Where a tenant has no id for a thousand in a row, it costs a word.
 */
export class IdPages {
  readonly #top: SlotWords
  readonly #leaves: SlotWords
  #vacant: number[] = []
  #next = 0

  constructor(image?: MemoryImage<IdPagesFacts>) {
    const part = image && splitImages({ facts: image.facts.parts, memory: image.memory })
    this.#top = new SlotWords(0, part?.('windows'))
    this.#leaves = new SlotWords(WORDS_BITS, part?.('leaves'))
    if (image === undefined) return
    this.#vacant = [...image.facts.vacant]
    this.#next = image.facts.next
  }

  image(): MemoryImage<IdPagesFacts> {
    const joined = joinImages({ windows: this.#top.image(), leaves: this.#leaves.image() })
    const own = { vacant: [...this.#vacant], next: this.#next }
    return { facts: { ...own, parts: joined.facts }, memory: joined.memory }
  }

  get bytes(): number {
    return this.#top.bytes + this.#leaves.bytes
  }

  /** The page of an id, -1 where it has none. */
  get(id: number): number {
    const top = id >>> LEAF_BITS
    if (top >= this.#top.slots) return -1
    const leaf = this.#top.get(top, 0) - 1
    return leaf < 0 ? -1 : this.#leaves.get(leaf, (id >>> PAGE_BITS) & (WORDS - 1)) - 1
  }

  set(id: number, page: number): void {
    const top = id >>> LEAF_BITS
    this.#top.reach(top)
    let leaf = this.#top.get(top, 0) - 1
    if (leaf < 0) {
      leaf = this.#vacant.pop() ?? this.#next++
      this.#leaves.reach(leaf)
      this.#top.set(top, 0, leaf + 1)
    }
    this.#leaves.set(leaf, (id >>> PAGE_BITS) & (WORDS - 1), page + 1)
  }

  /** Forgets the page of an id that has one. */
  delete(id: number): void {
    const top = id >>> LEAF_BITS
    const leaf = this.#top.get(top, 0) - 1
    this.#leaves.set(leaf, (id >>> PAGE_BITS) & (WORDS - 1), 0)
    for (let word = 0; word < WORDS; word++) if (this.#leaves.get(leaf, word) !== 0) return
    this.#top.set(top, 0, 0)
    this.#vacant.push(leaf)
  }
}
