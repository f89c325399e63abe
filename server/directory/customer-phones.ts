import type { CustomerPatch } from '../../contract/customers.ts'
import type { FieldCheck } from '../platform/field-check.ts'
import { checkPhone, type PhoneRow } from './party-phones.ts'
import { EXTENSION, MAIN, type PhoneValues } from './phones.ts'

/** The numbers of a write; undefined = not written. `phone` holds one number at most. */
export type WrittenPhones = { phone?: PhoneValues[]; others?: PhoneValues[]; extensions?: PhoneValues[] }

/** Reads the numbers of a write, each refused on its field when it is none. */
export function readPhoneFields(
  check: FieldCheck,
  input: CustomerPatch,
  country: string | null,
): WrittenPhones {
  const read = (field: string, kind: string, raws: string[] | null | undefined) =>
    raws?.flatMap((raw) => checkPhone(check, field, { raw, kind, label: null, position: 0 }, country) ?? [])
  const phone = input.phone === undefined ? undefined : [input.phone ?? ''].filter((raw) => raw.trim() !== '')
  return {
    phone: read('phone', MAIN, phone),
    others: read('other_phones', MAIN, input.other_phones === null ? [] : input.other_phones),
    extensions: read('extensions', EXTENSION, input.extensions === null ? [] : input.extensions),
  }
}

/** A customer's stored numbers, in their order, as the API tells them apart. */
export function sortPhones<Phone extends { kind: string }>(phones: Phone[]) {
  const [main = null, ...others] = phones.filter((phone) => phone.kind !== EXTENSION)
  return { main, others, extensions: phones.filter((phone) => phone.kind === EXTENSION) }
}

/**
 * All numbers of a customer after a write; null when it changes none of them. A number that was there already keeps
 * its kind, its label and how it was read, whichever country it was read in. Clearing `phone` alone clears the other
 * numbers too, or one of them would take its place.
 */
export function mergePhones(present: PhoneRow[], written: WrittenPhones): PhoneValues[] | null {
  const { main, others, extensions } = sortPhones(present.map(valuesOf))
  const outside = [
    ...(written.phone ?? (main === null ? [] : [main])),
    ...(written.others ?? (written.phone?.length === 0 ? [] : others)),
  ]
  const before = [...(main === null ? [] : [main]), ...others]
  const after = [...settled(outside, before), ...settled(written.extensions ?? extensions, extensions)]
  const same =
    after.length === present.length &&
    after.every((phone, i) => phone.raw === [...before, ...extensions][i]?.raw)
  return same ? null : after.map((phone, position) => ({ ...phone, position }))
}

/** Each number once, in whatever spelling it came first; those that were there as they were. */
function settled(wanted: PhoneValues[], before: PhoneValues[]): PhoneValues[] {
  const numbers = new Map<string, PhoneValues>()
  for (const given of wanted) {
    const phone = before.find((one) => one.raw === given.raw) ?? given
    const number = numberKey(phone)
    if (!numbers.has(number)) numbers.set(number, phone)
  }
  return [...numbers.values()]
}

/** What makes two spellings the same number. */
export function numberKey({
  e164,
  national,
  exact,
  extension,
}: Pick<PhoneValues, 'e164' | 'national' | 'exact' | 'extension'>): string {
  return [e164, national, exact, extension].join(' ')
}

/** A stored number without what says whose it is. */
export function valuesOf({
  id: _id,
  tenant_id: _tenant,
  customer_id: _customer,
  contact_id: _contact,
  ...values
}: PhoneRow): PhoneValues {
  return values
}
