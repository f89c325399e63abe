import { mix, placeOf } from './hash.ts'
import { memoryOf, type MemoryImage } from './memory-image.ts'
import { BUCKETS as SEGMENTS, type NumberList } from './number-list.ts'

const SPLIT_AT = 16_384
const SMALLEST = 16
const FULLEST = 0.7
/** How full a table is that is made for what comes into it. */
const FILLED = 0.65
const SPARSEST = 0.2
const GROWTH = 1.35
const NINE_DIGITS = 1_000_000_000
/** More numbers than this with the same last nine digits tell nothing; further ones are left out. */
const CROWD = 64

/** The last nine digits of a number key of either sign. `%` on numbers this large costs ten times as much. */
function tailOf(key: number): number {
  const digits = Math.abs(key)
  return digits - Math.floor(digits / NINE_DIGITS) * NINE_DIGITS
}

export type TailTableFacts = { used: number[] }

/**
 * The set of number keys (E.164 digits or national keys, nine digits at least) by their last nine digits, in shared
 * memory at 8 bytes a place. It grows and forgets as the number table does, segment by segment and without gaps.
 */
export class TailTable {
  readonly #seed: number
  #entries: Float64Array[] = []
  #used: number[] = []

  /** An empty set, or the one of an image taken under the same seed. */
  constructor(seed: number, image?: MemoryImage<TailTableFacts>) {
    this.#seed = seed
    if (image === undefined) {
      this.#open(1)
      return
    }
    this.#entries = image.memory.map((memory) => new Float64Array(memory))
    this.#used = [...image.facts.used]
  }

  image(): MemoryImage<TailTableFacts> {
    return { facts: { used: [...this.#used] }, memory: this.#entries.map(memoryOf) }
  }

  get size(): number {
    return this.#used.reduce((sum, used) => sum + used, 0)
  }

  get bytes(): number {
    return this.#entries.reduce((sum, entries) => sum + entries.length * 8, 0)
  }

  /** Every number that ends with these nine digits is pushed onto `into`. */
  collect(tail: number, into: number[]): void {
    const hash = mix(tail, this.#seed)
    const entries = this.#entries[hash & (this.#entries.length - 1)]!
    const count = entries.length
    let place = placeOf(hash, count)
    for (;;) {
      const entry = entries[place]!
      if (entry === 0) return
      if (tailOf(entry) === tail) into.push(entry)
      if (++place === count) place = 0
    }
  }

  /** Fills a table that is empty with the keys of a list; its owners mean nothing here. */
  fill(list: NumberList): void {
    const { keys, counts } = list.inBuckets((key) => mix(tailOf(key), this.#seed) & (SEGMENTS - 1))
    if (keys.length > SPLIT_AT * FULLEST) {
      this.#open(SEGMENTS)
      for (const [segment, count] of counts.entries())
        this.#allocate(segment, Math.max(SMALLEST, Math.ceil(count / FILLED)))
    }
    for (const key of keys) this.add(key)
  }

  add(key: number): void {
    const tail = tailOf(key)
    const hash = mix(tail, this.#seed)
    const segment = hash & (this.#entries.length - 1)
    const entries = this.#entries[segment]!
    const count = entries.length
    if (this.#used[segment]! >= Math.floor(count * FULLEST)) {
      if (this.#entries.length === 1 && count > SPLIT_AT) this.#split()
      else this.#resize(segment, Math.ceil(count * GROWTH))
      this.add(key)
      return
    }
    let crowd = 0
    let place = placeOf(hash, count)
    while (entries[place] !== 0) {
      if (entries[place] === key) return
      if (tailOf(entries[place]!) === tail && ++crowd === CROWD) return
      if (++place === count) place = 0
    }
    entries[place] = key
    this.#used[segment]!++
  }

  remove(key: number): void {
    const hash = mix(tailOf(key), this.#seed)
    const segment = hash & (this.#entries.length - 1)
    const entries = this.#entries[segment]!
    const count = entries.length
    let gap = placeOf(hash, count)
    while (entries[gap] !== key) {
      if (entries[gap] === 0) return
      if (++gap === count) gap = 0
    }
    for (let place = gap; ;) {
      if (++place === count) place = 0
      const next = entries[place]!
      if (next === 0) break
      const home = placeOf(mix(tailOf(next), this.#seed), count)
      if ((place - home + count) % count < (place - gap + count) % count) continue
      entries[gap] = next
      gap = place
    }
    entries[gap] = 0
    const used = --this.#used[segment]!
    if (count > SMALLEST && used < count * SPARSEST)
      this.#resize(segment, Math.ceil((used * GROWTH) / FULLEST))
  }

  #open(segments: number): void {
    this.#entries = []
    this.#used = []
    for (let segment = 0; segment < segments; segment++) this.#allocate(segment, SMALLEST)
  }

  #allocate(segment: number, count: number): void {
    this.#entries[segment] = new Float64Array(new SharedArrayBuffer(count * 8))
    this.#used[segment] = 0
  }

  #resize(segment: number, count: number): void {
    const entries = this.#entries[segment]!
    this.#allocate(segment, Math.max(SMALLEST, count))
    for (const entry of entries) if (entry !== 0) this.add(entry)
  }

  #split(): void {
    const entries = this.#entries[0]!
    this.#open(SEGMENTS)
    for (const entry of entries) if (entry !== 0) this.add(entry)
  }
}
