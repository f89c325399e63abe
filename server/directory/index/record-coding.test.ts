import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ContactRecord, CustomerRecord, PartyRecord } from '../party-record.ts'
import type { ReadNumber } from '../read-number.ts'
import { ByteReader, ByteWriter } from './byte-coding.ts'
import { decodeRecord, decodeSummary, encodeRecord } from './record-coding.ts'

/** Any code units: lone surrogates, NUL, text that fits a byte and text that does not. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { maxLength: 300 })
    .map((units) => String.fromCharCode(...units)),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
)
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const kind = fc.oneof(fc.constantFrom('main', 'mobile', 'business', 'extension', 'work', ''), text)
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>
/** As large as a signed integer may be. */
const MOST = 2 ** 51 - 1
const signed = fc.integer({ min: -MOST, max: MOST })
const day = fc.integer({ min: -1_000_000, max: 1_000_000 })
const digits = fc.integer({ min: 0, max: 10 ** 15 - 1 })

const read: fc.Arbitrary<ReadNumber> = fc.oneof(
  fc.constant<ReadNumber>({ kind: 'withheld' }),
  fc
    .record({ digits, extension: optional(text) })
    .map((one): ReadNumber => ({ kind: 'external', e164: `+${one.digits}`, ...one })),
  record({ kind: fc.constant('external' as const), e164: text, digits, extension: optional(text) }),
  record({ kind: fc.constant('national' as const), digits: text, extension: optional(text) }),
  record({ kind: fc.constantFrom('short' as const, 'unreadable' as const), text }),
)

const party = {
  id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  name: text,
  external_id: optional(text),
  active: fc.boolean(),
  hints: record({
    direct_line: optional(text),
    queue_position: optional(signed),
    route_identifier: optional(text),
    backend_link: optional(text),
    outbound_number: optional(text),
    language: optional(text),
  }),
  numbers: fc.array(record({ kind, read })),
}
const contract = record({
  id: fc.maxSafeNat(),
  kind: fc.oneof(fc.constant('on_call_duty'), text),
  reference: optional(text),
  start_day: optional(day),
  end_day: optional(day),
  suspended: fc.boolean(),
})
const customer: fc.Arbitrary<CustomerRecord> = record({
  party: fc.constant('customer' as const),
  ...party,
  account: optional(text),
  category_id: optional(fc.maxSafeNat()),
  contracts: fc.array(contract),
})
const contact: fc.Arbitrary<ContactRecord> = record({
  party: fc.constant('contact' as const),
  ...party,
  customer_id: optional(party.id),
})

/** A record among other bytes, as the arena holds it. */
function encoded(one: PartyRecord): Buffer {
  const { bytes, length } = encodeRecord(one)
  return Buffer.concat([Buffer.from([7, 7]), bytes.subarray(0, length), Buffer.from([255, 255])])
}

test('any record comes back equal, whatever its texts are made of, whole and without its numbers', () => {
  fc.assert(
    fc.property(fc.oneof(customer, contact), (one) => {
      const bytes = encoded(one)
      assert.deepEqual(decodeRecord(bytes, 2), one)
      const { numbers: _, external_id: __, ...summary } = one
      assert.deepEqual(decodeSummary(bytes, 2), summary)
    }),
    { numRuns: 300 },
  )
})

test('integers and texts come back in the order they were written, and a record takes few bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.maxSafeNat(), optional(signed), optional(text))), (written) => {
      const writer = new ByteWriter()
      for (const [integer, number, one] of written) {
        writer.integer(integer)
        writer.optional(number)
        writer.text(one)
      }
      const reader = new ByteReader()
      reader.open(Buffer.from(writer.bytes.subarray(0, writer.length)), 0)
      for (const values of written)
        assert.deepEqual([reader.integer(), reader.optional(), reader.text()], values)
    }),
  )
  const anna: PartyRecord = {
    party: 'contact',
    external_id: null,
    id: 3_000_000,
    customer_id: 1_000_000,
    name: 'Anna Weiß',
    active: true,
    hints: {
      direct_line: null,
      queue_position: null,
      route_identifier: null,
      backend_link: null,
      outbound_number: null,
      language: null,
    },
    numbers: [
      {
        kind: 'mobile',
        read: { kind: 'external', e164: '+33628773862', digits: 33_628_773_862, extension: null },
      },
    ],
  }
  assert.equal(encodeRecord(anna).length, 1 + 4 + 3 + 1 + 9 + 1 + 1 + 5)
  assert.equal(encodeRecord({ ...anna, external_id: 'P123456' }).length, 25 + 1 + 7)
})
