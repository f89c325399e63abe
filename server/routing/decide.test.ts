import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide, type CallerFacts, type LiveProfile } from './decide.ts'
import { weekSpans } from './hours.ts'
import { hiddenBy } from './reachability.ts'
import { FLAGS, whyNot, type CallFacts, type Condition } from './rules.ts'

const NOBODY: CallerFacts = {
  known: false,
  vip: false,
  on_call: false,
  do_not_call: false,
  category_id: null,
  customer_id: null,
  account: null,
  last_agents: [],
}
const condition = (flags: Condition['flags'], sets: Condition['sets'] = {}): Condition => ({ flags, sets })
const rule = (name: string, when: Condition) => ({
  name,
  condition: when,
  destination: { type: 'queue' as const, value: name },
  queue_position: null,
})
const profile = (rules: LiveProfile['rules']): LiveProfile => ({
  id: 1,
  name: 'Main',
  country: null,
  zone: 'Europe/Paris',
  hours: weekSpans({ monday: [{ from: '09:00', to: '18:00' }] }),
  holidays: [],
  calendar: null,
  rules,
  outboundNumber: null,
})
const MONDAY = { at: Date.parse('2026-11-23T10:00:00Z'), zone: 'UTC', called: '+33199001000' }

test('the first rule that holds decides, and every reason is told', () => {
  const asked = profile([
    rule('VIP', condition({ vip: true })),
    rule('office', condition({ open: true }, { called: new Set(['+33199001000']) })),
    rule('rest', condition({})),
  ])
  const decided = decide(asked, { ...NOBODY, known: true }, MONDAY)
  assert.deepEqual(decided, {
    open: true,
    destination: { type: 'queue', value: 'office' },
    queue_position: null,
    rule: 'office',
    reasons: [
      'Profile "Main".',
      'Open: monday 11:00 in Europe/Paris is within monday 09:00 to monday 18:00.',
      'Rule "VIP" does not hold: vip is false.',
      'Rule "office" holds.',
    ],
  })
  assert.equal(decide(asked, NOBODY, { ...MONDAY, called: null }).rule, 'rest')
  assert.equal(decide(profile([]), NOBODY, MONDAY).destination, null)
  assert.deepEqual(decide(null, NOBODY, MONDAY).reasons, ['No profile is for the called number.'])
})

test('a caller goes to who talked with him last, while that is not too long ago and there is one', () => {
  const back: LiveProfile['rules'][number] = {
    name: 'back',
    condition: { flags: {}, sets: {}, talkedWithin: 7 },
    destination: { type: 'last_agent', value: '' },
    queue_position: 5,
  }
  const asked = profile([back, rule('rest', condition({}))])
  const told = (...last_agents: CallerFacts['last_agents']) => {
    const { destination, reasons } = decide(asked, { ...NOBODY, last_agents }, MONDAY)
    return [`${destination?.type} ${destination?.value}`, ...reasons.slice(2)]
  }
  assert.deepEqual(told(talk(6.9)), [
    'extension 101',
    'Extension 101 of PBX 1 talked with the caller last, at 2026-11-16T12:24:00.000Z.',
    'Rule "back" holds.',
  ])
  // A PBX whose clock is ahead.
  assert.equal(told(talk(-0.001))[0], 'extension 101')
  assert.equal(told(talk(7.1))[0], 'queue rest')
  const not = 'Rule "back" does not hold: nobody is known to have talked with the caller within 7 days.'
  assert.deepEqual(told(), [
    'queue rest',
    'Nobody is known to have talked with the caller.',
    not,
    'Rule "rest" holds.',
  ])
  assert.deepEqual(told(talk(1), { ...talk(2), host_id: 2 }).slice(0, 3), [
    'queue rest',
    'The caller talked with people of several PBXs, and none is said to ask.',
    not,
  ])
})

