import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openCallerIndex, type CallerIndex, type CallerIndexImage, type Tier } from './caller-index.ts'
import type { ContactRecord, CustomerRecord, PartyRecord, StoredNumber } from './party-record.ts'
import { aliasKeys, nationalDigits, readNumber } from './phone-number.ts'
import type { ReadNumber } from './read-number.ts'

const HINTS = {
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
}
const OFF = { tail: false, switchboard: false }
const ALL = { tail: true, switchboard: true }

const listed = (...texts: string[]): StoredNumber[] =>
  texts.map((text) => ({ kind: 'main', read: readNumber(text, null) }))

function customer(
  id: number,
  numbers: StoredNumber[] = [],
  more: Partial<CustomerRecord> = {},
): CustomerRecord {
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
    numbers,
    ...more,
  }
}

function contact(
  id: number,
  customer_id: number | null,
  numbers: StoredNumber[] = [],
  more: Partial<ContactRecord> = {},
): ContactRecord {
  return {
    party: 'contact',
    external_id: null,
    id,
    customer_id,
    name: `P${id}`,
    active: true,
    hints: HINTS,
    numbers,
    ...more,
  }
}

function indexOf(...records: PartyRecord[]): CallerIndex {
  const index = openCallerIndex()
  for (const record of records) index.put(record)
  return index
}

function found(
  index: CallerIndex,
  text: string,
  country: string | null = null,
  options = OFF,
): [Tier | null, number, ...number[]] {
  const { tier, confidence, owners } = index.findNumber(readNumber(text, country), options)
  return [tier, confidence, ...owners]
}

const NOBODY = [null, 0]

test('an empty index knows nobody and takes next to no memory', () => {
  const index = openCallerIndex()
  for (const text of ['+33628773862', '0628773862', '101', 'anonymous', '', 'ask Anna', '0'])
    assert.deepEqual(found(index, text, null, ALL), NOBODY)
  assert.deepEqual(index.findAccount('101'), [])
  assert.equal(index.get(1), null)
  assert.equal(index.category(1), null)
  index.remove(1)
  assert.deepEqual({ ...index.stats(), bytes: 0, parts: {} }, { parties: 0, numbers: 0, bytes: 0, parts: {} })
  assert.ok(index.stats().bytes < 100_000)
})

test('the whole number is an exact match, in any spelling', () => {
  const index = indexOf(customer(1, listed('+33 6 28 77 38 62')))
  assert.deepEqual(found(index, '06.28.77.38.62', 'FR'), ['exact', 1, 1])
  assert.deepEqual(found(index, '+33628773862'), ['exact', 1, 1])
  assert.deepEqual(found(index, '+33628773863'), NOBODY)
  assert.deepEqual(found(index, '+49628773862'), NOBODY)
})

test('a number without a country matches one with it, whichever side lacks it', () => {
  const index = indexOf(
    customer(1, listed('+33628773862')),
    customer(2, listed('06 11 22 33 44')),
    customer(3, listed('+6591234567')),
  )
  assert.deepEqual(found(index, '0628773862'), ['national', 0.9, 1])
  assert.deepEqual(found(index, '+33611223344'), ['national', 0.9, 2])
  assert.deepEqual(found(index, '06-11-22-33-44'), ['national', 0.9, 2])
  assert.deepEqual(found(index, '91234567'), ['national', 0.9, 3])
  assert.deepEqual(found(index, '0628773863'), NOBODY)
  assert.deepEqual(found(index, '1234567'), NOBODY)
})

test('two countries with the same national number both answer to it', () => {
  const index = indexOf(customer(1, listed('+33612345678')), customer(2, listed('+40612345678')))
  assert.deepEqual(found(index, '0612345678'), ['national', 0.9, 1, 2])
})

test('an Italian zero is found although it looked like a trunk prefix', () => {
  const index = indexOf(customer(1, listed('+390669812345')), customer(2, listed('06 698 99999')))
  assert.deepEqual(found(index, '06 698 12345'), ['national', 0.9, 1])
  assert.deepEqual(found(index, '+390669899999'), ['national', 0.9, 2])
})

test('digits that lost their plus are tried as a whole number, after the national reading', () => {
  const index = indexOf(customer(1, listed('+40712345678')), customer(2, listed('33628773862')))
  assert.deepEqual(found(index, '40712345678'), ['national', 0.9, 1])
  assert.deepEqual(found(index, '+33628773862'), ['national', 0.9, 2])
})

