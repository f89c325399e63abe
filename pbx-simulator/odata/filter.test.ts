import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openClient } from '../test-client.ts'
import { readFilter, type Row } from './filter.ts'
import { Refusal } from './refusal.ts'

/** A filter as text, and the same as a plain function. */
type Pair = { text: string; holds: (row: Row) => boolean }

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`
const textField = fc.constantFrom('FirstName', 'LastName', 'CompanyName', 'Email', 'Department')
const word = fc.constantFrom('a', 'An', 'r', "d'", 'Anna', 'Bertrand', '@', '', 'é')
const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const onText: fc.Arbitrary<Pair> = fc
  .tuple(textField, fc.constantFrom('contains', 'startswith', 'endswith'), word, fc.boolean())
  .map(([field, name, part, folds]) => {
    const inner = folds ? `tolower(${field})` : field
    const sought = folds ? part.toLowerCase() : part
    return {
      text: `${name}(${inner},${quote(sought)})`,
      holds: (row) => {
        const value = asText(row[field])
        if (value === null) return false
        const seen = folds ? value.toLowerCase() : value
        return name === 'contains'
          ? seen.includes(sought)
          : name === 'startswith'
            ? seen.startsWith(sought)
            : seen.endsWith(sought)
      },
    }
  })

const onNumber: fc.Arbitrary<Pair> = fc
  .tuple(fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'), fc.integer({ min: 0, max: 12 }))
  .map(([operator, number]) => ({
    text: `Id ${operator} ${number}`,
    holds: ({ Id }) => {
      const id = Number(Id)
      return (
        {
          eq: id === number,
          ne: id !== number,
          gt: id > number,
          ge: id >= number,
          lt: id < number,
          le: id <= number,
        }[operator] ?? false
      )
    },
  }))

const onNull: fc.Arbitrary<Pair> = fc.tuple(textField, fc.boolean()).map(([field, isNull]) => ({
  text: `${field} ${isNull ? 'eq' : 'ne'} null`,
  holds: (row) => ((row[field] ?? null) === null) === isNull,
}))

const inList: fc.Arbitrary<Pair> = fc
  .tuple(textField, fc.array(word, { minLength: 1, maxLength: 3 }))
  .map(([field, words]) => ({
    text: `${field} in (${words.map(quote).join(', ')})`,
    holds: (row) => words.some((one) => row[field] === one),
  }))

const { filter } = fc.letrec<{ filter: Pair; leaf: Pair }>((tie) => ({
  leaf: fc.oneof(onText, onNumber, onNull, inList),
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => ({
      text: `(${a.text}) and (${b.text})`,
      holds: (row: Row) => a.holds(row) && b.holds(row),
    })),
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => ({
      text: `${a.text} or (${b.text})`,
      holds: (row: Row) => a.holds(row) || b.holds(row),
    })),
  ),
}))

test('over HTTP, a filter selects what a plain evaluation of the same condition selects', async (t) => {
  const client = await openClient(t)
  await client.ask('POST', '/xapi/v1/Contacts', {
    FirstName: "d'Anna",
    PhoneNumber: '1',
    Department: 'Était',
  })
  const all = await client.list('/Contacts')
  assert.equal(all.length, 9)
  await fc.assert(
    fc.asyncProperty(filter, async ({ text, holds }) => {
      const found = await client.list(`/Contacts?$filter=${encodeURIComponent(text)}`)
      assert.deepEqual(
        found.map(({ Id }) => Id),
        all.filter(holds).map(({ Id }) => Id),
        text,
      )
    }),
    { numRuns: 150 },
  )
})

const rows: Row[] = [
  {
    Id: 1,
    At: '2026-03-01T10:00:00Z',
    Took: 'PT1M5S',
    To: 'Queue',
    Deep: { Name: 'x' },
    Many: [{ Name: 'a' }],
  },
  { Id: 2, At: '2026-03-02T10:00:00+02:00', Took: 'PT5S', To: null, Deep: null, Many: [] },
]
const select = (text: string): unknown[] =>
  rows.filter(readFilter(text, new Set(['Id', 'At', 'Took', 'To', 'Deep', 'Many']))).map(({ Id }) => Id)

for (const [text, expected] of [
  ['At ge 2026-03-02T08:00:00Z', [2]],
  ['At lt 2026-03-02', [1]],
  ['year(At) eq 2026 and day(At) eq 2', [2]],
  ["Took gt duration'PT10S'", [1]],
  ["To eq Pbx.DestinationType'Queue'", [1]],
  ["Deep/Name eq 'x'", [1]],
  ["Many/any(m:m/Name eq 'a')", [1]],
  ['Many/$count eq 0', [2]],
  ["not (To eq 'Queue')", [2]],
  ["not contains(To,'Q')", []],
  ['null eq To', [2]],
  ["Id gt 0 and not (Id eq 1) or To eq 'Queue'", [1, 2]],
] as const) {
  test(`$filter=${text}`, () => assert.deepEqual(select(text), expected))
}

for (const text of [
  'Nothing eq 1',
  'Id eq',
  'Id ~ 1',
  'contains(To)',
  'shout(To)',
  '(Id eq 1',
  "To eq 'open",
  '('.repeat(300),
]) {
  test(`$filter=${text.slice(0, 20)} is refused in words`, () =>
    assert.throws(
      () => select(text),
      (error) => error instanceof Refusal && error.status === 400,
    ))
}
