import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { COLUMNS, headerKey, planColumns } from './columns.ts'

describe('the header of a book', () => {
  test('is known in any case, accents and punctuation', () => {
    const plan = planColumns(['Customer_Account', 'SOCIÉTÉ', 'E-Mail', 'first name'], null)
    assert.deepEqual(plan, {
      at: { customer_account: 0, customer_name: 1, email: 2, first_name: 3 },
      width: 4,
      ignored: [],
    })
  })

  test('may have columns nobody knows, which are named', () => {
    const plan = planColumns(['account', 'Shoe size', ''], null)
    assert.deepEqual(plan, { at: { customer_account: 0 }, width: 3, ignored: ['Shoe size'] })
  })

  test('without any known column is no book', () => {
    assert.match(
      (planColumns(['a', 'b'], null) as { problem: string }).problem,
      /No column of the file is known \(found: a, b\)/,
    )
  })

  test('that names a column twice is refused, also under two names', () => {
    assert.match(
      (planColumns(['account', 'Account'], null) as { problem: string }).problem,
      /"Account" twice/,
    )
    assert.match(
      (planColumns(['account', 'customer code'], null) as { problem: string }).problem,
      /"account" and "customer code" both mean customer_account/,
    )
  })

  test('is read through a mapping, which wins over what the name means', () => {
    const plan = planColumns(['Kto', 'phone', 'name'], { kto: 'customer_account', phone: null })
    assert.deepEqual(plan, { at: { customer_account: 0 }, width: 3, ignored: ['name'] })
  })

  test('that lacks a mapped column is refused', () => {
    assert.match(
      (planColumns(['account'], { Kto: 'customer_account' }) as { problem: string }).problem,
      /"Kto" that the file does not have/,
    )
  })
})

test('no two columns share a header name', () => {
  const names = Object.entries(COLUMNS).flatMap(([column, aliases]) => [
    ...new Set([column, ...aliases].map(headerKey)),
  ])
  assert.equal(new Set(names).size, names.length)
})

test('the manual lists every column with its other names', () => {
  const manual = readFileSync(new URL('../../../docs/import.md', import.meta.url), 'utf8')
  for (const [column, aliases] of Object.entries(COLUMNS)) {
    const row = manual.split('\n').find((line) => line.startsWith(`| \`${column}\` |`))
    assert.ok(row, `docs/import.md has no row for ${column}`)
    for (const alias of aliases) assert.ok(row.includes(alias), `docs/import.md does not name ${alias}`)
  }
})
