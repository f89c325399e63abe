import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toPhoneRow } from '../phones.ts'
import { readPhoneCell } from './phone-cell.ts'
import { addStored, namePhones, newPhoneList, unnamedIds, writesOf, type PhoneList } from './phone-list.ts'

function listOf(...numbers: string[]): PhoneList {
  const list = newPhoneList()
  for (const [i, raw] of numbers.entries()) {
    const values = toPhoneRow({ raw, kind: 'phone', label: null, position: i }, 'FR')
    assert.ok(values)
    addStored(list, { ...values, id: i + 1 }, false)
  }
  return list
}
const cell = (text: string) => readPhoneCell(text, 'phone', 'FR').phones

test('the same numbers in the same order change nothing', () => {
  const list = listOf('0199001234', '0199001235')
  namePhones(list, 'numbers', cell('0199001234;0199001235'))
  assert.deepEqual(writesOf(list), { inserted: [], updated: [] })
  assert.deepEqual(unnamedIds(list, 'numbers'), [])
})

test('a number that no row names stays last until the end', () => {
  const list = listOf('0199001234', '0199001235')
  namePhones(list, 'numbers', cell('0199001236'))
  const { inserted, updated } = writesOf(list)
  assert.deepEqual(
    inserted.map(({ position }) => position),
    [0],
  )
  assert.deepEqual(
    updated.map(({ id, position }) => [id, position]),
    [
      [1, 1],
      [2, 2],
    ],
  )
  assert.deepEqual(unnamedIds(list, 'numbers'), [1, 2])
})

test('rows of one file add up, and the first spelling of a number stays', () => {
  const list = listOf('0199001234', '0199001235')
  namePhones(list, 'numbers', cell('0199001234'))
  namePhones(list, 'numbers', cell('+33 1 99 00 12 34; 0199001235'))
  assert.deepEqual(writesOf(list), { inserted: [], updated: [] })
})

test('a kind that a person chose is kept unless the cell says another', () => {
  const list = newPhoneList()
  const values = toPhoneRow({ raw: '0199001234', kind: 'work', label: 'desk', position: 0 }, 'FR')
  assert.ok(values)
  addStored(list, { ...values, id: 1 }, false)
  namePhones(list, 'numbers', cell('0199001234'))
  assert.deepEqual(writesOf(list).updated, [])
  const other = newPhoneList()
  addStored(other, { ...values, id: 1 }, false)
  namePhones(other, 'numbers', cell('home: 0199001234'))
  const [update] = writesOf(other).updated
  assert.equal(update?.values.kind, 'home')
  assert.equal(update?.values.label, 'desk')
})
