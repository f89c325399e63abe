import type { PhoneValues } from '../phones.ts'
import { EXTENSION } from '../phones.ts'
import { phoneKey, type CellPhone } from './phone-cell.ts'

/** One column of the book governs a customer's numbers, another its extensions. */
export type PhoneGroup = 'numbers' | 'extensions'

/** `id` and `stored` are null for a number that is not in the store yet. */
type Entry = { id: number | null; key: string; values: PhoneValues; stored: PhoneValues | null }
/** `named`: by some row of this import, in the order of the rows. `unnamed`: the others, in the order they stand. */
type Group = { named: Entry[]; unnamed: Entry[]; touched: boolean }

/** The numbers of one party while a batch is merged into them. */
export type PhoneList = { numbers: Group; extensions: Group }

export type StoredPhone = PhoneValues & { id: number }
export type PhoneWrites = {
  inserted: { values: PhoneValues; position: number }[]
  updated: { id: number; values: PhoneValues; position: number }[]
}

export function newPhoneList(): PhoneList {
  return {
    numbers: { named: [], unnamed: [], touched: false },
    extensions: { named: [], unnamed: [], touched: false },
  }
}

export const groupOf = (kind: string): PhoneGroup => (kind === EXTENSION ? 'extensions' : 'numbers')

/** Puts a stored number at the end of its party's list. */
export function addStored(list: PhoneList, phone: StoredPhone, named: boolean): void {
  const group = list[groupOf(phone.kind)]
  const { id, ...values } = phone
  const entry = { id, key: phoneKey(phone), values, stored: values }
  if (named) group.named.push(entry)
  else group.unnamed.push(entry)
}

function isSameReading(a: PhoneValues, b: PhoneValues): boolean {
  return (
    a.kind === b.kind &&
    a.raw === b.raw &&
    a.e164 === b.e164 &&
    a.national === b.national &&
    a.exact === b.exact &&
    a.extension === b.extension &&
    a.country === b.country &&
    a.normaliser === b.normaliser
  )
}

/**
 * A row names these numbers of the party. Rows of one import add up; what no row has named by the end of the file
 * goes then, and not before: a later row may still name it.
 */
export function namePhones(list: PhoneList, which: PhoneGroup, phones: CellPhone[]): void {
  const group = list[which]
  group.touched = true
  for (const { values, kind } of phones) {
    const key = phoneKey(values)
    if (group.named.some((entry) => entry.key === key)) continue
    const index = group.unnamed.findIndex((entry) => entry.key === key)
    const [entry] = index < 0 ? [] : group.unnamed.splice(index, 1)
    if (entry === undefined) {
      group.named.push({ id: null, key, values, stored: null })
      continue
    }
    // What kind of phone it is, a person may know better than a book that does not say.
    const { position, label, kind: storedKind } = entry.values
    entry.values = { ...values, position, label, kind: kind ?? storedKind }
    group.named.push(entry)
  }
}

/** Gives every number its place, and answers what that changes in the store. */
export function writesOf(list: PhoneList): PhoneWrites {
  const writes: PhoneWrites = { inserted: [], updated: [] }
  let last = -1
  for (const { named, unnamed } of [list.numbers, list.extensions]) {
    for (const entries of [named, unnamed]) {
      for (const { id, values, stored } of entries) {
        const position = stored !== null && values.position > last ? values.position : last + 1
        last = position
        if (stored === null) writes.inserted.push({ values, position })
        else if (id !== null && (position !== stored.position || !isSameReading(values, stored))) {
          writes.updated.push({ id, values, position })
        }
      }
    }
  }
  return writes
}

/** Stored numbers of this group that no row has named yet. */
export function unnamedIds(list: PhoneList, which: PhoneGroup): number[] {
  return list[which].unnamed.flatMap(({ id }) => (id === null ? [] : [id]))
}