test('Argentine and Mexican mobiles match with and without their extra digit', () => {
  const argentine = {
    kind: 'external' as const,
    e164: '+541123456789',
    digits: 541_123_456_789,
    extension: null,
  }
  const index = indexOf(
    customer(1, listed('+54 9 11 2345-6789')),
    customer(2, [
      {
        kind: 'main',
        read: { kind: 'external', e164: '+5215512345678', digits: 5_215_512_345_678, extension: null },
      },
    ]),
  )
  assert.deepEqual(index.findNumber(argentine, OFF).tier, 'alias')
  assert.deepEqual(found(index, '+52 55 1234 5678'), ['alias', 0.9, 2])
})

test('an extension, a short code and a text nobody can read match only themselves', () => {
  const index = indexOf(customer(1, listed('101', 'ask Anna')), contact(2, null, listed('0101')))
  assert.deepEqual(found(index, '101'), ['extension', 0.9, 1])
  assert.deepEqual(found(index, '0101'), ['extension', 0.9, 2])
  assert.deepEqual(found(index, 'ask Anna'), ['extension', 0.9, 1])
  assert.deepEqual(found(index, 'ask anna'), NOBODY)
  assert.deepEqual(found(index, '+33123450101', null, ALL), NOBODY)
})

test('the last nine digits match when allowed, when only one number has them and the calling codes agree', () => {
  const index = indexOf(customer(1, listed('+4930123456789')), customer(2, listed('+33699999999')))
  assert.deepEqual(found(index, '+49123456789', null, OFF), NOBODY)
  assert.deepEqual(found(index, '+4940123456789', null, ALL), ['tail', 0.6, 1])
  assert.deepEqual(found(index, '+4340123456789', null, ALL), NOBODY)
  assert.deepEqual(found(index, '2699999999', null, { tail: true, switchboard: false }), ['tail', 0.6, 2])
  index.put(customer(3, listed('+4950123456789')))
  assert.deepEqual(found(index, '+4940123456789', null, ALL), NOBODY)
  index.put(customer(3, listed('+4950123456789'), { active: false }))
  assert.deepEqual(found(index, '+4940123456789', null, ALL), ['tail', 0.6, 1])
})

test('a number behind a main number finds the company when allowed, never a person, never in +1', () => {
  const index = indexOf(
    customer(1, listed('+49 30 1234567-0')),
    customer(2, listed('+493088888')),
    contact(3, 1, listed('+49 30 5555555-0')),
    customer(4, listed('+12125550100')),
  )
  assert.deepEqual(found(index, '+49301234567123', null, OFF), NOBODY)
  for (const end of ['1', '12', '123'])
    assert.deepEqual(found(index, `+49301234567${end}`, null, ALL), ['switchboard', 0.5, 1])
  assert.deepEqual(found(index, '+493012345671234', null, ALL), NOBODY)
  assert.deepEqual(found(index, '+49308888812', null, ALL), ['switchboard', 0.5, 2])
  assert.deepEqual(found(index, '+49305555555123', null, ALL), NOBODY)
  assert.deepEqual(found(index, '+12125550101', null, ALL), NOBODY)
})

test('who is inactive, or belongs to an inactive customer, is kept and never found', () => {
  const number = listed('+33628773862', '101')
  const index = indexOf(
    contact(2, 1, number),
    customer(1, number, { active: false, account: 'A1' }),
    contact(3, null, number, { active: false }),
  )
  assert.deepEqual(found(index, '+33628773862', null, ALL), NOBODY)
  assert.deepEqual(found(index, '101'), NOBODY)
  assert.deepEqual(index.findAccount('A1'), [])
  assert.equal(index.get(1)?.active, false)
  assert.equal(index.stats().numbers, 2, 'only the person of the inactive customer is still listed')
  index.put(customer(1, number, { account: 'A1' }))
  assert.deepEqual(found(index, '+33628773862'), ['exact', 1, 1, 2])
  assert.deepEqual(found(index, '101'), ['extension', 0.9, 1, 2])
  assert.deepEqual(index.findAccount('A1'), [1])
})

test('an inactive owner of the whole number does not hide an active one of the same national number', () => {
  const index = indexOf(
    contact(2, 1, listed('+33628773862')),
    customer(1, [], { active: false }),
    customer(3, listed('0628773862')),
  )
  assert.deepEqual(found(index, '+33628773862'), ['national', 0.9, 3])
})

