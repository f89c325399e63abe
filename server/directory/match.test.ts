import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openCallerIndex, type CallerIndex } from './caller-index.ts'
import { details, explainNumber, identifyAccount, identifyNumber } from './match.ts'
import type {
  ContactRecord,
  ContractRecord,
  CustomerRecord,
  PartyRecord,
  RoutingHints,
  StoredNumber,
} from './party-record.ts'
import { readNumber } from './phone-number.ts'

const TODAY = 20_000
const NONE: RoutingHints = {
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
}
const STRICT = { today: TODAY, tail: false, switchboard: false }
const LAX = { today: TODAY, tail: true, switchboard: true }
const NUMBER = '+33628773862'

const listed = (...texts: string[]): StoredNumber[] =>
  texts.map((text) => ({ kind: 'main', read: readNumber(text, null) }))

function onCall(
  start_day: number | null,
  end_day: number | null,
  more: Partial<ContractRecord> = {},
): ContractRecord {
  return { id: 1, kind: 'on_call_duty', reference: null, start_day, end_day, suspended: false, ...more }
}

function customer(id: number, numbers: string[] = [], more: Partial<CustomerRecord> = {}): CustomerRecord {
  return {
    party: 'customer',
    external_id: null,
    id,
    account: `CL${id}`,
    name: `Company ${id}`,
    category_id: null,
    active: true,
    hints: NONE,
    contracts: [],
    numbers: listed(...numbers),
    ...more,
  }
}

function contact(
  id: number,
  customer_id: number | null,
  numbers: string[] = [],
  more: Partial<ContactRecord> = {},
): ContactRecord {
  return {
    party: 'contact',
    external_id: null,
    id,
    customer_id,
    name: `Person ${id}`,
    active: true,
    hints: NONE,
    numbers: listed(...numbers),
    ...more,
  }
}

/** Category 1 is VIP, category 2 is not. */
function indexOf(...records: PartyRecord[]): CallerIndex {
  const index = openCallerIndex()
  index.putCategory({ id: 1, name: 'Gold', vip: true })
  index.putCategory({ id: 2, name: 'Plain', vip: false })
  for (const record of records) index.put(record)
  return index
}

const ask = (index: CallerIndex, text = NUMBER, context = STRICT) =>
  identifyNumber(index, readNumber(text, null), context)
const plain = (id: number, more = {}) => ({
  id,
  account: `CL${id}`,
  name: `Company ${id}`,
  vip: false,
  on_call_duty: false,
  ...more,
})
const UNKNOWN = {
  known: false,
  customer: null,
  contact: null,
  vip: false,
  on_call_duty: false,
  ambiguous: false,
  tier: null,
  confidence: 0,
  hints: null,
  candidates: [],
}

test('a caller nobody knows is nobody, not an error', () => {
  const index = indexOf(customer(1, ['+4930123456']))
  for (const text of [
    NUMBER,
    '',
    'anonymous',
    '0',
    '[Number]',
    'x'.repeat(5_000),
    '\u0000',
    '+',
    '99999999999999999999',
  ])
    assert.deepEqual(ask(index, text), UNKNOWN)
})

test('a number of a customer gives the customer', () => {
  const index = indexOf(customer(1, [NUMBER], { category_id: 1, contracts: [onCall(null, null)] }))
  const gold = plain(1, { vip: true, on_call_duty: true })
  assert.deepEqual(ask(index), {
    ...UNKNOWN,
    known: true,
    tier: 'exact',
    confidence: 1,
    customer: gold,
    vip: true,
    on_call_duty: true,
    hints: NONE,
  })
})

test('a number of a person gives the person and the customer, and VIP is the customer’s', () => {
  const index = indexOf(customer(1, [], { category_id: 1 }), contact(2, 1, [NUMBER]))
  const answer = ask(index)
  assert.deepEqual(answer.customer, plain(1, { vip: true }))
  assert.deepEqual(answer.contact, { id: 2, name: 'Person 2' })
  assert.deepEqual(
    [answer.vip, answer.on_call_duty, answer.ambiguous, answer.candidates],
    [true, false, false, []],
  )
})

test('a person of no customer is known and never VIP', () => {
  const answer = ask(indexOf(contact(2, null, [NUMBER])))
  assert.deepEqual(
    [answer.known, answer.customer, answer.contact, answer.vip],
    [true, null, { id: 2, name: 'Person 2' }, false],
  )
})

