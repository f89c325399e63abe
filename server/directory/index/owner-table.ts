import type { MemoryImage } from './memory-image.ts'
import type { NumberList } from './number-list.ts'
import { ABSENT, NumberTable, type NumberTableFacts } from './number-table.ts'
import type { PostingLists } from './posting-lists.ts'

/** Marks a value that refers to a list; party ids stay below it. */
const LIST = 0x80000000

export const SEVERAL_OWNERS = -1
export const NO_OWNER = -2

/** Which parties own a key: one in the table itself, several in a posting list. */
export class OwnerTable {
  readonly #table: NumberTable
  readonly #lists: PostingLists

  constructor(seed: number, lists: PostingLists, image?: MemoryImage<NumberTableFacts>) {
    this.#table = new NumberTable(seed, image)
    this.#lists = lists
  }

  image(): MemoryImage<NumberTableFacts> {
    return this.#table.image()
  }

  /** How many different keys have an owner. */
  get size(): number {
    return this.#table.size
  }

  get bytes(): number {
    return this.#table.bytes
  }

  /** Adds an owner this key does not have yet; answers whether it is the first. */
  add(key: number, partyId: number): boolean {
    const value = this.#table.add(key, partyId)
    if (value === ABSENT) return true
    if (value < LIST) this.#table.set(key, (LIST | this.#lists.open(value, partyId)) >>> 0)
    else {
      const list = this.#lists.add(value & ~LIST, partyId)
      this.#table.set(key, (LIST | list) >>> 0)
    }
    return false
  }

  /**
   * Fills a table that is empty; `onFirst` hears of every key once. Meanwhile the list lies in memory a second time.
   */
  fill(list: NumberList, onFirst: (key: number) => void): void {
    const { keys, owners, counts } = list.inBuckets((key) => this.#table.bucketOf(key))
    this.#table.reserve(counts)
    for (let i = 0; i < keys.length; i++) if (this.add(keys[i]!, owners[i]!)) onFirst(keys[i]!)
  }

  /** Takes an owner away; answers whether it was the last. */
  remove(key: number, partyId: number): boolean {
    const value = this.#table.get(key)
    if (value === partyId) this.#table.delete(key)
    if (value < LIST || value === ABSENT) return value === partyId
    const list = this.#lists.remove(value & ~LIST, partyId)
    let left = (LIST | list) >>> 0
    if (this.#lists.size(list) === 1) {
      this.#lists.every(list, (last) => {
        left = last
        return true
      })
      this.#lists.close(list)
    }
    if (left !== value) this.#table.set(key, left)
    return false
  }

  /** The owner of a key that has exactly one, else `SEVERAL_OWNERS` or `NO_OWNER`. */
  only(key: number): number {
    const value = this.#table.get(key)
    if (value < LIST) return value
    return value === ABSENT ? NO_OWNER : SEVERAL_OWNERS
  }

  /** Visits the owners in no particular order until a visit answers false; answers whether all were visited. */
  every(key: number, visit: (partyId: number) => boolean): boolean {
    const value = this.#table.get(key)
    if (value === ABSENT) return true
    return value < LIST ? visit(value) : this.#lists.every(value & ~LIST, visit)
  }
}
