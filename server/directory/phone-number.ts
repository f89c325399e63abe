import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { CountryCode } from 'libphonenumber-js/max'
import { bracketed, digitsOnly, labelled, takeExtension, tidy, unwrap, vanity } from './number-cleaning.ts'
import { callingCodeLength, fastRead, isCountry, writesNoTrunkPrefix } from './number-plan.ts'
import type { ReadNumber } from './read-number.ts'
import { isWithheld } from './withheld.ts'

export { isCountry } from './number-plan.ts'

/** Raised whenever the same text may read differently than before; stored numbers are then read again. */
export const NORMALISER_VERSION: number = 1

const LONGEST_TEXT = 200
const LONGEST_E164 = 15
/** Up to here bare digits are an extension or a short code. */
const LONGEST_EXTENSION = 6
/** Private numbering plans between sites reach eight digits, so an impossible number of that size is no typing error. */
const LONGEST_SHORT = 8
/** Shorter than any subscriber with his calling code worth guessing at (Faroe Islands, Andorra). */
const SHORTEST_WITH_CALLING_CODE = 9

/** Digits with everyday separators: all that most callers and cells consist of. */
const EVERYDAY = /^[+\d(][\d .()/\-\u00a0]{6,39}$/
const EVERYDAY_SEPARATORS = /[ .()/\-\u00a0]/g

function external(digits: string, extension: string | null): ReadNumber {
  return { kind: 'external', e164: `+${digits}`, digits: Number(digits), extension }
}

/**
 * Reads a caller ID or one number of a book. Never throws, whatever the text.
 *
 * `country` (ISO 3166-1 alpha-2, upper case) is where a number without a country is at home; null, or a code without
 * a numbering plan, leaves such numbers `national`. A number is taken when it is *possible*: numbering plans are opened
 * faster than metadata is published, so "valid" would refuse real callers.
 *
 * A leading blank before a digit other than 0 is taken for a `+` that a query string turned into a blank, when the
 * result is a valid number or nothing else fits; trim cells of a book before reading them.
 *
 * Reading an `e164` again gives the same `e164`, in every country. Mexican mobiles lose the former 1 (and 044, 045,
 * 01) for that; Argentine ones stay as written, with or without the 9: see `aliasKeys`.
 */
export function readNumber(raw: string, country: string | null): ReadNumber {
  const home = country !== null && isCountry(country) ? country : null
  if (EVERYDAY.test(raw)) {
    const clean = raw.replace(EVERYDAY_SEPARATORS, '')
    const digits = clean.length > LONGEST_EXTENSION ? fastRead(clean, home) : null
    if (digits !== null) return external(digits, null)
  }
  return readAnything(raw, home)
}

function readAnything(raw: string, home: CountryCode | null): ReadNumber {
  if (raw.length > LONGEST_TEXT) {
    const text = tidy(raw.slice(0, LONGEST_TEXT + 1))
    return raw.trim().length > LONGEST_TEXT ? { kind: 'unreadable', text } : readAnything(raw.trim(), home)
  }
  const text = tidy(raw)
  if (isWithheld(text)) return { kind: 'withheld' }
  const { number, extension } = takeExtension(unwrap(text))
  if (number === '' && extension !== null && extension.length <= LONGEST_EXTENSION)
    return { kind: 'short', text: extension }
  if (isWithheld(number)) return extension === null ? { kind: 'withheld' } : { kind: 'unreadable', text }
  const lostPlus = /^ +[1-9]/.test(raw)
  const clean = digitsOnly(number)
  const read =
    clean === null ? readWorded(number, home, extension) : readDigits(clean, home, extension, lostPlus)
  return read ?? (/^[*#][\d*#]{1,15}$/.test(text) ? { kind: 'short', text } : { kind: 'unreadable', text })
}

/** Digits among letters count only where they make a whole number: `Room 12` is no extension. */
function readWorded(text: string, home: CountryCode | null, extension: string | null): ReadNumber | null {
  const inBrackets = bracketed(text)
  if (inBrackets !== null) return readDigits(inBrackets, home, extension, false)
  const inWords = labelled(text)
  const read = inWords === null ? null : readDigits(inWords, home, extension, false)
  if (read?.kind === 'external' || read?.kind === 'national') return read
  const spelt = vanity(text)
  const dialled = spelt === null ? null : readDigits(spelt, home, extension, false)
  return dialled?.kind === 'external' && isValid(dialled.e164) ? dialled : null
}

function readDigits(
  clean: string,
  home: CountryCode | null,
  extension: string | null,
  lostPlus: boolean,
): ReadNumber | null {
  const digits = clean.replace('+', '')
  // Phone systems told to put a plus before every number put it before trunk zeros as well.
  const plus = clean !== digits && !digits.startsWith('0')
  const found = plus ? international(digits) : readBare(digits, home, lostPlus)
  if (found !== null) return external(found, extension)
  if (!/[1-9]/.test(digits)) return { kind: 'withheld' }
  const shortest = plus || home === null ? LONGEST_EXTENSION : LONGEST_SHORT
  if (digits.length <= shortest) return extension === null ? { kind: 'short', text: digits } : null
  if (plus || home !== null || digits.startsWith('00')) return null
  const subscriber = digits.replace(/^0/, '')
  return subscriber.length > LONGEST_E164 ? null : { kind: 'national', digits: subscriber, extension }
}

/** E.164 digits of a number written without a plus. */
function readBare(digits: string, home: CountryCode | null, lostPlus: boolean): string | null {
  if (lostPlus) {
    const abroad = international(digits)
    if (abroad !== null && (home === null || isValid(`+${abroad}`))) return abroad
  }
  if (digits.length <= LONGEST_EXTENSION) return home === null ? null : smallPlan(digits, home)
  const found = home === null ? null : national(digits, home)
  if (found !== null) return found
  if (digits.startsWith('00')) return international(digits.slice(2))
  // Eleven digits behind 011 leave no room for the area code 011 of Turin, Belgrade or Buenos Aires.
  if (home === null) return /^011\d{11}/.test(digits) ? international(digits.slice(3)) : null
  if (digits.startsWith('0') || digits.length < SHORTEST_WITH_CALLING_CODE) return null
  return international(digits)
}

/** The library's reading, when possible and short enough for E.164. */
function libraryRead(clean: string, home: CountryCode | null): string | null {
  const read = parsePhoneNumberFromString(clean, { defaultCountry: home ?? undefined, extract: false })
  return read?.isPossible() && read.number.length <= LONGEST_E164 + 1 ? read.number.slice(1) : null
}

function isValid(e164: string): boolean {
  return parsePhoneNumberFromString(e164)?.isValid() ?? false
}

function national(digits: string, home: CountryCode): string | null {
  const fast = fastRead(digits, home)
  if (fast !== null) return fast
  const mexican = home === 'MX' ? /^(?:01|044|045)([2-9]\d{9})$/.exec(digits)?.[1] : undefined
  if (mexican !== undefined) return `52${mexican}`
  const read = libraryRead(digits, home)
  return read === null ? null : international(read)
}

/**
 * E.164 digits of digits that begin with a calling code, read until another reading changes nothing (the library takes
 * off one trunk prefix at a time).
 */
function international(digits: string, readings = 3): string | null {
  const fast = fastRead(`+${digits}`, null)
  if (fast !== null) return fast
  const mexican = /^52(?:1|01|044|045)([2-9]\d{9})$/.exec(digits)?.[1]
  if (mexican !== undefined) return `52${mexican}`
  const code = callingCodeLength(digits)
  if (code === 0) return null
  let read = libraryRead(`+${digits}`, null)
  // `+34 (0)91 …`: a trunk zero out of habit, in a country that has none.
  if (read === null && digits[code] === '0')
    read = libraryRead(`+${digits.slice(0, code)}${digits.slice(code + 1)}`, null)
  if (read === null || read === digits) return read
  return readings === 0 ? null : international(read, readings - 1)
}

/** Whole numbers of four to six digits exist where a country is small and writes nothing before them: Andorra, Niue. */
function smallPlan(digits: string, home: CountryCode): string | null {
  if (digits.length < 4 || digits.startsWith('0') || !writesNoTrunkPrefix(home)) return null
  const read = parsePhoneNumberFromString(digits, { defaultCountry: home, extract: false })
  const type = read?.isPossible() ? read.getType() : undefined
  if (type !== 'FIXED_LINE' && type !== 'MOBILE' && type !== 'FIXED_LINE_OR_MOBILE') return null
  return international(read!.number.slice(1))
}

/** From what surely parts two numbers to what may as well stand inside one. */
const PARTINGS = [/[\n\r|]+|;(?!\s*[\w-]+=)|\s(?:or|ou|oder|sau|vagy|o|et|und|and|&)\s/i, /,+/, /\//]

/**
 * The numbers of one cell, trimmed; empty for a blank cell. The whole cell is one number if it can be, and is parted
 * (at line ends, `;`, "or", then `,`, then `/`) only when it cannot, and only when a part then is a number; so
 * `0123/456789` and `…;ext=45` stay whole. Only where every part of a slash or line begins as a number does (`0…`,
 * `+…`) and is one, it is parted although German lengths would allow both together.
 *
 * One or two digits behind a slash replace the end of the number before them: `06-28-77-38-62/63` is …62 and …63.
 * Longer ones may as well be an extension and stand for themselves.
 */
export function splitNumbers(cell: string, country: string | null): string[] {
  const whole = cell.trim()
  if (whole === '') return []
  const starts = whole.split(/\s*[/\r\n]+\s*/)
  if (starts.length > 1 && starts.every((text) => /^\(?[+0]/.test(text) && isSubscriber(text, country)))
    return starts
  const parts = part(whole, country, 0)
  return parts.some((text) => isSubscriber(text, country)) ? parts : [whole]
}

function isSubscriber(text: string, country: string | null): boolean {
  const { kind } = readNumber(text, country)
  return kind === 'external' || kind === 'national'
}

function part(text: string, country: string | null, level: number): string[] {
  const parting = PARTINGS[level]
  if (parting === undefined || text.length > 10 * LONGEST_TEXT) return [text]
  if (readNumber(text, country).kind !== 'unreadable') return [text]
  const pieces = text
    .split(parting)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
  const parts = level === PARTINGS.length - 1 ? completeEndings(pieces, country) : pieces
  return parts.flatMap((piece) => part(piece, country, level + 1))
}

function completeEndings(pieces: string[], country: string | null): string[] {
  let base: string | null = null
  return pieces.map((piece) => {
    if (base !== null && /^\d{1,2}$/.test(piece)) return base.slice(0, -piece.length) + piece
    base = isSubscriber(piece, country) ? digitsOnly(tidy(piece)) : null
    return piece
  })
}

/**
 * Other E.164 digits that may be the same handset: Argentine mobiles with and without the 9, Mexican ones with and
 * without the former 1. Empty for every other number.
 */
export function aliasKeys(digits: number): number[] {
  const text = String(digits)
  const argentine = /^54(9?)([1-3]\d{9})$/.exec(text)
  if (argentine !== null) return [Number(`54${argentine[1] === '' ? '9' : ''}${argentine[2]}`)]
  const mexican = /^52(1?)([2-9]\d{9})$/.exec(text)
  if (mexican !== null) return [Number(`52${mexican[1] === '' ? '1' : ''}${mexican[2]}`)]
  return []
}

/** The digits behind the calling code of an E.164 number (leading zeros included, as in Italy); `''` when no such code. */
export function nationalDigits(digits: number): string {
  const text = String(digits)
  const code = callingCodeLength(text)
  return code === 0 ? '' : text.slice(code)
}

/** A number as a log may show it: at most its first three and last two characters, `+33*******62`; short ones hidden. */
export function maskNumber(text: string): string {
  const shown = text.slice(0, LONGEST_TEXT).replace(/(?!^\+)[^\d]/g, '')
  if (shown.replace('+', '').length < 8) return '*'.repeat(Math.min(text.length, 12))
  return shown.slice(0, 3) + '*'.repeat(shown.length - 5) + shown.slice(-2)
}
