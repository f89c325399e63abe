import { splitNumbers } from '../phone-number.ts'
import { EXTENSION, toPhoneRow, type PhoneValues } from '../phones.ts'

/** One number of a cell. `kind` is null when the cell does not say what kind of phone it is. */
export type CellPhone = { values: PhoneValues; kind: string | null }

/** The numbers of a cell; `withheld` and `unreadable` are the texts a person should look at. */
export type PhoneCell = { phones: CellPhone[]; withheld: string[]; unreadable: string[] }

/** `kind:` before a number → the kind that is stored. `tel:` and `sip:` are part of the number. */
const KINDS: Record<string, string> = {
  mobile: 'mobile',
  mob: 'mobile',
  cell: 'mobile',
  portable: 'mobile',
  gsm: 'mobile',
  work: 'work',
  office: 'work',
  bureau: 'work',
  home: 'home',
  domicile: 'home',
  fax: 'fax',
  direct: 'direct',
  main: 'main',
  phone: 'phone',
  other: 'other',
}
/** Whether a cell can say that a number is of this kind, by this very word. */
export const isKindWord = (kind: string): boolean => KINDS[kind] === kind

const KIND = /^\s*([a-z]{2,9})\s*:\s*/i
const PARTING = /[;,|\n]/
const LONGEST_E164 = 15

function kindBefore(text: string): { kind: string | null; number: string } {
  const found = KIND.exec(text)
  const kind = found ? KINDS[found[1]?.toLowerCase() ?? ''] : undefined
  return found && kind !== undefined
    ? { kind, number: text.slice(found[0].length) }
    : { kind: null, number: text }
}

function readOne(
  text: string,
  fallback: string,
  country: string | null,
): { phone: CellPhone | null; raw: string } {
  const { kind, number } = text.includes(':') ? kindBefore(text) : { kind: null, number: text }
  const values = toPhoneRow({ raw: number, kind: kind ?? fallback, label: null, position: 0 }, country)
  return { phone: values === null ? null : { values, kind }, raw: number }
}

function isSubscriber({ values }: CellPhone): boolean {
  return values.e164 !== null || values.national !== null
}

/** Several whole numbers that together are too long to be one: parted without trying the cell as one number. */
function readList(text: string, fallback: string, country: string | null): CellPhone[] | null {
  const phones: CellPhone[] = []
  let digits = 0
  for (const piece of text.split(PARTING)) {
    if (piece.trim() === '') continue
    const { phone } = readOne(piece, fallback, country)
    if (phone === null || phone.values.e164 === null || phone.values.extension !== null) return null
    phones.push(phone)
    digits += piece.replace(/\D/g, '').length
  }
  return phones.length > 1 && digits > LONGEST_E164 ? phones : null
}

function partsOf(text: string, country: string | null): string[] {
  // With kinds in it, a cell cannot be one number: each kind begins another.
  if (!/[a-z]\s*:/i.test(text)) return splitNumbers(text, country)
  const pieces = text.split(/[;|\n]|,(?=\s*[a-z]+\s*:)/i).map((piece) => piece.trim())
  return pieces.flatMap((piece) => {
    const { kind, number } = kindBefore(piece)
    return splitNumbers(number, country).map((part) => (kind === null ? part : `${kind}:${part}`))
  })
}

function sorted(read: { phone: CellPhone | null; raw: string }[]): PhoneCell {
  const cell: PhoneCell = { phones: [], withheld: [], unreadable: [] }
  for (const { phone, raw } of read) {
    if (phone === null) {
      if (raw.trim() !== '') cell.withheld.push(raw.trim())
      continue
    }
    cell.phones.push(phone)
    if (phone.values.exact !== null && !/^[\d*#]+$/.test(phone.values.exact))
      cell.unreadable.push(phone.values.raw)
  }
  return cell
}

/** The numbers of a cell in which people write one or several, each with an optional `kind:` before it. */
export function readPhoneCell(text: string, fallback: string, country: string | null): PhoneCell {
  if (PARTING.test(text)) {
    const list = readList(text, fallback, country)
    if (list !== null) return { phones: list, withheld: [], unreadable: [] }
  }
  const whole = readOne(text, fallback, country)
  if (whole.phone === null || isSubscriber(whole.phone)) return sorted([whole])
  return sorted(partsOf(text, country).map((piece) => readOne(piece, fallback, country)))
}

/** The internal numbers of a customer: short codes, parted at blanks and punctuation. */
export function readExtensionCell(text: string, country: string | null): PhoneCell {
  const pieces = text.split(/[\s,;/|]+/).filter((piece) => piece !== '')
  return sorted(
    pieces.map((raw) => {
      const values = toPhoneRow({ raw, kind: EXTENSION, label: null, position: 0 }, country)
      return { phone: values === null ? null : { values, kind: EXTENSION }, raw }
    }),
  )
}

/** What makes two entries the same number of one party. */
export function phoneKey(
  values: Pick<PhoneValues, 'e164' | 'national' | 'exact' | 'raw' | 'extension'>,
): string {
  const number = values.e164 ?? values.national ?? values.exact ?? values.raw
  return values.extension === null ? number : `${number}x${values.extension}`
}
