const CHUNK_BITS = 16
const CHUNK = 1 << CHUNK_BITS
/** As many as a large table has segments. */
export const BUCKETS = 256

type Chunk = { keys: Float64Array; owners: Uint32Array }

/** Number keys with their owners on their way into an empty index, as many as there are, in memory that is never copied. */
export class NumberList {
  readonly #chunks: Chunk[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  push(key: number, owner: number): void {
    const at = this.#size++ & (CHUNK - 1)
    if (at === 0) this.#chunks.push({ keys: new Float64Array(CHUNK), owners: new Uint32Array(CHUNK) })
    const { keys, owners } = this.#chunks.at(-1)!
    keys[at] = key
    owners[at] = owner
  }

  /**
   * All of them bucket by bucket, how many there are in each, and the list left empty. Whoever puts them into a table
   * in this order works on memory that stays in the cache, instead of waiting for each place.
   */
  inBuckets(bucketOf: (key: number) => number): Chunk & { counts: Uint32Array } {
    const size = this.#size
    const counts = new Uint32Array(BUCKETS)
    const buckets = new Uint8Array(size)
    for (let i = 0; i < size; i++) {
      const bucket = bucketOf(this.#chunks[i >>> CHUNK_BITS]!.keys[i & (CHUNK - 1)]!)
      buckets[i] = bucket
      counts[bucket]!++
    }
    const next = new Uint32Array(BUCKETS)
    for (let bucket = 1; bucket < BUCKETS; bucket++) next[bucket] = next[bucket - 1]! + counts[bucket - 1]!
    const keys = new Float64Array(size)
    const owners = new Uint32Array(size)
    for (let i = 0; i < size; i++) {
      const chunk = this.#chunks[i >>> CHUNK_BITS]!
      const place = next[buckets[i]!]!++
      keys[place] = chunk.keys[i & (CHUNK - 1)]!
      owners[place] = chunk.owners[i & (CHUNK - 1)]!
    }
    this.#chunks.length = 0
    this.#size = 0
    return { keys, owners, counts }
  }
}