test('a number shared by a hundred thousand names a hundred, says that there are more, and can be walked through', () => {
  const index = openCallerIndex()
  const shared = listed('+33100000000', '700')
  for (let id = 1; id <= 100_000; id++) index.put(contact(id, null, shared))
  for (const text of ['+33100000000', '700']) {
    const hit = index.findNumber(readNumber(text, null), OFF)
    assert.equal(hit.owners.length, 100)
    assert.equal(hit.more, true)
    const seen = new Set<number>()
    hit.every?.((id) => seen.add(id).size > 0)
    assert.equal(seen.size, 100_000)
  }
  for (let id = 1; id < 100_000; id++) index.remove(id)
  assert.deepEqual(found(index, '+33100000000'), ['exact', 1, 100_000])
  assert.deepEqual(found(index, '0100000000'), ['national', 0.9, 100_000])
})

test('the keys that were looked for are taken down on request, up to the rule that found somebody', () => {
  const index = indexOf(customer(1, listed('0628773862')))
  const tried: { tier: Tier; key: string; hits: number }[] = []
  const hit = index.findNumber(readNumber('+33628773862', null), ALL, tried)
  assert.deepEqual([hit.tier, ...hit.owners], ['national', 1])
  assert.deepEqual(tried, [
    { tier: 'exact', key: '+33628773862', hits: 0 },
    { tier: 'national', key: '628773862', hits: 1 },
    { tier: 'national', key: '33628773862', hits: 0 },
  ])
})

test('accounts are found by their text in any case, else by their digits', () => {
  const account = (id: number, text: string) => customer(id, [], { account: text })
  const index = indexOf(
    account(1, 'CL000101'),
    account(2, 'XY-101'),
    account(3, '202'),
    account(4, 'CL0202'),
    account(5, 'Straße'),
    account(6, '000'),
    account(7, 'A#1'),
  )
  assert.deepEqual(index.findAccount('cl000101'), [1])
  assert.deepEqual(index.findAccount(' ＣＬ０００１０１ '), [1])
  assert.deepEqual(index.findAccount('101'), [1, 2])
  assert.deepEqual(index.findAccount('00101#'), [1, 2])
  assert.deepEqual(index.findAccount('202'), [3])
  assert.deepEqual(index.findAccount('0202'), [3, 4])
  assert.deepEqual(index.findAccount('XY101'), [])
  assert.deepEqual(index.findAccount('STRASSE'), [])
  assert.deepEqual(index.findAccount('0'), [6])
  assert.deepEqual(index.findAccount('a#1'), [7])
  assert.deepEqual(index.findAccount('9'.repeat(500)), [])
  index.remove(1)
  assert.deepEqual(index.findAccount('101'), [2])
})

test('categories are kept, replaced and forgotten', () => {
  const index = openCallerIndex()
  index.putCategory({ id: 1, name: 'Gold', vip: true })
  index.putCategory({ id: 1, name: 'Gold', vip: false })
  assert.deepEqual(index.category(1), { id: 1, name: 'Gold', vip: false })
  index.removeCategory(1)
  assert.equal(index.category(1), null)
})

/** Few numbers that touch each other in every way the rules know. */
const BOOK = [
  '+33628773862',
  '0628773862',
  '33628773862',
  '628773862',
  '+40628773862',
  '+334028773862',
  '+390628773862',
  '06 287738',
  '+6528773862',
  '28773862',
  '+5491123456789',
  '+541123456789',
  '+525512345678',
  '+5255123456',
  '+49301234567',
  '+493012345670',
  '+4930123456712',
  '+49301234567123',
  '+12125550100',
  '+12125550101',
  '101',
  '0101',
  'ask Anna',
  '*55',
  '12345678',
  '1234567',
  'anonymous',
].flatMap((text): ReadNumber[] => [readNumber(text, null), readNumber(text, 'FR')])

type Model = Map<number, PartyRecord>