test('within one customer the person is preferred over the company', () => {
  const answer = ask(indexOf(customer(1, [NUMBER]), contact(2, 1, [NUMBER])))
  assert.deepEqual(
    [answer.customer?.id, answer.contact?.id, answer.ambiguous, answer.candidates],
    [1, 2, false, []],
  )
})

test('several persons of one customer give the customer, no person, and the persons as candidates', () => {
  const answer = ask(
    indexOf(customer(1, [NUMBER], { category_id: 1 }), contact(2, 1, [NUMBER]), contact(3, 1, [NUMBER])),
  )
  assert.deepEqual(
    [answer.known, answer.customer?.id, answer.contact, answer.vip, answer.ambiguous],
    [true, 1, null, true, false],
  )
  assert.deepEqual(
    answer.candidates.map(({ customer: of, contact: person }) => [of?.id, person?.id]),
    [
      [1, 2],
      [1, 3],
    ],
  )
})

test('owners of different customers are ambiguous: known, nobody named, everybody listed', () => {
  const answer = ask(
    indexOf(
      customer(1, [NUMBER]),
      contact(2, 1, [NUMBER]),
      customer(3, [NUMBER]),
      contact(4, null, [NUMBER]),
    ),
  )
  assert.deepEqual(
    [answer.known, answer.customer, answer.contact, answer.ambiguous, answer.hints],
    [true, null, null, true, null],
  )
  assert.deepEqual(
    answer.candidates.map(({ customer: of, contact: person }) => [of?.id ?? null, person?.id ?? null]),
    [
      [1, 2],
      [3, null],
      [null, 4],
    ],
  )
})

test('two persons of no customer are ambiguous', () => {
  assert.equal(ask(indexOf(contact(2, null, [NUMBER]), contact(3, null, [NUMBER]))).ambiguous, true)
})

test('of several customers VIP and on-call duty hold only if every one has them', () => {
  const gold = { category_id: 1, contracts: [onCall(null, null)] }
  const both = ask(indexOf(customer(1, [NUMBER], gold), customer(2, [NUMBER], gold)))
  assert.deepEqual([both.ambiguous, both.vip, both.on_call_duty], [true, true, true])
  const one = ask(indexOf(customer(1, [NUMBER], gold), customer(2, [NUMBER], { category_id: 1 })))
  assert.deepEqual([one.vip, one.on_call_duty], [true, false])
  const other = ask(indexOf(customer(1, [NUMBER], gold), customer(2, [NUMBER], { ...gold, category_id: 2 })))
  assert.deepEqual([other.vip, other.on_call_duty], [false, true])
  const stranger = ask(indexOf(customer(1, [NUMBER], gold), contact(2, null, [NUMBER])))
  assert.deepEqual([stranger.vip, stranger.on_call_duty], [false, false])
})

test('a number shared by more than are listed is still judged by all of them', () => {
  const index = indexOf()
  for (let id = 1; id <= 300; id++) index.put(customer(id, [NUMBER], { category_id: 1 }))
  const all = ask(index)
  assert.deepEqual(
    [all.ambiguous, all.vip, all.on_call_duty, all.candidates.length],
    [true, true, false, 100],
  )
  for (const odd of [1, 150, 300]) {
    index.put(customer(odd, [NUMBER], { category_id: 2 }))
    assert.equal(ask(index).vip, false)
    index.put(customer(odd, [NUMBER], { category_id: 1 }))
    assert.equal(ask(index).vip, true)
  }
})

test('the many persons of one company on its one number give the company', () => {
  const index = indexOf(customer(1, [NUMBER], { category_id: 1 }))
  for (let id = 2; id <= 300; id++) index.put(contact(id, 1, [NUMBER]))
  const answer = ask(index)
  assert.deepEqual(
    [answer.ambiguous, answer.customer?.id, answer.contact, answer.vip, answer.candidates.length],
    [false, 1, null, true, 100],
  )
  index.put(contact(301, null, [NUMBER]))
  assert.deepEqual([ask(index).ambiguous, ask(index).customer, ask(index).vip], [true, null, false])
})

