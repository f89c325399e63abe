import type { Selectable } from 'kysely'
import type { StoredNumber } from './party-record.ts'
import { NORMALISER_VERSION, readNumber } from './phone-number.ts'
import type { ReadNumber } from './read-number.ts'
import type { PhonesTable } from './tables.ts'

/** The kind of a customer's number that nobody said more about. */
export const MAIN = 'main'
/** The kind of an internal number of the PBX listed on a customer. */
export const EXTENSION = 'extension'

/** A number as somebody wrote it; `position` is its place among the party's numbers, from 0. */
export type PhoneInput = { raw: string; kind: string; label: string | null; position: number }

/** The columns of `phones` that do not say whose number it is. */
export type PhoneValues = Omit<PhonesTable, 'id' | 'tenant_id' | 'customer_id' | 'contact_id'>

/**
 * One number as it is stored: the text as typed and what it was read as in `country` (ISO 3166-1 alpha-2 or
 * null). null for a text that says there is no number (empty, withheld): such a thing is never stored. A text
 * nobody can read is kept and matches itself only.
 */
export function toPhoneRow(input: PhoneInput, country: string | null): PhoneValues | null {
  const raw = input.raw.trim()
  const read = readNumber(raw, country)
  if (read.kind === 'withheld') return null
  return {
    position: input.position,
    kind: input.kind,
    label: input.label,
    raw,
    e164: read.kind === 'external' ? read.e164 : null,
    national: read.kind === 'national' ? read.digits : null,
    exact: read.kind === 'short' || read.kind === 'unreadable' ? read.text : null,
    extension: read.kind === 'external' || read.kind === 'national' ? read.extension : null,
    country,
    normaliser: NORMALISER_VERSION,
  }
}

/** A stored number as the caller index holds it. */
export function toStoredNumber(row: Selectable<PhonesTable>): StoredNumber {
  return { kind: row.kind, read: readingOf(row) }
}

/** What a stored number reads as. */
export function readingOf(
  row: Pick<PhoneValues, 'e164' | 'national' | 'exact' | 'extension' | 'raw'>,
): ReadNumber {
  const { e164, national, exact, extension } = row
  if (e164 !== null) return { kind: 'external', e164, digits: Number(e164.slice(1)), extension }
  if (national !== null) return { kind: 'national', digits: national, extension }
  const text = exact ?? row.raw
  return { kind: /^[\d*#]+$/.test(text) ? 'short' : 'unreadable', text }
}