function naive(
  model: Model,
  read: ReadNumber,
  options: { tail: boolean; switchboard: boolean },
): [Tier | null, ...number[]] {
  const live = [...model.values()].filter(
    (record) =>
      record.active &&
      (record.party === 'customer' ||
        record.customer_id === null ||
        (model.get(record.customer_id)?.active ?? true)),
  )
  const owners = (test: (read: ReadNumber) => boolean, among = live) =>
    among
      .filter(({ numbers }) => numbers.some((number) => test(number.read)))
      .map(({ id }) => id)
      .sort((a, b) => a - b)
  const rules: [Tier, () => number[]][] = []
  const external = (digits: number[]) =>
    owners((own) => own.kind === 'external' && digits.includes(own.digits))
  const subscriber = (own: ReadNumber) =>
    own.kind === 'national' ? own.digits : own.kind === 'external' ? nationalDigits(own.digits) : ''
  const tail = (mine: string, code: string | null) => () => {
    if (!options.tail || mine.length < 9) return []
    const alike = (own: ReadNumber) =>
      subscriber(own).length >= 9 && subscriber(own).slice(-9) === mine.slice(-9)
    const numbers = new Set(
      live
        .flatMap((record) => record.numbers.map(({ read: own }) => own).filter(alike))
        .map((own) => (own.kind === 'external' ? own.e164 : own.kind === 'national' ? own.digits : '')),
    )
    const [only] = numbers
    if (numbers.size !== 1 || (code !== null && only!.startsWith('+') && !only!.startsWith(code))) return []
    return owners(alike)
  }
  if (read.kind === 'external') {
    const mine = nationalDigits(read.digits)
    const bare = [mine, mine.replace(/^0/, ''), String(read.digits)].filter((text) => text.length >= 8)
    rules.push(['exact', () => external([read.digits])])
    rules.push(['national', () => owners((own) => own.kind === 'national' && bare.includes(own.digits))])
    rules.push(['alias', () => external(aliasKeys(read.digits))])
    rules.push(['tail', tail(mine, read.e164.slice(0, -mine.length))])
    const text = String(read.digits)
    const customers = live.filter((record) => record.party === 'customer')
    for (const cut of options.switchboard && !text.startsWith('1') ? [1, 2, 3] : []) {
      const prefix = text.slice(0, -cut)
      for (const main of [`${prefix}0`, prefix]) {
        if (main !== text && prefix.length >= 7)
          rules.push([
            'switchboard',
            () => owners((own) => own.kind === 'external' && own.e164 === `+${main}`, customers),
          ])
      }
    }
  } else if (read.kind === 'national') {
    const long = read.digits.length >= 8
    const same = (own: ReadNumber) =>
      long && own.kind === 'external' && [read.digits, `0${read.digits}`].includes(subscriber(own))
    rules.push([
      'national',
      () => owners((own) => (own.kind === 'national' && own.digits === read.digits) || same(own)),
    ])
    rules.push(['national', () => (long ? external([Number(read.digits)]) : [])])
    rules.push(['tail', tail(read.digits, null)])
  } else if (read.kind !== 'withheld') {
    rules.push([
      'extension',
      () => owners((own) => (own.kind === 'short' || own.kind === 'unreadable') && own.text === read.text),
    ])
  }
  for (const [tier, rule] of rules) {
    const ids = rule()
    if (ids.length > 0) return [tier, ...ids]
  }
  return [null]
}

const stored = fc.constantFrom(...BOOK).map((read): StoredNumber => ({ kind: 'main', read }))
const common = {
  id: fc.integer({ min: 1, max: 12 }),
  active: fc.boolean(),
  numbers: fc.array(stored, { maxLength: 4, size: 'max' }),
}
const anyCustomer = fc
  .record({ ...common, account: fc.option(fc.constantFrom('CL001', '1', 'A-01', 'x'), { nil: null }) })
  .map(({ id, numbers, active, account }) => customer(id, numbers, { active, account }))
const anyContact = fc
  .record({ ...common, of: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null }) })
  .map(({ id, numbers, active, of }) => contact(id + 12, of, numbers, { active }))
const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.oneof(anyCustomer, anyContact) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 24 }) },
)

/** The image as it would come back from a file: nothing of it is shared with the index it was taken of. */
function copyOf({ facts, memory }: CallerIndexImage): CallerIndexImage {
  const copies = memory.map((one) => {
    const copy = new SharedArrayBuffer(one.byteLength)
    new Uint8Array(copy).set(new Uint8Array(one))
    return copy
  })
  return { facts: JSON.parse(JSON.stringify(facts)) as CallerIndexImage['facts'], memory: copies }
}

/** Whether a listed number is the one that is looked for, as written or written without its country. */
function isSame(listed: ReadNumber, wanted: ReadNumber): boolean {
  if (listed.kind === 'external' && wanted.kind === 'external') return listed.digits === wanted.digits
  if (listed.kind === 'national' && wanted.kind === 'external')
    return listed.digits === nationalDigits(wanted.digits)
  if (listed.kind === 'national' && wanted.kind === 'national') return listed.digits === wanted.digits
  return 'text' in listed && 'text' in wanted && listed.text === wanted.text
}

