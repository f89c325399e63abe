import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import { HubError } from '../../platform/errors.ts'
import { mergeRule } from '../inbound-rules/shape.ts'
import { BLANK, contentOf, identityOf, inOrder } from './content.ts'
import { writeCsv } from './csv-form.ts'
import { driftOf, rulesOf, standingOf } from './drift.ts'
import { writeYaml, writtenRule } from './export-rules.ts'
import { goalOfUndo } from './make-undo.ts'
import { matchRules, type PresentRule } from './matching.ts'
import type { Known } from './names.ts'
import { openProblems } from './problems.ts'
import { readRuleFile, type FileFormat } from './rule-file.ts'
import { stepsTo, type Goal, type Step } from './steps.ts'
import { readWrittenRule } from './written-rule.ts'

const KNOWN: Known = {
  trunks: [
    { id: 7, number: '10000', name: 'Carrier', dids: ['+3615550110', '+3615550111'] },
    { id: 8, number: '10001', name: 'carrier', dids: [] },
  ],
  peers: [
    { number: '800', name: 'Support', type: 'Queue' },
    { number: '100', name: 'Support', type: 'Extension' },
    { number: '101', name: 'Anna', type: 'Extension' },
    { number: '102', name: 'Anna', type: 'Extension' },
  ],
}

const line = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => text.replaceAll('\0', '').trim())
  .filter((text) => text !== '' && text.isWellFormed())
const text = fc.option(
  fc.oneof(
    line,
    fc.constantFrom('null', '~', 'true', '0', '=1+1', '# no', '"', "it's", '+36', '- a', 'a,b;c'),
  ),
)
const PLAIN = { noNullPrototype: true }
const digits = fc.stringMatching(/^[+*]?\d{1,8}$/)
const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.constantFrom('00', '30'))
  .map(([h, m, s]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}:${s}`)
const period = fc.record(
  {
    day_of_week: fc.constantFrom('Monday', 'Saturday', 'Sunday'),
    start: time,
    stop: time,
  },
  PLAIN,
)
const destination = fc.option(
  fc.oneof(
    fc.record(
      { to: fc.constantFrom('Queue', 'Extension', 'VoiceMail'), number: digits, external: fc.constant(null) },
      PLAIN,
    ),
    fc.record({ to: fc.constant('External'), number: fc.constant(null), external: digits }, PLAIN),
    fc.record({ to: fc.constant('Boomerang'), number: fc.option(digits), external: digits }, PLAIN),
    fc.record({ to: fc.constant('Callback'), number: fc.constant(null), external: fc.constant(null) }, PLAIN),
  ),
)
const rule: fc.Arbitrary<PlannedRule> = fc
  .record(
    {
      rule_name: text,
      condition: fc.constantFrom('BasedOnDID', 'BasedOnCallerID'),
      data: digits,
      custom_data: text,
      call_type: fc.constantFrom('AllCalls', 'ExternalCallsOnly'),
      trunk: fc.constantFrom('10000', '10001'),
      hours: fc.record(
        {
          type: fc.constantFrom('OfficeHours', 'AllHours', 'SpecificHours'),
          ignore_holidays: fc.boolean(),
          periods: fc.array(period, { maxLength: 3 }),
        },
        PLAIN,
      ),
      office_hours_destination: destination,
      out_of_office_hours_destination: destination,
      holidays_destination: destination,
      alter_destination_during_out_of_office_hours: fc.boolean(),
      alter_destination_during_holidays: fc.boolean(),
    },
    PLAIN,
  )
  .map((one) => {
    const isSpecific = one.hours.type === 'SpecificHours'
    return { ...one, hours: { ...one.hours, periods: isSpecific ? inOrder(one.hours.periods) : [] } }
  })
const rules = fc.uniqueArray(rule, { maxLength: 8, selector: identityOf })
const numbered = (contents: readonly PlannedRule[], first = 1): PresentRule[] =>
  contents.map((content, at) => ({ id: first + at, content }))

function readBack(file: string, format: FileFormat): PlannedRule[] {
  const problems = openProblems()
  const parts = readRuleFile(file, format, problems)
  const read = parts.flatMap(({ rules: written }) =>
    written.flatMap((one) => readWrittenRule(one, KNOWN, problems) ?? []),
  )
  problems.done()
  return read.map(({ input, trunk }) => contentOf(mergeRule(null, { ...input, trunk_dn: { number: trunk } })))
}

test('any rules come back from their file as they were', () => {
  fc.assert(
    fc.property(rules, fc.constantFrom<FileFormat>('yaml', 'csv', 'json'), (contents, format) => {
      const written =
        format === 'csv'
          ? writeCsv('PBX-1', contents)
          : format === 'yaml'
            ? writeYaml('PBX-1', contents, KNOWN)
            : JSON.stringify({ host: 'PBX-1', rules: contents.map(writtenRule) })
      assert.deepEqual(readBack(written, format), contents)
    }),
  )
})

/** What is wrong with a file, by place. */
function faults(file: string, format: FileFormat = 'yaml'): Record<string, string[]> {
  try {
    readBack(file, format)
  } catch (error) {
    if (error instanceof HubError) return error.fields ?? {}
    throw error
  }
  return {}
}

test('what is wrong in a file is told by rule, line and field, with what is there instead', () => {
  const found = faults(`rules:
  - condition: BasedOnDID
    data: "+3615550110"
    trunk: Carier
    office_hours_destination: Queue Suport
    out_of_office_hours_destination: Extension Anna
    nonsense: 1
  - condition: BasedOnDID
    trunk: Carrier
    data: 1
    holidays_destination: Queue Anna
    hours: { type: SpecificHours, periods: [Monday all day] }
  - condition: BasedOnCallerID
    data: "*7"
`)
  const told = (place: string, words: RegExp) => assert.match(found[place]?.join() ?? 'nothing', words, place)
  told('rules[0].nonsense', /^Line 2: Unknown field/)
  told('rules[0].trunk', /^Line 2: There is no trunk "Carier"/)
  told('rules[0].office_hours_destination', /^Line 2: No Queue is called "Suport"/)
  told('rules[0].out_of_office_hours_destination', /Several are called "Anna" \(101 \(Anna\), 102/)
  told(
    'rules[1].holidays_destination',
    /^Line 8: No Queue is called "Anna" on this PBX\. "Anna" is Extension 101/,
  )
  told('rules[1].hours.periods', /write Monday 09:00-17:00/)
  told('rules[2].trunk', /^Line 13: Which trunk\? Name one: 10000 \(Carrier\), 10001/)
  const trunk = faults(
    'rules: [{ condition: DID, data: 1, trunk: Carier }, { condition: DID, data: 2, trunk: Carrier }]',
  )
  assert.match(
    trunk['rules[0].trunk']?.[0] ?? '',
    /no trunk "Carier" on this PBX; there are 10000 \(Carrier\)/,
  )
  assert.match(trunk['rules[1].trunk']?.[0] ?? '', /Several trunks are called "Carrier"/)
  assert.deepEqual(Object.keys(faults('rules: []\nrule: []')), ['rule'])
  assert.deepEqual(Object.keys(faults('format: 1')), ['rules'])
  assert.deepEqual(Object.keys(faults('format: 2\nrules: []')), ['format'])
  assert.match(faults('rules: [').file?.[0] ?? '', /^Line 1: This is no YAML/)
  assert.match(
    faults('condition,data,colour\nDID,1,red\n', 'csv')['column colour']?.[0] ?? '',
    /no such column/,
  )
})

test('aliases are written out, and a bomb of them is refused', () => {
  const [first] = readBack(
    'rules: [{ condition: &c BasedOnDID, data: "+3615550110", rule_name: *c }]',
    'yaml',
  )
  assert.equal(first?.rule_name, 'BasedOnDID')
  const bomb = Array.from(
    { length: 9 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`,
  )
  assert.match(faults(`a0: &a0 x\n${bomb.join('\n')}\nrules: []`).file?.[0] ?? '', /more than 300000 values/)
})