const A_SET = [1, 2] as const
const aCondition = fc
  .record({
    flags: fc.record(
      { known: fc.boolean(), vip: fc.boolean(), on_call: fc.boolean(), open: fc.boolean() },
      { requiredKeys: [] },
    ),
    categories: fc.option(fc.subarray([...A_SET], { minLength: 1 }), { nil: null }),
    called: fc.option(fc.subarray(['a', 'b'], { minLength: 1 }), { nil: null }),
    within: fc.constantFrom(null, 1, 30),
  })
  .map(({ flags, categories, called, within }) => ({
    ...condition(flags, {
      ...(categories ? { category_id: new Set(categories) } : {}),
      ...(called ? { called: new Set(called) } : {}),
    }),
    ...(within === null ? {} : { talkedWithin: within }),
  }))

const NONE = { do_not_call: false, customer_id: null, account: null }
const talk = (days: number) => ({
  extension: '101',
  host_id: 1,
  talked_at: MONDAY.at - days * 86_400_000,
  days,
})

/** Every call there can be, as far as these conditions tell calls apart. */
function* everyCall(): Generator<CallFacts> {
  for (let bits = 0; bits < 16; bits++)
    for (const category_id of [null, 1, 2, 3])
      for (const called of [null, 'a', 'b', 'c']) {
        const [known, vip, on_call, open] = [1, 2, 4, 8].map((bit) => (bits & bit) > 0)
        if (!known && (vip || on_call || category_id !== null)) continue
        const flags = { known: known!, vip: vip!, on_call: on_call!, open: open! }
        for (const days of [null, 0.5, 5, 40])
          yield { ...flags, category_id, called, ...NONE, last_agent: days === null ? null : talk(days) }
      }
}
const CALLS = [...everyCall()]

test('a rule is hidden exactly when no call there can be reaches it, and by rules that take those it is for', () => {
  fc.assert(
    fc.property(fc.array(aCondition, { minLength: 1, maxLength: 6 }), (conditions) => {
      const last = conditions.at(-1)!
      const own = CALLS.filter((call) => whyNot(last, call) === null)
      const reached = own.filter((call) => conditions.slice(0, -1).every((one) => whyNot(one, call) !== null))
      const hidden = hiddenBy(conditions)
      assert.equal(hidden !== null, reached.length === 0)
      if (hidden === null) return
      const by = hidden.by.map((i) => conditions[i]!)
      assert.ok(own.every((call) => by.some((one) => whyNot(one, call) === null)))
    }),
    { numRuns: 2_000 },
  )
})

test('rules that hide each other in every combination are judged in no time', () => {
  const rules = FLAGS.flatMap((name) => [condition({ [name]: true })])
  const spread = Array.from({ length: 150 }, (_, i) =>
    condition(
      {},
      { customer_id: new Set([i, i + 1]), account: new Set([`a${i}`]), called: new Set([`c${i}`]) },
    ),
  )
  assert.equal(hiddenBy([...spread, ...rules, condition({})]), null)
  assert.deepEqual(
    hiddenBy([condition({ known: true }), ...spread, condition({ known: false }), condition({})]),
    {
      by: [0, 151],
    },
  )
})

test('the decision is the same however often and in whatever order it is asked', () => {
  fc.assert(
    fc.property(fc.array(aCondition, { maxLength: 8 }), fc.constantFrom(...CALLS), (conditions, call) => {
      const asked = profile(conditions.map((one, i) => rule(String(i), one)))
      const { open: _open, called, last_agent, ...facts } = call
      const caller = { ...facts, last_agents: last_agent ? [last_agent] : [] }
      const context = { ...MONDAY, called }
      const decided = decide(asked, caller, context)
      assert.deepEqual(decide(asked, caller, context), decided)
      const first = conditions.findIndex((one) => whyNot(one, { ...call, open: decided.open }) === null)
      assert.equal(decided.rule, first < 0 ? null : String(first))
    }),
  )
})
