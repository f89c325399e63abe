/**
 * What a caller ID or a cell of a book turned out to be.
 *
 * - `withheld`: the caller hides the number (or nothing was sent); never looked up.
 * - `external`: a number with its country. `digits` is E.164 without the plus as a number (at most 15 digits).
 * - `national`: a plausible subscriber number whose country nobody named; `digits` without the trunk prefix.
 * - `short`: an extension or short code; means something only as the exact string `text`.
 * - `unreadable`: anything else; kept as it was written, matches only the exact string `text`.
 *
 * `extension` is what followed `x45`, `;ext=45`, `poste 12`; it never takes part in matching an outside number.
 */
export type ReadNumber =
  | { kind: 'withheld' }
  | { kind: 'external'; e164: string; digits: number; extension: string | null }
  | { kind: 'national'; digits: string; extension: string | null }
  | { kind: 'short'; text: string }
  | { kind: 'unreadable'; text: string }

/** An external number without an extension, read from the store by the million: its text is made when asked for. */
export class PlainNumber {
  readonly kind = 'external'
  readonly digits: number
  readonly extension = null

  constructor(digits: number) {
    this.digits = digits
  }

  get e164(): string {
    return `+${this.digits}`
  }
}
