import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContactRecord, CustomerRecord, PartyRecord } from '../party-record.ts'
import { RecordStore } from './record-store.ts'

const HINTS = {
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
}

function customer(id: number, more: Partial<CustomerRecord> = {}): CustomerRecord {
  return {
    party: 'customer',
    external_id: null,
    id,
    account: null,
    name: `C${id}`,
    category_id: null,
    active: true,
    hints: HINTS,
    contracts: [],
    numbers: [],
    ...more,
  }
}

function contact(id: number, customer_id: number | null, more: Partial<ContactRecord> = {}): ContactRecord {
  return {
    party: 'contact',
    external_id: null,
    id,
    customer_id,
    name: `P${id}`,
    active: true,
    hints: HINTS,
    numbers: [],
    ...more,
  }
}

function put(store: RecordStore, record: PartyRecord): void {
  if (store.has(record.id)) store.remove(record.id)
  store.add(record)
}

test('a record comes back as it was, with every kind of number, contract and letter', () => {
  const store = new RecordStore()
  const record = customer(7, {
    account: 'CL\u0000 "7"',
    name: 'Žluťoučký 株式会社 \ud800 ☎️',
    category_id: 3,
    active: false,
    hints: {
      direct_line: '+33123456789',
      queue_position: 0,
      route_identifier: '',
      backend_link: 'https://example.org/7',
      outbound_number: '+33199001000',
      language: 'fr',
    },
    contracts: [
      { id: 1, kind: 'on_call_duty', reference: null, start_day: -3, end_day: null, suspended: true },
      { id: 2, kind: 'other', reference: 'R', start_day: null, end_day: 20_000, suspended: false },
    ],
    numbers: [
      {
        kind: 'main',
        read: { kind: 'external', e164: '+33123456789', digits: 33_123_456_789, extension: null },
      },
      {
        kind: 'other',
        read: { kind: 'external', e164: '+33123456789', digits: 33_123_456_789, extension: '45' },
      },
      { kind: 'odd', read: { kind: 'external', e164: '+033', digits: 33, extension: null } },
      { kind: 'home', read: { kind: 'national', digits: '612345678', extension: null } },
      { kind: 'home', read: { kind: 'national', digits: '612345678', extension: '1' } },
      { kind: 'extension', read: { kind: 'short', text: '101' } },
      { kind: '', read: { kind: 'unreadable', text: 'ask Anna' } },
      { kind: 'none', read: { kind: 'withheld' } },
    ],
  })
  const person = contact(8, null, { name: '' })
  store.add(record)
  store.add(person)
  assert.deepEqual(store.read(7), record)
  assert.deepEqual(store.read(8), person)
})

test('a record larger than a chunk fits', () => {
  const store = new RecordStore()
  const large = customer(1, { name: 'x'.repeat(200_000) })
  store.add(large)
  store.add(customer(2))
  assert.deepEqual(store.read(1), large)
  assert.deepEqual(store.read(2), customer(2))
})

test('a person of an inactive customer is hidden, whichever of the two arrives first', () => {
  const store = new RecordStore()
  store.add(contact(1, 50))
  assert.equal(store.isHidden(1), false)
  assert.equal(store.has(50), false)
  put(store, customer(50, { active: false }))
  assert.equal(store.isHidden(1), true)
  assert.equal(store.customerOf(1), 50)
  store.add(contact(2, 50))
  assert.equal(store.isHidden(2), true)
  put(store, contact(2, null))
  assert.equal(store.isHidden(2), false)
  put(store, customer(50))
  assert.equal(store.isHidden(1), false)
  put(store, customer(50, { active: false }))
  store.remove(50)
  assert.equal(store.isHidden(1), false)
})

test('ids up to the largest there are keep apart', () => {
  const store = new RecordStore()
  const [large, small] = [2 ** 31 - 1, 15]
  for (const id of [large, small]) store.add(contact(id, null))
  store.remove(small)
  assert.equal(store.has(small), false)
  assert.deepEqual(store.read(large), contact(large, null))
})

test('records rewritten ten times over do not pile up in memory', () => {
  const store = new RecordStore()
  const name = (round: number) => `Round ${round} ${'x'.repeat(round * 10)}`
  for (let id = 1; id <= 5_000; id++) store.add(customer(id, { name: name(10) }))
  const { records } = store.bytes
  for (let round = 9; round >= 0; round--) {
    for (let id = 1; id <= 5_000; id++) put(store, customer(id, { name: name(round) }))
  }
  assert.ok(store.bytes.records < records, `${store.bytes.records} after, ${records} before`)
  for (let id = 1; id <= 5_000; id++) assert.equal(store.read(id)?.name, name(0))
})

test('slots of those who left are given to those who come, and an empty store has given its records back', () => {
  const store = new RecordStore()
  for (let id = 1; id <= 3_000; id++) store.add(contact(id, 100_000 + id))
  const { slots } = store.bytes
  for (let id = 1; id <= 3_000; id++) store.remove(id)
  for (let id = 4_001; id <= 7_000; id++) store.add(contact(id, 110_000 + id))
  assert.ok(store.bytes.slots <= slots, `${store.bytes.slots} and ${slots}`)
  assert.equal(store.size, 3_000)
  assert.equal(store.has(1), false)
  for (let id = 4_001; id <= 7_000; id++) assert.equal(store.customerOf(id), 110_000 + id)
})
