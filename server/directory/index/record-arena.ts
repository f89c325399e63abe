import { memoryOf, type MemoryImage } from './memory-image.ts'

/** Addresses count units of eight bytes; a chunk spans 2^16 of them (512 KiB). */
const UNIT = 8
const CHUNK_BITS = 16
const CHUNK_UNITS = 1 << CHUNK_BITS
const FIRST_UNITS = 512
/** Words of the head: length of the record in bytes, owner (plus one; 0 once freed). */
const HEAD = 8

type ChunkFacts = { units: number; top: number; live: number }
/** Chunks in their order, null where one was given back; memory comes for the others. */
export type RecordArenaFacts = { chunks: (ChunkFacts | null)[]; vacant: number[]; current: number }
type Chunk = { bytes: Buffer; words: Uint32Array; units: number; top: number; live: number }

const chunkOver = (memory: SharedArrayBuffer, facts: ChunkFacts): Chunk => ({
  bytes: Buffer.from(memory),
  words: new Uint32Array(memory),
  ...facts,
})

/**
 * Encoded records in shared memory, packed end to end. When more than half of a chunk is waste, what is left of it moves to the
 * end and the chunk is given back: never more than 512 KiB at once. `moved` hears of every new address.
 */
export class RecordArena {
  readonly #moved: (owner: number, address: number) => void
  readonly #chunks: (Chunk | null)[] = []
  readonly #vacant: number[] = []
  #current = -1
  #bytes = 0

  constructor(moved: (owner: number, address: number) => void, image?: MemoryImage<RecordArenaFacts>) {
    this.#moved = moved
    if (image === undefined) return
    const { chunks, vacant, current } = image.facts
    const memory = [...image.memory]
    for (const chunk of chunks) this.#chunks.push(chunk && chunkOver(memory.shift()!, chunk))
    this.#vacant.push(...vacant)
    this.#current = current
    this.#bytes = image.memory.reduce((sum, one) => sum + one.byteLength, 0)
  }

  image(): MemoryImage<RecordArenaFacts> {
    const chunks = this.#chunks.map(
      (chunk) => chunk && { units: chunk.units, top: chunk.top, live: chunk.live },
    )
    const memory = this.#chunks.flatMap((chunk) => (chunk ? [memoryOf(chunk.words)] : []))
    return { facts: { chunks, vacant: [...this.#vacant], current: this.#current }, memory }
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Keeps the first `length` bytes for an owner (below 2^32 - 1); answers their address. */
  write(owner: number, from: Uint8Array, length: number): number {
    const units = Math.ceil((HEAD + length) / UNIT)
    const address = this.#reserve(units)
    const { bytes, words } = this.#chunk(address)
    const start = (address & (CHUNK_UNITS - 1)) * UNIT
    words[start / 4] = length
    words[start / 4 + 1] = owner + 1
    // A loop: most records have some forty bytes, and a view of them would cost more than they do.
    for (let i = 0; i < length; i++) bytes[start + HEAD + i] = from[i]!
    return address
  }

  /** The memory that holds the record at an address, from `startOf` the same address on. */
  bytesOf(address: number): Buffer {
    return this.#chunk(address).bytes
  }

  startOf(address: number): number {
    return (address & (CHUNK_UNITS - 1)) * UNIT + HEAD
  }

  /** Frees a record and wipes it: who was forgotten is not to be found in memory or in a copy of it. */
  free(address: number): void {
    const chunk = this.#chunk(address)
    const start = (address & (CHUNK_UNITS - 1)) * UNIT
    const length = chunk.words[start / 4]!
    chunk.live -= Math.ceil((HEAD + length) / UNIT)
    chunk.words[start / 4 + 1] = 0
    chunk.bytes.fill(0, start + HEAD, start + HEAD + length)
    this.#tidy(address >>> CHUNK_BITS)
  }

  #chunk(address: number): Chunk {
    return this.#chunks[address >>> CHUNK_BITS]!
  }

  #reserve(units: number): number {
    let index = this.#current
    let chunk = this.#chunks[index]
    if (!chunk || chunk.top + units > chunk.units) {
      const former = this.#current
      // Small books stay small: the next chunk is as large as all before it.
      index = this.#open(Math.max(units, Math.min(CHUNK_UNITS, Math.max(FIRST_UNITS, this.#bytes / UNIT))))
      chunk = this.#chunks[index]!
      this.#current = index
      chunk.top += units
      chunk.live += units
      if (former >= 0) this.#tidy(former)
      return index * CHUNK_UNITS
    }
    const address = index * CHUNK_UNITS + chunk.top
    chunk.top += units
    chunk.live += units
    return address
  }

  #open(units: number): number {
    const memory = new SharedArrayBuffer(units * UNIT)
    const index = this.#vacant.pop() ?? this.#chunks.length
    this.#chunks[index] = chunkOver(memory, { units, top: 0, live: 0 })
    this.#bytes += memory.byteLength
    return index
  }

  #tidy(index: number): void {
    const chunk = this.#chunks[index]
    if (!chunk || index === this.#current || chunk.live * 2 >= chunk.units) return
    this.#chunks[index] = null
    let unit = 0
    while (chunk.live > 0) {
      const length = chunk.words[unit * 2]!
      const owner = chunk.words[unit * 2 + 1]! - 1
      const units = Math.ceil((HEAD + length) / UNIT)
      if (owner >= 0) {
        chunk.live -= units
        const address = this.#reserve(units)
        const to = (address & (CHUNK_UNITS - 1)) * UNIT
        chunk.bytes.copy(this.#chunk(address).bytes, to, unit * UNIT, (unit + units) * UNIT)
        this.#moved(owner, address)
      }
      unit += units
    }
    this.#bytes -= chunk.bytes.length
    this.#vacant.push(index)
  }
}
