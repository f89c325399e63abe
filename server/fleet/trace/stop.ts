import type { Place } from './places.ts'

/** One way on from a place: what happens there, and where it leads. */
export type Way = {
  /** `always`, `no_answer`, `busy`, `not_registered`, `timeout`, `invalid_key`, `key 1`, `status Away`, `status Lunch no_answer`, `hours`. */
  on: string
  afterSeconds: number | null
  to: Place
  why: string
}

/** What becomes of a call at a place. */
export type Stop = {
  ways: Way[]
  /** Who is rung there. */
  rings: { number: string; name: string | null; is_there: boolean }[]
  why: string[]
  /** Somebody or something may take the call here. */
  takes: boolean
}

/** When, and for whom; null at = any time, so that every setting counts. */
export type Circumstances = { at: number | null; caller: string | null }

export const stop = (part: Partial<Stop>): Stop => ({ ways: [], rings: [], why: [], takes: false, ...part })
export const seconds = (value: unknown): number | null =>
  typeof value === 'number' && value > 0 ? value : null
export const way = (on: string, to: Place, why: string, afterSeconds: number | null = null): Way => ({
  on,
  to,
  why,
  afterSeconds,
})
