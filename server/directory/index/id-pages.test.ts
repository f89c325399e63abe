import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IdPages } from './id-pages.ts'

test('whatever is set and deleted, the pages agree with a Map, also in a copy of their image', () => {
  const id = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.constantFrom(2 ** 31 - 1, 2 ** 30, 1_000_000))
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.nat(100_000), fc.boolean()), { maxLength: 200 }), (steps) => {
      let pages = new IdPages()
      const model = new Map<number, number>()
      for (const [one, page, add] of steps) {
        const sixteen = one >>> 4
        if (add) {
          pages.set(one, page)
          model.set(sixteen, page)
        } else if (model.delete(sixteen)) pages.delete(one)
      }
      pages = new IdPages(pages.image())
      for (const [one] of steps) assert.equal(pages.get(one), model.get(one >>> 4) ?? -1)
      assert.equal(pages.get(2 ** 31 - 17), model.get((2 ** 31 - 17) >>> 4) ?? -1)
    }),
    { numRuns: 60 },
  )
})

test('leaves that emptied are used again', () => {
  const pages = new IdPages()
  for (let id = 0; id < 100_000; id += 16) pages.set(id, id / 16)
  const { bytes } = pages
  for (let round = 1; round < 20; round++) {
    for (let id = 0; id < 100_000; id += 16) pages.delete(id)
    assert.equal(pages.get(5_000), -1)
    for (let id = 0; id < 100_000; id += 16) pages.set(id, id / 16)
  }
  assert.equal(pages.get(5_008), 313)
  assert.equal(pages.bytes, bytes)
})
