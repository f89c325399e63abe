import { mix, placeOf } from './hash.ts'
import { memoryOf, type MemoryImage } from './memory-image.ts'

/** 2^12 words (16 KiB) are taken at once; a larger list has memory of its own. */
const CHUNK_BITS = 12
const CHUNK = 1 << CHUNK_BITS
const SMALLEST_BITS = 2
/** Up to 2^3 words a list may be filled to the last place. */
const FILLED_BITS = 3
const FULLEST = 0.75
const COUNT_BITS = 27
const COUNT = (1 << COUNT_BITS) - 1

export type PostingListsFacts = { top: number; room: number; free: number[][] }

/**
 * Sets of unsigned 32-bit values (below 2^32 - 1) in shared memory, for keys that have several. Each set is a small
 * hash of its own in a block of 2^n words (the first holds n and the count), so that a value shared by a hundred
 * thousand comes and goes at the price of one. A reference (31 bits) changes when the set outgrows its block.
 */
export class PostingLists {
  #chunks: Uint32Array[] = []
  #top = 0
  #room = 0
  #free: number[][] = []

  constructor(image?: MemoryImage<PostingListsFacts>) {
    if (image === undefined) return
    const { top, room, free } = image.facts
    this.#chunks = image.memory.map((memory) => new Uint32Array(memory))
    this.#top = top
    this.#room = room
    this.#free = free.map((lists) => [...lists])
  }

  image(): MemoryImage<PostingListsFacts> {
    const free = Array.from(this.#free, (lists) => [...(lists ?? [])])
    return { facts: { top: this.#top, room: this.#room, free }, memory: this.#chunks.map(memoryOf) }
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  }

  /** A new set of two different values. */
  open(first: number, second: number): number {
    const list = this.#allocate(SMALLEST_BITS)
    this.#insert(list, first)
    this.#insert(list, second)
    return list
  }

  close(list: number): void {
    const bits = this.#bits(list)
    ;(this.#free[bits] ??= []).push(list)
  }

  size(list: number): number {
    return this.#words(list)[this.#at(list)]! & COUNT
  }

  /** Adds a value that is not in the set; answers the reference to use from now on. */
  add(list: number, value: number): number {
    const bits = this.#bits(list)
    const places = (1 << bits) - 1
    const room = bits <= FILLED_BITS ? places : Math.floor(places * FULLEST)
    const roomy = this.size(list) < room ? list : this.#move(list, bits + 1)
    this.#insert(roomy, value)
    return roomy
  }

  /** Takes a value out if it is in the set; answers the reference to use from now on. */
  remove(list: number, value: number): number {
    const words = this.#words(list)
    const start = this.#at(list) + 1
    const bits = this.#bits(list)
    const places = (1 << bits) - 1
    let gap = placeOf(mix(value, bits), places)
    for (let steps = 0; words[start + gap] !== value + 1; steps++) {
      if (steps === places || words[start + gap] === 0) return list
      if (++gap === places) gap = 0
    }
    for (let place = gap, steps = 1; steps < places; steps++) {
      if (++place === places) place = 0
      const next = words[start + place]!
      if (next === 0) break
      const home = placeOf(mix(next - 1, bits), places)
      if ((place - home + places) % places < (place - gap + places) % places) continue
      words[start + gap] = next
      gap = place
    }
    words[start + gap] = 0
    const left = --words[start - 1]! & COUNT
    return bits > SMALLEST_BITS && left < places / 4 ? this.#move(list, bits - 1) : list
  }

  /** Visits the values in no particular order until a visit answers false; answers whether all were visited. */
  every(list: number, visit: (value: number) => boolean): boolean {
    const words = this.#words(list)
    const start = this.#at(list)
    let left = words[start]! & COUNT
    for (let place = start + 1; left > 0; place++) {
      if (words[place] === 0) continue
      left--
      if (!visit(words[place]! - 1)) return false
    }
    return true
  }

  #words(list: number): Uint32Array {
    return this.#chunks[list >>> CHUNK_BITS]!
  }

  #at(list: number): number {
    return list & (CHUNK - 1)
  }

  #bits(list: number): number {
    return this.#words(list)[this.#at(list)]! >>> COUNT_BITS
  }

  #insert(list: number, value: number): void {
    const words = this.#words(list)
    const start = this.#at(list) + 1
    const bits = this.#bits(list)
    const places = (1 << bits) - 1
    let place = placeOf(mix(value, bits), places)
    while (words[start + place] !== 0) if (++place === places) place = 0
    words[start + place] = value + 1
    words[start - 1]!++
  }

  #move(list: number, bits: number): number {
    const to = this.#allocate(bits)
    this.every(list, (value) => {
      this.#insert(to, value)
      return true
    })
    this.close(list)
    return to
  }

  #allocate(bits: number): number {
    const words = 1 << bits
    let list = this.#free[bits]?.pop()
    if (list !== undefined) this.#words(list).fill(0, this.#at(list), this.#at(list) + words)
    else if (words > CHUNK) list = this.#extend(words)
    else {
      if (this.#room < words) {
        this.#top = this.#extend(CHUNK)
        this.#room = CHUNK
      }
      list = this.#top
      this.#top += words
      this.#room -= words
    }
    this.#words(list)[this.#at(list)] = (bits << COUNT_BITS) >>> 0
    return list
  }

  #extend(words: number): number {
    this.#chunks.push(new Uint32Array(new SharedArrayBuffer(words * 4)))
    return (this.#chunks.length - 1) << CHUNK_BITS
  }
}