test('an on-call contract counts from its first to its last day, unless suspended or of another kind', () => {
  const cases: [ContractRecord, boolean][] = [
    [onCall(null, null), true],
    [onCall(TODAY, TODAY), true],
    [onCall(TODAY + 1, null), false],
    [onCall(null, TODAY - 1), false],
    [onCall(TODAY - 1, TODAY + 1), true],
    [onCall(null, null, { suspended: true }), false],
    [onCall(null, null, { kind: 'maintenance' }), false],
  ]
  for (const [contract, expected] of cases) {
    const answer = ask(indexOf(customer(1, [NUMBER], { contracts: [contract] })))
    assert.equal(answer.on_call_duty, expected, JSON.stringify(contract))
    assert.equal(answer.customer?.on_call_duty, expected)
  }
  const index = indexOf(customer(1, [NUMBER], { contracts: [onCall(null, TODAY)] }))
  assert.equal(ask(index, NUMBER, { ...STRICT, today: TODAY + 1 }).on_call_duty, false)
})

test('a category that is gone makes nobody VIP', () => {
  const index = indexOf(customer(1, [NUMBER], { category_id: 1 }))
  index.removeCategory(1)
  assert.equal(ask(index).vip, false)
})

test('a match by tail or switchboard names, but proves nothing: no VIP, no on-call duty, no hints', () => {
  const gold = { category_id: 1, contracts: [onCall(null, null)], hints: { ...NONE, direct_line: '10' } }
  const index = indexOf(
    customer(1, ['+4930123456789'], gold),
    customer(2, ['+49 40 1234567-0'], gold),
    contact(3, 2, ['+49 40 1234567-0']),
  )
  const tail = ask(index, '+4940123456789', LAX)
  assert.deepEqual(
    [tail.tier, tail.confidence, tail.customer, tail.vip, tail.on_call_duty, tail.hints],
    ['tail', 0.6, plain(1), false, false, null],
  )
  const board = ask(index, '+49401234567123', LAX)
  assert.deepEqual(
    [board.tier, board.customer, board.contact, board.vip, board.hints],
    ['switchboard', plain(2), null, false, null],
  )
  assert.deepEqual(ask(index, '+49401234567123'), UNKNOWN)
  assert.deepEqual(details(index, tail, TODAY), {
    phone: '+4930123456789',
    category: null,
    contracts: [],
    hints: null,
    candidates: [],
  })
})

test('hints are the person’s, field by field falling back to the customer’s', () => {
  const company = {
    direct_line: '10',
    queue_position: 50,
    route_identifier: 'sales',
    backend_link: 'https://crm.example/1',
    outbound_number: '+33199001000',
    language: null,
  }
  const own = {
    direct_line: null,
    queue_position: 0,
    route_identifier: 'support',
    backend_link: null,
    outbound_number: null,
    language: null,
  }
  const index = indexOf(
    customer(1, ['+4930123456'], { hints: company }),
    contact(2, 1, [NUMBER], { hints: own }),
    contact(3, 9, ['+4930999999'], { hints: own }),
  )
  assert.deepEqual(ask(index).hints, {
    direct_line: '10',
    queue_position: 0,
    route_identifier: 'support',
    backend_link: 'https://crm.example/1',
    outbound_number: '+33199001000',
    language: null,
  })
  assert.deepEqual(ask(index, '+4930123456').hints, company)
  assert.deepEqual(ask(index, '+4930999999').hints, own)
})

test('an account gives the customer; accounts that share the digits are ambiguous unless the text decides', () => {
  const index = indexOf(
    customer(1, [], { account: 'CL000101', category_id: 1 }),
    customer(2, [], { account: 'CL000102' }),
    customer(3, [], { account: 'AB102' }),
  )
  assert.deepEqual(identifyAccount(index, ' cl000101 ', STRICT), {
    ...UNKNOWN,
    known: true,
    tier: 'account',
    confidence: 1,
    customer: { ...plain(1, { vip: true }), account: 'CL000101' },
    vip: true,
    hints: NONE,
  })
  assert.equal(identifyAccount(index, '101#', STRICT).customer?.id, 1)
  const shared = identifyAccount(index, '102', STRICT)
  assert.deepEqual(
    [shared.known, shared.ambiguous, shared.customer, shared.vip, shared.candidates.length],
    [true, true, null, false, 2],
  )
  assert.equal(identifyAccount(index, 'AB102', STRICT).customer?.id, 3)
})

test('of a thousand accounts with the same digits a hundred are listed, and all of them judged', () => {
  const index = indexOf()
  for (let id = 1; id <= 1_000; id++)
    index.put(customer(id, [], { account: `${'x'.repeat(id)}7`, category_id: 1 }))
  const answer = identifyAccount(index, '7', STRICT)
  assert.deepEqual([answer.ambiguous, answer.vip, answer.candidates.length], [true, true, 100])
  index.put(customer(1_000, [], { account: '7-', category_id: 2 }))
  assert.equal(identifyAccount(index, '7', STRICT).vip, false)
})

