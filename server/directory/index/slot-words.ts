import { memoryOf, type MemoryImage } from './memory-image.ts'

const CHUNK_BITS = 16
const CHUNK = 1 << CHUNK_BITS
const FIRST_SLOTS = 32

export type SlotWordsFacts = { slots: number }

/** 2^`bits` unsigned 32-bit words for every slot, in shared memory that grows without moving what is large. */
export class SlotWords {
  readonly #bits: number
  #chunks: Uint32Array[] = []
  #slots = 0

  constructor(bits: number, image?: MemoryImage<SlotWordsFacts>) {
    this.#bits = bits
    if (image === undefined) return
    this.#chunks = image.memory.map((memory) => new Uint32Array(memory))
    this.#slots = image.facts.slots
  }

  image(): MemoryImage<SlotWordsFacts> {
    return { facts: { slots: this.#slots }, memory: this.#chunks.map(memoryOf) }
  }

  get bytes(): number {
    return (this.#slots * 4) << this.#bits
  }

  /** How many slots there is room for. */
  get slots(): number {
    return this.#slots
  }

  get(slot: number, word: number): number {
    return this.#chunks[slot >>> CHUNK_BITS]![((slot & (CHUNK - 1)) << this.#bits) | word]!
  }

  set(slot: number, word: number, value: number): void {
    this.#chunks[slot >>> CHUNK_BITS]![((slot & (CHUNK - 1)) << this.#bits) | word] = value
  }

  /** Makes room up to a slot. The first chunk doubles until it is whole, so that a small book stays small. */
  reach(slot: number): void {
    while (slot >= this.#slots) this.#grow()
  }

  #grow(): void {
    const [first] = this.#chunks
    const isSmall = first !== undefined && this.#slots < CHUNK
    const slots = isSmall ? this.#slots * 2 : first ? CHUNK : FIRST_SLOTS
    const words = new Uint32Array(new SharedArrayBuffer((slots * 4) << this.#bits))
    if (isSmall) words.set(first)
    this.#chunks[isSmall ? 0 : this.#chunks.length] = words
    this.#slots += isSmall ? this.#slots : slots
  }
}