let nextId = 1000
/** What a PBX makes of a step: what is new comes last. */
function carryOut(present: readonly PresentRule[], step: Step): PresentRule[] {
  const { act, rule_id, after } = step
  const id = (nextId += 1)
  if (act === 'add') {
    const twin = present.find((one) => after !== null && identityOf(one.content) === identityOf(after))
    assert.equal(twin, undefined, 'a PBX refuses two rules that look at the same')
    return [...present, { id, content: after ?? BLANK }]
  }
  assert.ok(present.some((one) => one.id === rule_id))
  if (act === 'remove') return present.filter((one) => one.id !== rule_id)
  return present.map((one) => (one.id === rule_id ? { id: one.id, content: after ?? BLANK } : one))
}
const carryOutAll = (present: readonly PresentRule[], steps: readonly Step[]) =>
  steps.reduce((now: readonly PresentRule[], step) => carryOut(now, step), present)
const goalOf = (present: readonly PresentRule[], wanted: readonly PlannedRule[], reorder: boolean): Goal => {
  const { matches, left } = matchRules(wanted, present, true)
  const targets = matches.map((one) => ({ rule: one.wanted, present: one.present }))
  return { targets, gone: left, hasOrder: true, reorder }
}
const sorted = (list: readonly PlannedRule[]) =>
  list.toSorted((a, b) => (identityOf(a) < identityOf(b) ? -1 : 1))
const ofKinds = (list: readonly PlannedRule[]) =>
  ['BasedOnCallerID', 'BasedOnDID'].map((kind) => list.filter(({ condition }) => condition === kind))

/** Rules of a PBX and of a file that share some. */
const twoLists = fc
  .tuple(rules, rules, fc.array(fc.nat(), { maxLength: 8 }), fc.array(fc.boolean(), { maxLength: 8 }))
  .map(([one, other, picks, keeps]) => {
    const kept = one.filter((_, at) => keeps[at] === true)
    const changed = kept.map((content, at) =>
      (picks[at] ?? 0) % 2 === 0 ? content : { ...content, custom_data: `changed ${at}` },
    )
    const names = new Set(changed.map(identityOf))
    const mixed = [...changed, ...other.filter((content) => !names.has(identityOf(content)))]
    const order = mixed.map((content, at) => ({ content, place: picks[at] ?? at }))
    return { one, wanted: order.sort((a, b) => a.place - b.place).map(({ content }) => content) }
  })

