import {
  NO_HINTS,
  type ContractRecord,
  type PartyRecord,
  type PartySummary,
  type RoutingHints,
  type StoredNumber,
} from '../party-record.ts'
import { PlainNumber, type ReadNumber } from '../read-number.ts'
import { ByteReader, ByteWriter, isWide } from './byte-coding.ts'

/** The first byte of a record. */
const COMPANY = 1
const ACTIVE = 2
/** Account and name take two bytes a unit. */
const WIDE = 4
const HINTS = 8
/** A contact of a customer, or a customer in a category. */
const LINKED = 16
const ACCOUNT = 32
const EXTERNAL_ID = 64

/** How a number was read, in three bits; the other five are its kind. */
const WITHHELD = 0
const EXTERNAL = 1
const EXTERNAL_EXTENSION = 2
/** Whose E.164 text is not a plus and its digits. */
const EXTERNAL_ODD = 3
const NATIONAL = 4
const NATIONAL_EXTENSION = 5
const SHORT = 6
const UNREADABLE = 7
const READ_BITS = 3

/** Kinds of numbers that take no room of their own; place 0 is any other, spelt out. Only ever added to. */
const KINDS = [
  '',
  'main',
  'mobile',
  'business',
  'extension',
  'home',
  'fax',
  'other',
  'phone',
  'work',
] as const
const placeOfKind = new Map<string, number>(KINDS.map((kind, place) => [kind, place]))
placeOfKind.delete('')

const NO_CONTRACTS: ContractRecord[] = []

const writer = new ByteWriter()
const reader = new ByteReader()

function hasHints(hints: RoutingHints): boolean {
  return hints !== NO_HINTS && Object.values(hints).some((hint) => hint !== null)
}

function writeHints(hints: RoutingHints): void {
  const { direct_line, queue_position, route_identifier, backend_link, outbound_number, language } = hints
  writer.text(direct_line)
  writer.optional(queue_position)
  writer.text(route_identifier)
  writer.text(backend_link)
  writer.text(outbound_number)
  writer.text(language)
}

function readHints(): RoutingHints {
  const direct_line = reader.text()
  const queue_position = reader.optional()
  const route_identifier = reader.text()
  const backend_link = reader.text()
  const outbound_number = reader.text()
  const language = reader.text()
  return { direct_line, queue_position, route_identifier, backend_link, outbound_number, language }
}

function writeContract({ id, kind, reference, start_day, end_day, suspended }: ContractRecord): void {
  writer.integer(id)
  writer.text(kind)
  writer.text(reference)
  writer.optional(start_day)
  writer.optional(end_day)
  writer.byte(Number(suspended))
}

function readContract(): ContractRecord {
  const id = reader.integer()
  const kind = reader.text() ?? ''
  const reference = reader.text()
  const start_day = reader.optional()
  const end_day = reader.optional()
  return { id, kind, reference, start_day, end_day, suspended: reader.byte() === 1 }
}

function formOf(read: ReadNumber): number {
  switch (read.kind) {
    case 'withheld':
      return WITHHELD
    case 'external':
      if (read instanceof PlainNumber) return EXTERNAL
      if (read.e164 !== `+${read.digits}`) return EXTERNAL_ODD
      return read.extension === null ? EXTERNAL : EXTERNAL_EXTENSION
    case 'national':
      return read.extension === null ? NATIONAL : NATIONAL_EXTENSION
    case 'short':
      return SHORT
    case 'unreadable':
      return UNREADABLE
  }
}

function writeNumber({ kind, read }: StoredNumber): void {
  const form = formOf(read)
  const place = placeOfKind.get(kind) ?? 0
  writer.byte((place << READ_BITS) | form)
  if (place === 0) writer.text(kind)
  if (read.kind === 'external') {
    writer.integer(read.digits)
    if (form === EXTERNAL_ODD) writer.text(read.e164)
    if (form !== EXTERNAL) writer.text(read.extension)
  } else if (read.kind === 'national') {
    writer.text(read.digits)
    if (form === NATIONAL_EXTENSION) writer.text(read.extension)
  } else if (read.kind !== 'withheld') writer.text(read.text)
}

