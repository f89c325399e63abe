/** Two to the 32nd. */
const WORD = 4_294_967_296

/** A seed of its own for every index, so that nobody can write a book whose numbers all fall on one place. */
export function randomSeed(): number {
  return Math.floor(Math.random() * WORD) | 0
}

/** Spreads a key (an integer below 2^53, of either sign) over 32 bits, as a signed word. */
export function mix(key: number, seed: number): number {
  let hash = Math.imul((key | 0) ^ seed, 0x9e3779b1)
  hash ^= hash >>> 15
  hash = Math.imul((hash + ((key / WORD) | 0)) | 0, 0x85ebca77)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae3d)
  return hash ^ (hash >>> 16)
}

/** The place of a hash among `count` places. It keeps the order of hashes, so a table is copied from end to end. */
export function placeOf(hash: number, count: number): number {
  return ((hash >>> 0) * count * (1 / WORD)) | 0
}