test('whatever is put and removed, answers and records agree with a plain list searched from end to end', () => {
  fc.assert(
    fc.property(
      fc.array(anyStep, { maxLength: 60, size: 'max' }),
      fc.boolean(),
      fc.boolean(),
      (steps, tail, switchboard) => {
        let index = openCallerIndex()
        const model: Model = new Map()
        for (const [i, step] of steps.entries()) {
          // Half-way it goes on as a copy made of its image.
          if (i === Math.floor(steps.length / 2)) index = openCallerIndex(copyOf(index.image()))
          if (typeof step === 'number') {
            index.remove(step)
            model.delete(step)
          } else {
            index.put(step)
            model.set(step.id, step)
          }
        }
        for (let id = 1; id <= 24; id++) assert.deepEqual(index.get(id), model.get(id) ?? null)
        assert.equal(index.stats().parties, model.size)
        for (const read of BOOK) {
          const { tier, owners } = index.findNumber(read, { tail, switchboard })
          assert.deepEqual([tier, ...owners], naive(model, read, { tail, switchboard }), JSON.stringify(read))
          const explained = index.findNumber(read, { tail, switchboard }, [])
          assert.deepEqual([explained.tier, ...explained.owners], [tier, ...owners])
          const all = [...model.values()].filter(({ numbers }) =>
            numbers.some((one) => isSame(one.read, read)),
          )
          assert.deepEqual(
            index.ownersOf(read).sort((a, b) => a - b),
            all.map(({ id }) => id).sort((a, b) => a - b),
          )
        }
        const accounts = [...model.values()].filter((record) => record.party === 'customer' && record.active)
        const idsOf = (...texts: string[]) =>
          accounts
            .filter((record) => record.party === 'customer' && texts.includes(record.account ?? ''))
            .map(({ id }) => id)
            .sort((a, b) => a - b)
        const one = idsOf('1')
        assert.deepEqual(index.findAccount('1'), one.length > 0 ? one : idsOf('CL001', 'A-01'))
        assert.deepEqual(index.findAccount('X'), idsOf('x'))
      },
    ),
    { numRuns: 200 },
  )
})

test('a large index goes on as a copy of its image, and what it forgot is in no image', () => {
  const index = openCallerIndex()
  const person = (id: number) =>
    contact(id, null, [...listed(`+${33_600_000_000 + id}`)], { name: `Secret ${id}.` })
  for (let id = 1; id <= 30_000; id++) index.put(person(id))
  for (let id = 1; id <= 100; id++) index.remove(id)
  const image = index.image()
  const text = image.memory.map((one) => Buffer.from(one).toString('latin1')).join('')
  assert.ok(!text.includes('Secret 99.') && text.includes('Secret 101.'))
  const copy = openCallerIndex(copyOf(image))
  assert.deepEqual(copy.stats(), index.stats())
  for (let id = 1; id <= 30_000; id++) assert.deepEqual(copy.get(id), id <= 100 ? null : person(id))
  for (let id = 30_001; id <= 60_000; id++) copy.put(person(id))
  const read = { kind: 'external' as const, e164: '', digits: 33_600_060_000, extension: null }
  assert.deepEqual(copy.findNumber(read, OFF).owners, [60_000])
})

test('an index emptied of everything has given its memory back', () => {
  const index = openCallerIndex()
  const book = (id: number) =>
    contact(id, (id % 100) + 1_000_000, [
      ...listed('+33100000000'),
      {
        kind: 'm',
        read: {
          kind: 'external',
          e164: `+${33_600_000_000 + id}`,
          digits: 33_600_000_000 + id,
          extension: null,
        },
      },
    ])
  for (let id = 1; id <= 40_000; id++) index.put(book(id))
  const { bytes, numbers } = index.stats()
  assert.equal(numbers, 40_001)
  for (let id = 1; id <= 40_000; id++) index.remove(id)
  assert.equal(index.stats().numbers, 0)
  assert.ok(index.stats().bytes < bytes / 2, `${index.stats().bytes} of ${bytes}`)
  for (const part of ['numbers', 'tails']) assert.ok((index.stats().parts[part] ?? 0) < 80_000, part)
  // The last chunk of records stays, for those to come.
  assert.ok((index.stats().parts['records'] ?? 0) <= 512 * 1024)
  assert.deepEqual(found(index, '+33100000000', null, ALL), NOBODY)
})