function readNumber(): StoredNumber {
  const head = reader.byte()
  const kind = head >>> READ_BITS === 0 ? (reader.text() ?? '') : KINDS[head >>> READ_BITS]!
  return { kind, read: readForm(head & ((1 << READ_BITS) - 1)) }
}

function readForm(form: number): ReadNumber {
  switch (form) {
    case EXTERNAL:
    case EXTERNAL_EXTENSION:
    case EXTERNAL_ODD: {
      const digits = reader.integer()
      const e164 = form === EXTERNAL_ODD ? (reader.text() ?? '') : `+${digits}`
      return { kind: 'external', e164, digits, extension: form === EXTERNAL ? null : reader.text() }
    }
    case NATIONAL:
    case NATIONAL_EXTENSION: {
      const digits = reader.text() ?? ''
      return { kind: 'national', digits, extension: form === NATIONAL ? null : reader.text() }
    }
    case SHORT:
      return { kind: 'short', text: reader.text() ?? '' }
    case UNREADABLE:
      return { kind: 'unreadable', text: reader.text() ?? '' }
    default:
      return { kind: 'withheld' }
  }
}

/**
 * A record as bytes, good until the next one is encoded: what an answer needs comes first, with account and name as one
 * run of units, then hints and contracts, then the numbers, last the foreign id.
 */
export function encodeRecord(record: PartyRecord): ByteWriter {
  const { id, name, active, hints, numbers, external_id } = record
  const account = record.party === 'customer' ? record.account : null
  const link = record.party === 'customer' ? record.category_id : record.customer_id
  const wide = isWide(name) || (account !== null && isWide(account))
  const hinted = hasHints(hints)
  writer.begin()
  writer.byte(
    (record.party === 'customer' ? COMPANY : 0) |
      (active ? ACTIVE : 0) |
      (wide ? WIDE : 0) |
      (hinted ? HINTS : 0) |
      (link === null ? 0 : LINKED) |
      (account === null ? 0 : ACCOUNT) |
      (external_id === null ? 0 : EXTERNAL_ID),
  )
  writer.integer(id)
  if (link !== null) writer.integer(link)
  if (account !== null) writer.integer(account.length)
  writer.integer(name.length)
  if (account !== null) writer.units(account, wide)
  writer.units(name, wide)
  if (hinted) writeHints(hints)
  if (record.party === 'customer') {
    writer.integer(record.contracts.length)
    for (const contract of record.contracts) writeContract(contract)
  }
  writer.integer(numbers.length)
  for (const number of numbers) writeNumber(number)
  if (external_id !== null) writer.text(external_id)
  return writer
}

/** The record `encodeRecord` was given, from its first byte. */
export function decodeRecord(bytes: Buffer, at: number): PartyRecord {
  const summary = decodeSummary(bytes, at)
  const numbers: StoredNumber[] = []
  for (let left = reader.integer(); left > 0; left--) numbers.push(readNumber())
  const external_id = (bytes[at]! & EXTERNAL_ID) === 0 ? null : reader.text()
  return { ...summary, numbers, external_id }
}

/** The same without its numbers and what follows them, which are not looked at. */
export function decodeSummary(bytes: Buffer, at: number): PartySummary {
  reader.open(bytes, at)
  const flags = reader.byte()
  const id = reader.integer()
  const link = (flags & LINKED) === 0 ? null : reader.integer()
  const split = (flags & ACCOUNT) === 0 ? 0 : reader.integer()
  const text = reader.units(split + reader.integer(), (flags & WIDE) !== 0)
  const active = (flags & ACTIVE) !== 0
  const hints = (flags & HINTS) === 0 ? NO_HINTS : readHints()
  if ((flags & COMPANY) === 0) return { party: 'contact', id, customer_id: link, name: text, active, hints }
  const account = (flags & ACCOUNT) === 0 ? null : text.slice(0, split)
  const contracts = readContracts()
  return {
    party: 'customer',
    id,
    account,
    name: text.slice(split),
    category_id: link,
    active,
    hints,
    contracts,
  }
}

function readContracts(): ContractRecord[] {
  const count = reader.integer()
  if (count === 0) return NO_CONTRACTS
  const contracts: ContractRecord[] = []
  for (let left = count; left > 0; left--) contracts.push(readContract())
  return contracts
}
