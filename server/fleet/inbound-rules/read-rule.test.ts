import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  CALL_TYPES,
  CONDITIONS,
  DAYS_OF_WEEK,
  DESTINATION_TYPES,
  HOURS_TYPES,
  type InboundRuleInput,
} from '../../../contract/pbx-inbound-rules.ts'
import { HubError } from '../../platform/errors.ts'
import { readRule } from './read-rule.ts'
import { changedFields, mergeRule, toInboundRule, toPbxRule } from './shape.ts'
import { inOurNames } from './spelling.ts'

type Fields = Record<string, unknown>

const text = fc.stringMatching(/^[\w+*][\w +*.-]{0,18}[\w*]$/)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const one = <T>(values: readonly T[]) => fc.constantFrom(...values)
const time = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))
const destination = fc.record({
  to: one(DESTINATION_TYPES),
  number: maybe(text),
  external: maybe(text),
})
const period = fc.record({ day_of_week: one(DAYS_OF_WEEK), start: time, stop: time })
const whole = {
  rule_name: maybe(text),
  condition: one(CONDITIONS),
  data: text,
  custom_data: maybe(text),
  call_type: one(CALL_TYPES),
  trunk_dn: fc.record({ id: fc.integer({ min: 1, max: 999 }), number: text }),
  hours: fc.oneof(
    fc.record({
      type: one(HOURS_TYPES.filter((type) => type.includes('Specific'))),
      ignore_holidays: fc.boolean(),
      periods: fc.array(period, { maxLength: 4 }),
    }),
    fc.record({
      type: one(HOURS_TYPES.filter((type) => !type.includes('Specific'))),
      ignore_holidays: fc.boolean(),
      periods: fc.constant([]),
    }),
  ),
  office_hours_destination: destination,
  out_of_office_hours_destination: destination,
  holidays_destination: destination,
  alter_destination_during_out_of_office_hours: fc.boolean(),
  alter_destination_during_holidays: fc.boolean(),
}
const rule = fc.record(whole)
const part = fc.record(whole, { requiredKeys: [] })

const pascal = (name: string) =>
  name === 'trunk_dn'
    ? 'TrunkDN'
    : name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
const spoken = (word: unknown) => String(word).replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')

/** The same value as another client would write it: `spell` its names, and objects as JSON texts where `isText` says so. */
function written(
  value: unknown,
  spell: (name: string) => string,
  isText: (depth: number) => boolean,
  depth = 0,
): unknown {
  if (Array.isArray(value)) return value.map((inner) => written(inner, spell, isText, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  const object = Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [spell(name), written(inner, spell, isText, depth + 1)]),
  )
  return depth > 0 && isText(depth) ? JSON.stringify(object) : object
}

function refused(body: unknown): Record<string, string[]> {
  try {
    readRule(body)
  } catch (error) {
    assert.ok(error instanceof HubError)
    assert.equal(error.code, 'validation_failed')
    return error.fields ?? {}
  }
  assert.fail('it was taken')
}

test('a rule reads the same in our names, in the PBX’s, in others, and with JSON texts where objects belong', () => {
  fc.assert(
    fc.property(
      part,
      one([pascal, camel, spokenName, (name: string) => name]),
      fc.boolean(),
      (given, spell, isText) => {
        assert.deepEqual(readRule(written(given, spell, () => isText)), structuredClone(given))
      },
    ),
    { numRuns: 300 },
  )
})
const spokenName = (name: string) => spoken(pascal(name))

test('words are known in any spelling', () => {
  for (const word of CONDITIONS) assert.equal(readRule({ condition: spoken(word) }).condition, word)
  for (const word of CALL_TYPES)
    assert.equal(readRule({ call_type: spoken(word).toLowerCase() }).call_type, word)
  for (const type of HOURS_TYPES)
    assert.equal(readRule({ Hours: { Type: type.toUpperCase() } }).hours?.type, type)
  const read = readRule({ OfficeHoursDestination: { to: 'digital receptionist', number: 700 } })
  assert.deepEqual(read.office_hours_destination, { to: 'IVR', number: '700' })
  assert.deepEqual(
    readRule({ hours: { periods: [{ day_of_week: 'mon', start: '8:30', stop: '12:00:00.000' }] } }),
    {
      hours: { periods: [{ day_of_week: 'Monday', start: '08:30:00', stop: '12:00:00' }] },
    },
  )
  assert.deepEqual(readRule({ TrunkDN: 10000 }).trunk_dn, { number: '10000' })
  assert.deepEqual(readRule({ trunk_dn: 'Carrier' }).trunk_dn, { name: 'Carrier' })
})

test('what a PBX tells is what it is told: nothing is lost between its shape and ours', () => {
  fc.assert(
    fc.property(rule, (given) => {
      const draft = mergeRule(null, readRule(given))
      const sent = toPbxRule(draft)
      const told = toInboundRule({ ...sent, Id: 7 })
      const again = toPbxRule(mergeRule(null, readRule(JSON.parse(JSON.stringify(told)))))
      assert.deepEqual(again, sent)
      assert.deepEqual(
        changedFields(told, mergeRule(told, readRule(sent))),
        {},
        'given back, it changes nothing',
      )
      for (const [name, value] of Object.entries(sent)) {
        if (name.endsWith('Destination'))
          assert.deepEqual(Object.keys(value as object), ['To', 'Type', 'Number', 'Name', 'External', 'Tags'])
      }
      assert.ok(!('Id' in sent))
    }),
    { numRuns: 300 },
  )
})

