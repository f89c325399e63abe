/** Random values that are the same for the same seed. */
export type Random = {
  /** A whole number from 0 to `below` - 1. */
  below: (below: number) => number
  pick: <T>(items: readonly T[]) => T
  hex: (digits: number) => string
  uuid: () => string
  password: (length: number) => string
  /** An independent stream: drawing from it does not disturb this one. */
  stream: (name: string) => Random
}

function hash(text: string): number {
  let value = 2166136261
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 16777619)
  return value >>> 0
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** Mulberry32 over a hash of the seed. */
export function openRandom(seed: string): Random {
  let state = hash(seed)
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => below(16).toString(16)).join('')
  return {
    below,
    hex,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    password: (length) => Array.from({ length }, () => LETTERS[below(LETTERS.length)]).join(''),
    stream: (name) => openRandom(`${seed}/${name}`),
  }
}