test('an account that is empty, an unfilled variable or nonsense is unknown', () => {
  const index = indexOf(customer(1, [], { account: '[Account]' }))
  for (const text of [
    '',
    '  ',
    '#',
    '**',
    '[Account]',
    ' [CustomerAccount] ',
    '\ud800',
    'x'.repeat(10_000),
    '-',
  ])
    assert.deepEqual(identifyAccount(index, text, STRICT), UNKNOWN)
})

test('details tell the phone, the category and the contracts of today', () => {
  const contracts = [
    onCall(0, null, { id: 5, reference: 'R5' }),
    onCall(null, TODAY - 1, { id: 6 }),
    onCall(null, TODAY, { id: 7, kind: 'care' }),
    onCall(null, null, { id: 8, suspended: true }),
  ]
  const numbers = [
    { kind: 'extension', read: readNumber('101', null) },
    ...listed('0612345678', '+33100000000'),
  ]
  const index = indexOf(
    customer(1, [], { category_id: 2, contracts, numbers }),
    contact(2, 1, [NUMBER]),
    contact(3, 1, ['102']),
  )
  const answer = {
    phone: '+33100000000',
    category: { id: 2, name: 'Plain', vip: false },
    contracts: [
      { id: 5, kind: 'on_call_duty', reference: 'R5', start_date: '1970-01-01', end_date: null },
      { id: 7, kind: 'care', reference: null, start_date: null, end_date: '2024-10-04' },
    ],
    hints: NONE,
    candidates: [],
  }
  assert.deepEqual(details(index, ask(index, '+33100000000'), TODAY), answer)
  assert.deepEqual(details(index, ask(index), TODAY), { ...answer, phone: NUMBER })
  assert.deepEqual(details(index, ask(index, '102'), TODAY), { ...answer, phone: '102' })
})

test('details of nobody, and of an ambiguous caller, hold nothing that is one customer’s', () => {
  const index = indexOf(customer(1, [NUMBER], { category_id: 1 }), customer(2, [NUMBER], { category_id: 1 }))
  const nothing = { phone: null, category: null, contracts: [], hints: null, candidates: [] }
  assert.deepEqual(details(index, ask(index, '+4930123456'), TODAY), nothing)
  assert.deepEqual(details(index, ask(index), TODAY), { ...nothing, candidates: ask(index).candidates })
})

test('every outcome is explained in words, with the same answer as without', () => {
  const both = ['+4930111111']
  const index = indexOf(
    customer(1, [NUMBER, '+49 40 1234567-0', '0711223344'], { name: 'ACME' }),
    contact(2, 1, [...both, '+4930222222'], { name: 'Ann' }),
    contact(3, 1, ['+4930222222']),
    customer(4, both),
  )
  const cases: [text: string, reason: RegExp][] = [
    ['anonymous', /hides the number/],
    ['+4930000000', /^No active customer or contact/],
    [NUMBER, /^This number is listed for ACME\.$/],
    ['0628773862', /same national number.*ACME/],
    ['+49711223344', /same national number.*ACME/],
    ['+4930111111', /several owners/],
    ['+4930222222', /several persons of ACME/],
    ['+49401234567123', /main number.*ACME.*Not certain enough/],
  ]
  for (const [text, reason] of cases) {
    const { tried, reason: said, ...answer } = explainNumber(index, readNumber(text, null), LAX)
    assert.match(said, reason)
    assert.deepEqual(answer, ask(index, text, LAX))
    assert.equal(
      tried.some(({ hits }) => hits > 0),
      answer.known,
    )
  }
})

test('no text whatsoever makes a question fail', () => {
  const index = indexOf(customer(1, [NUMBER, '101', '0711223344']), contact(2, 1, ['*55']))
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'0123456789+#*-. ()[]') }),
    fc.constantFrom('__proto__', 'NaN', '1e9', '-0'),
  )
  fc.assert(
    fc.property(anyText, fc.constantFrom('FR', 'US', null, 'XX'), (text, country) => {
      const read = readNumber(text, country)
      const answer = identifyNumber(index, read, LAX)
      details(index, answer, TODAY)
      assert.equal(typeof explainNumber(index, read, LAX).reason, 'string')
      assert.equal(typeof identifyAccount(index, text, LAX).known, 'boolean')
    }),
    { numRuns: 1_000 },
  )
})
