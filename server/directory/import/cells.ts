/** What a cell asks for: undefined keeps what is there, null empties it. */
export type Wish<T> = T | null | undefined

export const LONGEST_LINK = 2_000

/** Why a row is refused. */
export class Refusal extends Error {
  readonly code: string
  constructor(code: string, reason: string) {
    super(reason)
    this.code = code
  }
}

/** A cell as a remark shows it. */
export const shown = (value: string): string => (value.length > 60 ? `${value.slice(0, 60)}…` : value)

const TRUTH: Record<string, boolean> = {
  '1': true,
  true: true,
  yes: true,
  y: true,
  oui: true,
  '0': false,
  false: false,
  no: false,
  n: false,
  non: false,
}

/** Truth as books write it, in any case; null for anything else. */
export function readTruth(text: string): boolean | null {
  return TRUTH[text.toLowerCase()] ?? null
}

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?$/
const DAY_FIRST_DATE = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/

/** A calendar date `YYYY-MM-DD` out of ISO or day-first spelling; null for no such date. */
export function readDate(text: string): string | null {
  const iso = ISO_DATE.exec(text)
  const [year, month, day] = iso ? iso.slice(1) : (DAY_FIRST_DATE.exec(text)?.slice(1).toReversed() ?? [])
  if (year === undefined || month === undefined || day === undefined) return null
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const instant = Date.parse(`${date}T00:00:00Z`)
  // The parser takes 31 February for 3 March.
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(date) ? date : null
}

/** 0-100; null for anything else. */
export function readQueuePosition(text: string): number | null {
  const position = /^\d{1,3}$/.test(text) ? Number(text) : 101
  return position <= 100 ? position : null
}

/** True for an address a screen may open. */
export function isWebLink(text: string): boolean {
  if (!/^https?:\/\//i.test(text)) return false
  return URL.canParse(text)
}
