import type {
  ContactRecord,
  ContractRecord,
  CustomerRecord,
  PartyRecord,
  PartySummary,
  RoutingHints,
  StoredNumber,
} from '../party-record.ts'
import type { ReadNumber } from '../read-number.ts'

type PackedHints = [string | null, number | null, string | null, string | null] | 0
type PackedContract = [number, string, string | null, number | null, number | null, 0 | 1]
type PackedRead =
  | [0]
  | [1, number, (string | null)?]
  | [2, string, number, string | null]
  | [3, string, (string | null)?]
  | [4 | 5, string]
type PackedNumber = [string, ...PackedRead]
type PackedCustomer = [number, string | null, string, number | null, 0 | 1, PackedHints, PackedContract[]]
type PackedContact = [number, number | null, string, 0 | 1, PackedHints]

const flag = (value: boolean): 0 | 1 => (value ? 1 : 0)

function packHints({
  direct_line,
  queue_position,
  route_identifier,
  backend_link,
}: RoutingHints): PackedHints {
  const none =
    direct_line === null && queue_position === null && route_identifier === null && backend_link === null
  return none ? 0 : [direct_line, queue_position, route_identifier, backend_link]
}

/** Shared: most parties have none, and nobody changes a record that was read. */
const NO_HINTS: RoutingHints = Object.freeze({
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
})
const NO_CONTRACTS: ContractRecord[] = []

function unpackHints(packed: PackedHints): RoutingHints {
  if (packed === 0) return NO_HINTS
  const [direct_line, queue_position, route_identifier, backend_link] = packed
  return { direct_line, queue_position, route_identifier, backend_link }
}

function packContract(contract: ContractRecord): PackedContract {
  const { id, kind, reference, start_day, end_day, suspended } = contract
  return [id, kind, reference, start_day, end_day, flag(suspended)]
}

function unpackContract([
  id,
  kind,
  reference,
  start_day,
  end_day,
  suspended,
]: PackedContract): ContractRecord {
  return { id, kind, reference, start_day, end_day, suspended: suspended === 1 }
}

function packRead(read: ReadNumber): PackedRead {
  switch (read.kind) {
    case 'withheld':
      return [0]
    case 'external': {
      const { e164, digits, extension } = read
      if (e164 !== `+${digits}`) return [2, e164, digits, extension]
      return extension === null ? [1, digits] : [1, digits, extension]
    }
    case 'national':
      return read.extension === null ? [3, read.digits] : [3, read.digits, read.extension]
    case 'short':
      return [4, read.text]
    case 'unreadable':
      return [5, read.text]
  }
}

function unpackRead(packed: PackedRead): ReadNumber {
  switch (packed[0]) {
    case 0:
      return { kind: 'withheld' }
    case 1:
      return { kind: 'external', e164: `+${packed[1]}`, digits: packed[1], extension: packed[2] ?? null }
    case 2:
      return { kind: 'external', e164: packed[1], digits: packed[2], extension: packed[3] }
    case 3:
      return { kind: 'national', digits: packed[1], extension: packed[2] ?? null }
    case 4:
      return { kind: 'short', text: packed[1] }
    case 5:
      return { kind: 'unreadable', text: packed[1] }
  }
}

const packNumber = ({ kind, read }: StoredNumber): PackedNumber => [kind, ...packRead(read)]
const unpackNumber = ([kind, ...read]: PackedNumber): StoredNumber => ({ kind, read: unpackRead(read) })

function packCustomer(record: CustomerRecord): PackedCustomer {
  const { id, account, name, category_id, active, hints, contracts } = record
  return [id, account, name, category_id, flag(active), packHints(hints), contracts.map(packContract)]
}

function packContact({ id, customer_id, name, active, hints }: ContactRecord): PackedContact {
  return [id, customer_id, name, flag(active), packHints(hints)]
}

/** Between the summary and the numbers; JSON never holds it bare. */
const BREAK = '\n'

/** A record as the shortest JSON that gives the same record back, lone surrogates included; its numbers come last. */
export function encodeRecord(record: PartyRecord): string {
  const summary = record.party === 'customer' ? packCustomer(record) : packContact(record)
  return JSON.stringify(summary) + BREAK + JSON.stringify(record.numbers.map(packNumber))
}

/** The record `encodeRecord` was given. */
export function decodeRecord(text: string): PartyRecord {
  const packed = JSON.parse(text.slice(text.indexOf(BREAK))) as PackedNumber[]
  return { ...decodeSummary(text), numbers: packed.map(unpackNumber) }
}

/** The same without its numbers, at less than half the price. */
export function decodeSummary(text: string): PartySummary {
  const packed = JSON.parse(text.slice(0, text.indexOf(BREAK))) as PackedCustomer | PackedContact
  if (packed.length === 7) {
    const [id, account, name, category_id, active, hints, contracts] = packed
    return {
      party: 'customer',
      id,
      account,
      name,
      category_id,
      active: active === 1,
      hints: unpackHints(hints),
      contracts: contracts.length === 0 ? NO_CONTRACTS : contracts.map(unpackContract),
    }
  }
  const [id, customer_id, name, active, hints] = packed
  return { party: 'contact', id, customer_id, name, active: active === 1, hints: unpackHints(hints) }
}