test('a change says only what differs, and what is absent stays', () => {
  fc.assert(
    fc.property(rule, part, (before, change) => {
      const present = { ...mergeRule(null, before as InboundRuleInput), id: 7 }
      const after = mergeRule(present, readRule(change))
      const applied = { ...toPbxRule(present), ...changedFields(present, after) }
      // A trunk is known by its number.
      const plain = (told: Fields) => {
        const { trunk_dn: trunk, ...rest } = toInboundRule(told)
        return { ...rest, id: null, trunk: trunk?.number }
      }
      assert.deepEqual(plain(applied), plain(toPbxRule(after)))
      for (const field of Object.keys(present) as (keyof typeof present)[])
        if (!(field in change)) assert.deepEqual(after[field], present[field], field)
    }),
    { numRuns: 300 },
  )
})

test('a number goes with the kind of destination it was given for, periods with a type that has none', () => {
  const before = mergeRule(null, {
    office_hours_destination: { to: 'Extension', number: '100' },
    hours: {
      type: 'SpecificHours',
      periods: [{ day_of_week: 'Monday', start: '08:00:00', stop: '09:00:00' }],
    },
  })
  const changed = (change: InboundRuleInput) => mergeRule(before, change)
  assert.deepEqual(
    changed({ office_hours_destination: { to: 'External', external: '+33' } }).office_hours_destination,
    { to: 'External', number: null, external: '+33', name: null, type: null },
  )
  assert.equal(
    changed({ office_hours_destination: { number: '101' } }).office_hours_destination?.to,
    'Extension',
  )
  assert.equal(changed({ office_hours_destination: null }).office_hours_destination?.to, 'None')
  assert.deepEqual(changed({ hours: { type: 'AllHours' } }).hours?.periods, [])
  assert.equal(changed({ hours: { type: 'OutOfSpecificHours' } }).hours?.periods.length, 1)
  assert.equal(changed({ hours: null }).hours, null)
})

test('a number outside is sent as it is dialled', () => {
  const sent = (external: string) =>
    toPbxRule(mergeRule(null, { holidays_destination: { to: 'External', external } })).HolidaysDestination
      ?.External
  assert.equal(sent('+33 (1) 23.45-67/89'), '+33123456789')
  assert.equal(sent('no number'), 'no number')
})

test('unknown fields are refused by name, with the one that was meant', () => {
  const fields = refused({
    RuleNam: 'x',
    colour: 'red',
    hours: { periodes: [], Typ: 'OfficeHours' },
    OfficeHoursDestination: '{"Tp": "Queue"}',
    Hours2: 1,
  })
  assert.deepEqual(Object.keys(fields).sort(), [
    'Hours2',
    'RuleNam',
    'colour',
    'hours.Typ',
    'hours.periodes',
    'office_hours_destination.Tp',
  ])
  assert.deepEqual(fields['RuleNam'], ['Unknown field; did you mean rule_name?'])
  assert.deepEqual(fields['hours.periodes'], ['Unknown field; did you mean periods?'])
  assert.match(fields['colour']?.[0] ?? '', /Unknown field\. There are .*rule_name.*trunk_dn/)
})

test('wrong values are refused by path', () => {
  const fields = refused({
    condition: 'BasedOnDIDs',
    data: ['x'],
    id: 'seven',
    alter_destination_during_holidays: 'maybe',
    rule_name: 'x'.repeat(256),
    custom_data: 'half \ud800',
    trunk_dn: [],
    hours: '{not json',
    holidays_destination: { to: 'Nobody' },
  })
  assert.deepEqual(Object.keys(fields).sort(), [
    'alter_destination_during_holidays',
    'condition',
    'custom_data',
    'data',
    'holidays_destination.to',
    'hours',
    'id',
    'rule_name',
    'trunk_dn',
  ])
  assert.match(fields['condition']?.[0] ?? '', /Did you mean BasedOnDID\?/)
  const periods = refused({
    hours: { periods: [{ day_of_week: 'Mon', start: '9:00', stop: '24:00' }, { start: 'noon' }, 'x'] },
  })
  assert.deepEqual(Object.keys(periods).sort(), [
    'hours.periods.0.stop',
    'hours.periods.1.day_of_week',
    'hours.periods.1.start',
    'hours.periods.1.stop',
    'hours.periods.2',
  ])
  assert.deepEqual(periods['hours.periods.0.stop'], ['Write 23:59 for the end of the day.'])
  assert.deepEqual(refused({ rule_name: 'a', RuleName: 'b' }), {
    rule_name: ['Is given twice, as rule_name and as RuleName, and they differ: leave one out.'],
  })
  for (const name of ['toString', '__proto__', 'constructor'])
    assert.deepEqual(Object.keys(refused(JSON.parse(`{"${name}": []}`))), [name])
  for (const body of [null, [], 'x', 7]) assert.deepEqual(Object.keys(refused(body)), ['body'])
})

test('any JSON is read or refused, never more', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(whole)), (value, field) => {
      for (const body of [value, { [field]: value }])
        try {
          readRule(body)
        } catch (error) {
          assert.ok(error instanceof HubError, String(error))
        }
    }),
    { numRuns: 500 },
  )
})

test('a field the PBX names is told in our names', () => {
  for (const [theirs, ours] of [
    ['Data', 'data'],
    ['body.TrunkDN.Id', 'trunk_dn.id'],
    ['OutOfOfficeHoursDestination.Number', 'out_of_office_hours_destination.number'],
    ['body.Hours.Periods[2].DayOfWeek', 'hours.periods.2.day_of_week'],
    ['InboundRule/CallType', 'call_type'],
    ['Something.Else', 'Something.Else'],
  ])
    assert.equal(inOurNames(theirs ?? ''), ours)
})
