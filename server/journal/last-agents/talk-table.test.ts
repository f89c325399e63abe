import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openTalkTable, type Talk } from './talk-table.ts'

const aKey = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: -40, max: -1 }),
  fc.integer({ min: 33_199_000_000, max: 33_199_000_040 }),
)
type Step = { put: Omit<Talk, 'id'> & { place: number } } | { sweep: number }
const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      put: fc.record({ key: aKey, place: fc.nat(3), at: fc.nat(1_000), speaker: fc.nat(5) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ sweep: fc.nat(5) }) },
)
const sorted = (talks: { id: number }[]) => talks.toSorted((one, other) => one.id - other.id)

test('a table of talks finds what was put there last and nothing that was swept, also from its image', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { maxLength: 400 }), async (steps) => {
      let table = openTalkTable()
      const model = new Map<string, Talk>()
      const ids = new Map<string, number>()
      for (const [n, step] of steps.entries()) {
        if ('sweep' in step) {
          await table.sweep((_, speaker) => speaker === step.sweep)
          for (const [name, talk] of model) if (talk.speaker === step.sweep) model.delete(name)
        } else {
          const { place, ...put } = step.put
          // A row keeps its id and its key for good.
          const name = `${put.key} ${place}`
          if (!ids.has(name)) ids.set(name, ids.size + 1)
          const talk = { ...put, id: ids.get(name)! }
          table.put(talk)
          model.set(name, talk)
        }
        if (n % 97 === 0) table = openTalkTable(table.image())
      }
      assert.equal(table.stats().talks, model.size)
      for (const key of new Set([...model.values()].map((talk) => talk.key).concat(7)))
        assert.deepEqual(
          sorted(table.find(key)),
          sorted([...model.values()].flatMap(({ key: own, ...talk }) => (own === key ? [talk] : []))),
        )
    }),
    { numRuns: 200 },
  )
})

test('a table that may not grow lets the oldest talks go', () => {
  const table = openTalkTable([], 6_400)
  const keys = Array.from({ length: 40_000 }, (_, n) => 33_100_000_000 + n)
  for (const [n, key] of keys.entries()) table.put({ key, id: n + 1, at: n, speaker: 0 })
  const { talks, bytes } = table.stats()
  assert.ok(talks <= 6_400 && talks > 4_000, `${talks}`)
  assert.ok(bytes < 6_400 * 28 * 4, `${bytes}`)
  assert.equal(table.find(keys[0]!).length, 0)
  assert.equal(keys.slice(-3_000).filter((key) => table.find(key).length === 1).length, 3_000)
})

test('a talk takes eighty bytes at most, however many there are', () => {
  const table = openTalkTable()
  for (let n = 1; n <= 200_000; n++) {
    table.put({ key: 33_100_000_000 + n * 7, id: n, at: n, speaker: 0 })
    const { talks, bytes } = n % 1_000 === 0 ? table.stats() : { talks: 0, bytes: 0 }
    if (n >= 10_000 && talks > 0) assert.ok(bytes / talks <= 81, `${bytes / talks} at ${talks}`)
  }
})
