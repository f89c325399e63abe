import { mix } from './hash.ts'
import { memoryOf, type MemoryImage } from './memory-image.ts'
import { BUCKETS as SEGMENTS } from './number-list.ts'

/** What `get` answers for a key that is not there; no value of the table equals it. */
export const ABSENT = 0xffffffff

/** Up to here one segment is enough, which keeps a small book small. */
const SPLIT_AT = 16_384
const SMALLEST = 16
const FULLEST = 0.55
/** How full a table is that is made for what comes into it. */
const FILLED = 0.5
const SPARSEST = 0.2
/** Fuller than doubling leaves it: between 41 % and 55 %. */
const GROWTH = 1.35
/** Words of a place: the key's low word, its high word with its sign, the value. Side by side, they are one cache miss. */
const WORDS = 3
const WORD = 4_294_967_296
const NEGATIVE = 0x80000000

/** Where a hash belongs among this many words. One multiplication: this is the hottest line there is. */
const homeOf = (hash: number, words: number) => (((hash >>> 0) * words * (1 / (WORDS * WORD))) | 0) * WORDS

const highOf = (key: number) => (key < 0 ? ((-key / WORD) | NEGATIVE) >>> 0 : (key / WORD) | 0)

function keyAt(words: Uint32Array, at: number): number {
  const high = words[at + 1]!
  const digits = (high & ~NEGATIVE) * WORD + words[at]!
  return high >= NEGATIVE ? -digits : digits
}

/** Where a key is, or the empty place where it belongs. */
function find(words: Uint32Array, key: number, hash: number): number {
  const low = Math.abs(key) >>> 0
  const high = highOf(key)
  let at = homeOf(hash, words.length)
  for (;;) {
    const found = words[at]!
    if (found === low && words[at + 1] === high) return at
    if (found === 0 && words[at + 1] === 0) return at
    if ((at += WORDS) === words.length) at = 0
  }
}

export type NumberTableFacts = { used: number[] }

/**
 * Keys (non-zero integers below 2^53, of either sign) to unsigned 32-bit values: open addressing in shared memory, 12
 * bytes a place. It grows one of 256 segments at a time, so no single change waits for the whole; a deletion closes the
 * gap instead of leaving a mark, so years of changes do not slow it down.
 */
export class NumberTable {
  readonly #seed: number
  #segments: Uint32Array[] = []
  #used: number[] = []

  /** An empty table, or the one of an image taken under the same seed. */
  constructor(seed: number, image?: MemoryImage<NumberTableFacts>) {
    this.#seed = seed
    if (image === undefined) {
      this.#open(1)
      return
    }
    this.#segments = image.memory.map((memory) => new Uint32Array(memory))
    this.#used = [...image.facts.used]
  }

  image(): MemoryImage<NumberTableFacts> {
    return { facts: { used: [...this.#used] }, memory: this.#segments.map(memoryOf) }
  }

  get size(): number {
    return this.#used.reduce((sum, used) => sum + used, 0)
  }

  get bytes(): number {
    return this.#segments.reduce((sum, words) => sum + words.byteLength, 0)
  }

  get(key: number): number {
    const hash = mix(key, this.#seed)
    const words = this.#segments[hash & (this.#segments.length - 1)]!
    const low = Math.abs(key) >>> 0
    const high = highOf(key)
    // The loop of `find` once more: as a call of its own it costs a third of the whole lookup.
    let at = homeOf(hash, words.length)
    for (;;) {
      const found = words[at]!
      if (found === low && words[at + 1] === high) return words[at + 2]!
      if (found === 0 && words[at + 1] === 0) return ABSENT
      if ((at += WORDS) === words.length) at = 0
    }
  }

  /** In which of the segments of a large table a key lies. */
  bucketOf(key: number): number {
    return mix(key, this.#seed) & (SEGMENTS - 1)
  }

  /** Gives an empty table the room that so many keys in each of its segments need, where it needs several. */
  reserve(counts: Uint32Array): void {
    if (counts.reduce((sum, count) => sum + count, 0) <= SPLIT_AT * FULLEST) return
    this.#open(SEGMENTS)
    for (const [segment, count] of counts.entries())
      this.#allocate(segment, Math.max(SMALLEST, Math.ceil(count / FILLED)))
  }

  set(key: number, value: number): void {
    this.#put(key, value, true)
  }

  /** Sets the value of a key that has none; answers the one it has, else `ABSENT`. */
  add(key: number, value: number): number {
    return this.#put(key, value, false)
  }

  #put(key: number, value: number, anew: boolean): number {
    const hash = mix(key, this.#seed)
    const segment = hash & (this.#segments.length - 1)
    const words = this.#segments[segment]!
    const at = find(words, key, hash)
    if (words[at] !== 0 || words[at + 1] !== 0) {
      const former = words[at + 2]!
      if (anew) words[at + 2] = value
      return former
    }
    const places = words.length / WORDS
    if (this.#used[segment]! >= Math.floor(places * FULLEST)) {
      if (this.#segments.length === 1 && places > SPLIT_AT) this.#split()
      else this.#resize(segment, Math.ceil(places * GROWTH))
      return this.#put(key, value, anew)
    }
    words[at] = Math.abs(key) >>> 0
    words[at + 1] = highOf(key)
    words[at + 2] = value
    this.#used[segment]!++
    return ABSENT
  }

  delete(key: number): void {
    const hash = mix(key, this.#seed)
    const segment = hash & (this.#segments.length - 1)
    const words = this.#segments[segment]!
    const end = words.length
    let gap = find(words, key, hash)
    if (words[gap] === 0 && words[gap + 1] === 0) return
    for (let at = gap; ;) {
      if ((at += WORDS) === end) at = 0
      const next = keyAt(words, at)
      if (next === 0) break
      const home = homeOf(mix(next, this.#seed), end)
      if ((at - home + end) % end < (at - gap + end) % end) continue
      words.copyWithin(gap, at, at + WORDS)
      gap = at
    }
    words.fill(0, gap, gap + WORDS)
    const used = --this.#used[segment]!
    if (end > SMALLEST * WORDS && used < (end / WORDS) * SPARSEST)
      this.#resize(segment, Math.ceil((used * GROWTH) / FULLEST))
  }

  #open(segments: number): void {
    this.#segments = []
    this.#used = []
    for (let segment = 0; segment < segments; segment++) this.#allocate(segment, SMALLEST)
  }

  #allocate(segment: number, places: number): void {
    this.#segments[segment] = new Uint32Array(new SharedArrayBuffer(places * WORDS * 4))
    this.#used[segment] = 0
  }

  #resize(segment: number, places: number): void {
    const words = this.#segments[segment]!
    this.#allocate(segment, Math.max(SMALLEST, places))
    this.#refill(words)
  }

  #split(): void {
    const words = this.#segments[0]!
    this.#open(SEGMENTS)
    this.#refill(words)
  }

  #refill(words: Uint32Array): void {
    for (let at = 0; at < words.length; at += WORDS) {
      const key = keyAt(words, at)
      if (key !== 0) this.set(key, words[at + 2]!)
    }
  }
}
