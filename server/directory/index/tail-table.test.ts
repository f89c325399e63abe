import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TailTable } from './tail-table.ts'

function ending(table: TailTable, tail: number): number[] {
  const found: number[] = []
  table.collect(tail, found)
  return found.sort((a, b) => a - b)
}

test('numbers are found by their last nine digits, whatever came and went before', () => {
  const number = fc
    .record({
      head: fc.integer({ min: 1, max: 40 }),
      tail: fc.integer({ min: 999_999_990, max: 999_999_999 }),
      sign: fc.constantFrom(1, -1),
    })
    .map(({ head, tail, sign }) => sign * (head * 1_000_000_000 + tail))
  fc.assert(
    fc.property(
      fc.array(fc.tuple(number, fc.boolean()), { maxLength: 300, size: 'max' }),
      fc.integer(),
      (steps, seed) => {
        const table = new TailTable(seed)
        const model = new Set<number>()
        for (const [key, add] of steps) {
          if (add) {
            table.add(key)
            model.add(key)
          } else {
            table.remove(key)
            model.delete(key)
          }
        }
        assert.equal(table.size, model.size)
        for (let tail = 999_999_990; tail < 1_000_000_000; tail++) {
          const expected = [...model]
            .filter((key) => Math.abs(key) % 1_000_000_000 === tail)
            .sort((a, b) => a - b)
          assert.deepEqual(ending(table, tail), expected)
        }
      },
    ),
  )
})

test('a table that grows past one segment and empties again finds all and then none', () => {
  const table = new TailTable(7)
  for (let i = 0; i < 50_000; i++) table.add(33_600_000_000 + i)
  for (let i = 0; i < 50_000; i++) assert.deepEqual(ending(table, 600_000_000 + i), [33_600_000_000 + i])
  assert.deepEqual(ending(table, 600_050_000), [])
  for (let i = 0; i < 50_000; i++) table.remove(33_600_000_000 + i)
  assert.equal(table.size, 0)
})

test('ten thousand numbers with one ending do not make the table crawl', () => {
  const table = new TailTable(7)
  for (let head = 1; head <= 10_000; head++) table.add(head * 1_000_000_000 + 5)
  assert.equal(ending(table, 5).length, 64)
  assert.equal(table.size, 64)
})
