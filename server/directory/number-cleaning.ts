/** What people and programs put between the digits of one number. */
const SEPARATORS = /[\s./()[\]\-\u2010-\u2015\u2212\u30fc~·•_']/g

/** The zeros of the scripts whose digits turn up in address books: Arabic, Persian, Devanagari. */
const ZEROS = [0x0660, 0x06f0, 0x0966]
const OTHER_DIGITS = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]/g

const EXTENSION = new RegExp(
  [
    String.raw`(?:;ext(?:ension)?=|(?<!,),,+\s*|(?<=\d[\s)]*)#\s*|`,
    // Everyday words for an extension, after a digit or standing alone: en/fr/ro/hu/de/es/it/ru.
    String.raw`(?<!\p{L})(?:ext(?:ension|n)?|x|poste?|int(?:erior|erno|erne)?|mell[ée]k|durchwahl|dw|anexo|доб)[.:]?\s*#?)`,
    String.raw`(\d{1,9})\s*[)\]#]*$`,
  ].join(''),
  'iu',
)

function plainDigit(digit: string): string {
  const code = digit.charCodeAt(0)
  return String(code - ZEROS.findLast((zero) => zero <= code)!)
}

/**
 * Text as it can be compared and stored: compatibility forms (full-width digits, ligatures) and other scripts' digits
 * made plain, blanks single, and no control, direction, zero-width or broken (lone surrogate) characters.
 */
export function tidy(raw: string): string {
  return raw
    .replace(/\s+/g, ' ')
    .replace(/\p{C}/gu, '')
    .normalize('NFKC')
    .replace(OTHER_DIGITS, plainDigit)
    .replace(/\s+/g, ' ')
    .trim()
}

/** `+` and digits, or digits, of a text that holds nothing but one number and separators; null of any other. */
export function digitsOnly(text: string): string | null {
  const bare = text.replace(SEPARATORS, '')
  const match = /^(\+*)(\d+)$/.exec(bare)
  if (match === null) return null
  return match[1] === '' ? match[2]! : `+${match[2]}`
}

/**
 * The part of a URI or a name-and-address that can hold the number: `"Name" <sip:+336…@host;user=phone>` gives `+336…`.
 * An `;ext=` stays, all other parameters go.
 */
export function unwrap(text: string): string {
  const inner = /<([^<>]+)>/.exec(text)?.[1] ?? text
  const scheme = /^(?:sips?|tel|callto|phone|skype):(?:\/\/)?/i.exec(inner)?.[0] ?? ''
  let part = inner.slice(scheme.length)
  if (part.includes('%')) part = part.replace(/%2b/gi, '+').replace(/%20/g, ' ').replace(/%23/g, '#')
  if (scheme !== '') part = part.replace(/\?.*$/, '')
  part = part.replace(/^([^@\s]+)@\S*$/, (_, user: string) => user.replace(/:.*$/, ''))
  return part.replace(/;(?!ext(?:ension)?=)[a-z][\w-]*(?:=[^;]*)?/gi, '').trim()
}

/** Splits off the extension: `x45`, `ext. 45`, `;ext=45`, `poste 12`, `#12`, `,,12`. */
export function takeExtension(text: string): { number: string; extension: string | null } {
  if (!/[\p{L}#,]/u.test(text)) return { number: text, extension: null }
  const match = EXTENSION.exec(text)
  if (match === null) return { number: text.replace(/(?<=\d)#$/, ''), extension: null }
  return {
    number: text
      .slice(0, match.index)
      .replace(/(?<![\s,;([])[\s,;([]+$/, '')
      .trim(),
    extension: match[1]!,
  }
}

/** The digits in brackets behind a name: `Name (0628773862)`; null when the text is not of that kind. */
export function bracketed(text: string): string | null {
  const inner = [...text.matchAll(/\(([^()]*)\)/g)]
    .map((match) => digitsOnly(match[1]!))
    .findLast((digits) => digits !== null)
  if (inner === undefined) return null
  const behindName = !text.startsWith('(') && !/\d/.test(text.replace(/\([^()]*\)/g, ''))
  return inner.length >= 7 || behindName ? inner : null
}

/** The digits between words that only label them: `Tel. 06 28 …`, `0628773862 (mobile)`, `DID-420222000320`. */
export function labelled(text: string): string | null {
  const match = /^(?:[^\d+]*[^\d+\p{L}])?(\+?\d(?:[\d\s./()-]*\d)?)(?:[^\d+\p{L}][^\d+]*)?$/u.exec(text)
  return match === null ? null : digitsOnly(match[1]!)
}

const KEYS = '22233344455566677778889999'

/** Digits of a number spelt with letters on purpose, in capitals: `1-800-FLOWERS`; null of any other text. */
export function vanity(text: string): string | null {
  if (!/^[+(]?\d[\d\s.()-]*[A-Z][A-Z\s.-]*[A-Z\d]$/.test(text)) return null
  return digitsOnly(text.replace(/[A-Z]/g, (letter) => KEYS[letter.charCodeAt(0) - 65]!))
}
