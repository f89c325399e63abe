import type { PhoneValues } from '../phones.ts'
import { isKindWord, phoneKey, readPhoneCell } from './phone-cell.ts'

const LONGEST_CELL = 2_000
const LONGEST_E164 = 15
/** A number that nothing in a cell takes apart. */
const PLAIN = /^\+?[\d .()-]+$/

function wordOf({ kind, raw }: PhoneValues, fallback: string): string {
  // A kind that cells have no word for is left out: the import keeps what is stored.
  return kind !== fallback && isKindWord(kind) ? `${kind}: ${raw}` : raw
}

/** Whole plain numbers, together too long to be one: what an import reads piece by piece. */
function isPlainList(phones: PhoneValues[], country: string | null): boolean {
  let digits = 0
  for (const { raw, e164, extension, country: readIn } of phones) {
    if (e164 === null || extension !== null || readIn !== country || !PLAIN.test(raw)) return false
    digits += raw.replace(/\D/g, '').length
  }
  return digits > LONGEST_E164
}

function readsAs(cell: string, phones: PhoneValues[], fallback: string, country: string | null): boolean {
  const read = readPhoneCell(cell, fallback, country).phones
  return (
    read.length === phones.length &&
    read.every(({ values }, i) => {
      const phone = phones[i]
      const isSameKind = phone !== undefined && (!isKindWord(phone.kind) || values.kind === phone.kind)
      return isSameKind && values.raw === phone.raw && phoneKey(values) === phoneKey(phone)
    })
  )
}

/**
 * A party's numbers as a cell that an import in `country` reads as the same numbers. Several cells, each for a row of
 * its own, when they would be read as others next to each other; one empty cell for no number.
 */
export function writePhoneCells(phones: PhoneValues[], fallback: string, country: string | null): string[] {
  const words = phones.map((phone) => wordOf(phone, fallback))
  const together = words.join('; ')
  if (phones.length < 2) return [together]
  const fits = together.length <= LONGEST_CELL
  if (fits && (isPlainList(phones, country) || readsAs(together, phones, fallback, country)))
    return [together]
  return words
}

export function writeExtensionCell(phones: PhoneValues[]): string {
  return phones.map(({ raw }) => raw).join(' ')
}