test('the steps of any plan lead to the rules of the file, each at most once; reordered, in its order', () => {
  fc.assert(
    fc.property(twoLists, fc.boolean(), ({ one, wanted }, reorder) => {
      const present = numbered(one)
      const { steps, moves, summary } = stepsTo(goalOf(present, wanted, reorder), present)
      const end = carryOutAll(present, steps).map(({ content }) => content)
      assert.deepEqual(sorted(end), sorted(wanted))
      if (reorder || moves.length === 0) assert.deepEqual(ofKinds(end), ofKinds(wanted))
      assert.equal(summary.unchanged + summary.changed + summary.added, wanted.length)
      const again = stepsTo(goalOf(numbered(end), wanted, reorder), numbered(end))
      assert.deepEqual(again.steps, [])
    }),
  )
})

test('undone after any of its steps, a plan leaves the rules as they were; with reorder in their order', () => {
  fc.assert(
    fc.property(twoLists, fc.nat(), fc.boolean(), ({ one, wanted }, count, reorder) => {
      const before = numbered(one)
      const { steps } = stepsTo(goalOf(before, wanted, reorder), before)
      const half = carryOutAll(before, steps.slice(0, count % (steps.length + 1)))
      const back = stepsTo(goalOfUndo({ steps, before, reorder: true }, half), half)
      const end = carryOutAll(half, back.steps).map(({ content }) => content)
      assert.deepEqual(ofKinds(end), ofKinds(one))
      const plain = stepsTo(goalOfUndo({ steps, before, reorder: false }, half), half)
      assert.deepEqual(sorted(carryOutAll(half, plain.steps).map(({ content }) => content)), sorted(one))
    }),
  )
})

test('wherever a plan was interrupted, each step is recognised as done or not, and nothing looks changed by others', () => {
  fc.assert(
    fc.property(twoLists, fc.nat(), fc.boolean(), ({ one, wanted }, count, reorder) => {
      const before = numbered(one)
      const { steps } = stepsTo(goalOf(before, wanted, reorder), before)
      const done = count % (steps.length + 1)
      const now = rulesOf(carryOutAll(before, steps.slice(0, done)))
      const plan = { steps, before, isWhole: true }
      assert.deepEqual(driftOf(plan, done, now), [])
      // The last answer was lost: the step is done and nobody knows.
      if (done > 0) {
        assert.deepEqual(driftOf(plan, done - 1, now), [])
        assert.equal(standingOf(steps[done - 1]!, now), 'done')
      }
    }),
  )
})

test('what others changed meanwhile is seen: anything by a plan that is the whole truth, what it touches by any', () => {
  const [a, b, c] = ['1', '2', '3'].map((data): PlannedRule => ({
    ...BLANK,
    condition: 'BasedOnDID',
    data,
    trunk: '10000',
  }))
  const before = numbered([a!, b!])
  const { steps } = stepsTo(goalOf(before, [{ ...a!, rule_name: 'new' }, b!], false), before)
  const seen = (now: PresentRule[], isWhole: boolean) => driftOf({ steps, before, isWhole }, 0, rulesOf(now))
  const other = { ...b!, rule_name: 'other' }
  assert.deepEqual(seen(numbered([a!, other]), false), [])
  assert.deepEqual(seen(numbered([a!, other]), true), ['inbound rule (number 2) was changed.'])
  assert.deepEqual(seen(numbered([a!, b!, c!]), true), ['inbound rule (number 3) was added.'])
  assert.deepEqual(seen(numbered([a!]), true), ['inbound rule (number 2) was removed.'])
  assert.deepEqual(seen(numbered([{ ...a!, rule_name: 'x' }, b!]), false), [
    'inbound rule (number 1) was changed.',
  ])
})

test('a rule whose number or trunk changed is known by its name, unless several have it', () => {
  const of = (rule_name: string, data: string): PlannedRule => ({
    ...BLANK,
    rule_name,
    condition: 'BasedOnDID',
    data,
    trunk: '10000',
  })
  const acts = (one: PlannedRule[], wanted: PlannedRule[]) =>
    stepsTo(goalOf(numbered(one), wanted, false), numbered(one)).steps.map(
      ({ act, rule_id }) => `${act} ${rule_id}`,
    )
  assert.deepEqual(acts([of('A', '1')], [of('A', '2')]), ['change 1'])
  assert.deepEqual(acts([of('A', '1'), of('A', '2')], [of('A', '3')]), ['add null', 'remove 1', 'remove 2'])
  assert.deepEqual(acts([of('A', '1'), of('B', '2')], [of('B', '1'), of('A', '2')]), ['change 1', 'change 2'])
})
