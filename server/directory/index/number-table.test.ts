import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ABSENT, NumberTable } from './number-table.ts'

test('whatever is set and deleted, the table agrees with a Map', () => {
  const key = fc.oneof(
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: -60, max: -1 }),
    fc.maxSafeInteger().filter((n) => n !== 0),
  )
  const step = fc.record({ key, value: fc.option(fc.integer({ min: 0, max: 0xfffffffe }), { nil: null }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), fc.integer(), (steps, seed) => {
      const table = new NumberTable(seed)
      const model = new Map<number, number>()
      for (const { key, value } of steps) {
        if (value === null) {
          table.delete(key)
          model.delete(key)
        } else {
          table.set(key, value)
          model.set(key, value)
        }
      }
      assert.equal(table.size, model.size)
      for (const { key } of steps) assert.equal(table.get(key), model.get(key) ?? ABSENT)
    }),
  )
})

test('a table that grows past one segment and shrinks again forgets and confuses nothing', () => {
  const table = new NumberTable(42)
  const small = table.bytes
  const keyOf = (i: number) => 33_600_000_000 + i * 7
  for (let i = 0; i < 60_000; i++) table.set(keyOf(i), i)
  assert.equal(table.size, 60_000)
  for (let i = 0; i < 60_000; i++) assert.equal(table.get(keyOf(i)), i)
  assert.ok(table.bytes / table.size < 30, `${table.bytes / table.size} bytes a number`)
  for (let i = 0; i < 60_000; i++) if (i % 100 !== 0) table.delete(keyOf(i))
  for (let i = 0; i < 60_000; i++) assert.equal(table.get(keyOf(i)), i % 100 === 0 ? i : ABSENT)
  for (let i = 0; i < 60_000; i++) table.delete(keyOf(i))
  assert.equal(table.size, 0)
  assert.ok(small < 1_000)
  assert.ok(table.bytes < 100_000, `${table.bytes} bytes when empty again`)
})
