import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PostingLists } from './posting-lists.ts'

function valuesOf(lists: PostingLists, list: number): number[] {
  const found: number[] = []
  assert.ok(lists.every(list, (value) => found.push(value) > 0))
  return found.sort((a, b) => a - b)
}

test('several sets side by side each hold exactly what was put into them', () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 60 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const lists = new PostingLists()
      const sets = [0, 1, 2].map(() => ({ list: lists.open(1_000, 2_000), model: new Set([1_000, 2_000]) }))
      for (const [which, value, add] of steps) {
        const set = sets[which]!
        if (!add) {
          set.list = lists.remove(set.list, value)
          set.model.delete(value)
        } else if (!set.model.has(value)) {
          set.list = lists.add(set.list, value)
          set.model.add(value)
        }
      }
      for (const { list, model } of sets) {
        assert.equal(lists.size(list), model.size)
        assert.deepEqual(
          valuesOf(lists, list),
          [...model].sort((a, b) => a - b),
        )
      }
    }),
  )
})

test('a set of a hundred thousand is filled, read up to where one wants, and emptied again', () => {
  const lists = new PostingLists()
  let list = lists.open(0, 1)
  for (let value = 2; value < 100_000; value++) list = lists.add(list, value)
  assert.equal(lists.size(list), 100_000)
  assert.equal(valuesOf(lists, list).length, 100_000)
  let seen = 0
  assert.equal(
    lists.every(list, () => ++seen < 10),
    false,
  )
  assert.equal(seen, 10)
  for (let value = 2; value < 100_000; value++) list = lists.remove(list, value)
  assert.deepEqual(valuesOf(lists, list), [0, 1])
})

test('the memory of closed sets is used again', () => {
  const lists = new PostingLists()
  const open = Array.from({ length: 5_000 }, (_, i) => lists.open(i, i + 1))
  const { bytes } = lists
  for (const list of open) lists.close(list)
  const again = Array.from({ length: 5_000 }, (_, i) => lists.open(i, i + 7))
  assert.equal(lists.bytes, bytes)
  let moving = again.at(-1)!
  for (let round = 0; round < 1_000; round++) {
    for (let value = 100; value < 900; value++) moving = lists.add(moving, value)
    for (let value = 100; value < 900; value++) moving = lists.remove(moving, value)
  }
  assert.ok(lists.bytes < bytes + 100_000, `${lists.bytes} after ${bytes}`)
  again[again.length - 1] = moving
  for (const [i, list] of again.entries()) assert.deepEqual(valuesOf(lists, list), [i, i + 7])
})
