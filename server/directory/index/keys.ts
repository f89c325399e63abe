/** Longest run of digits that fits a key exactly with a 1 before it. */
const LONGEST_DIGITS = 15
const NUMBERS_END = 1_000_000_000_000_000
const DIGITS = /^\d{0,15}$/

/**
 * The key of a number without a country. Negative, so that it never meets the E.164 digits in the same table; the 1
 * before the digits keeps leading zeros apart. null for what is no number of at most 15 digits.
 */
export function nationalKey(digits: string): number | null {
  return digits !== '' && DIGITS.test(digits) ? -Number(`1${digits}`) : null
}

/** The digits of a `nationalKey`. */
export function nationalOf(key: number): string {
  return String(-key).slice(1)
}

/** Whether these are E.164 digits a table can hold. */
export function isNumberKey(digits: number): boolean {
  return digits > 0 && digits < NUMBERS_END && digits === Math.floor(digits)
}

/**
 * The key of an exact text. Digits have a key of their own (positive); any other text shares its key (negative, 52
 * bits) with very few, so whoever is found by it has to be compared with the text.
 */
export function textKey(text: string, seed: number): number {
  if (text.length <= LONGEST_DIGITS && DIGITS.test(text)) return Number(`1${text}`)
  let high = seed ^ 0x811c9dc5
  let low = Math.imul(seed, 0x9e3779b1) ^ text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    high = Math.imul(high ^ unit, 0x01000193)
    high ^= high >>> 15
    low = Math.imul(low + unit, 0x85ebca77)
    low ^= low >>> 13
  }
  return -((high >>> 0) * 1_048_576 + (low >>> 12) + 1)
}

/** What a caller keys of an account: its digits without leading zeros; null when it has no digits. */
export function numericPart(account: string): string | null {
  const digits = account.replace(/[^0-9]/g, '')
  return digits === '' ? null : digits.replace(/^0+(?=.)/, '')
}
