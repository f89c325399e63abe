import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readDate, readTruth } from './cells.ts'
import { planColumns, type ColumnPlan } from './columns.ts'
import { readExtensionCell, readPhoneCell } from './phone-cell.ts'
import { openRowReader, type Rejection, type Row } from './row.ts'
import { splitNumbers } from '../phone-number.ts'

function read(cells: Record<string, string>, clear = false): Row | Rejection {
  const plan = planColumns(Object.keys(cells), null) as ColumnPlan
  const record = { cells: Object.values(cells), line: 7, start: 0, end: 0, problem: null }
  return openRowReader({ plan, country: 'FR', clear })(record)
}
function accepted(cells: Record<string, string>, clear = false): Row {
  const row = read(cells, clear)
  assert.ok(!('code' in row), 'code' in row ? row.reason : '')
  return row
}
function refused(cells: Record<string, string>): string {
  const row = read(cells)
  assert.ok('code' in row, 'the row was accepted')
  assert.equal(row.line, 7)
  return row.code
}

describe('a row', () => {
  test('keeps what empty cells are silent about', () => {
    const { customer } = accepted({
      account: 'C1',
      company: '',
      phone: '',
      vip: '',
      category: '',
      direct_line: '',
      on_call: '',
    })
    assert.deepEqual(
      {
        name: customer?.name,
        phones: customer?.phones,
        vip: customer?.vip,
        category: customer?.category,
        onCall: customer?.onCall,
      },
      { name: undefined, phones: undefined, vip: undefined, category: undefined, onCall: undefined },
    )
    assert.equal(customer?.hints?.direct_line, undefined)
  })

  test('empties them with clear, but only columns the file has', () => {
    const { customer } = accepted({ account: 'C1', phone: '', category: '', direct_line: '' }, true)
    assert.deepEqual(customer?.phones, [])
    assert.equal(customer?.category, null)
    assert.equal(customer?.hints?.direct_line, null)
    assert.equal(customer?.hints?.backend_link, undefined)
    assert.equal(customer?.extensions, undefined)
  })

  test('gives its routing hints to the contact when it names one, else to the customer', () => {
    const alone = accepted({ account: 'C1', last_name: '', queue_position: '100' })
    assert.equal(alone.customer?.hints?.queue_position, 100)
    assert.equal(alone.contact, null)
    const both = accepted({ account: 'C1', last_name: 'Petit', queue_position: '100' })
    assert.equal(both.customer?.hints, undefined)
    assert.equal(both.contact?.hints?.queue_position, 100)
  })

  test('whose only phone is withheld names no contact', () => {
    const row = accepted({ account: 'C1', contact_phones: 'anonymous', queue_position: '3' })
    assert.equal(row.contact, null)
    assert.equal(row.customer?.hints?.queue_position, 3)
    assert.deepEqual(
      row.warnings.map((warning) => warning.code),
      ['withheld_number'],
    )
  })

  test('knows its contact by name, else by e-mail, else by the first phone', () => {
    const person = {
      account: 'C1',
      first_name: 'Éva',
      last_name: '',
      email: 'E@x.fr',
      contact_phones: '01 99 00 12 34',
    }
    assert.equal(accepted(person).contact?.key, 'name eva')
    assert.equal(accepted({ ...person, first_name: '' }).contact?.key, 'mail e@x.fr')
    assert.equal(accepted({ ...person, first_name: '', email: '' }).contact?.key, 'phone +33199001234')
  })

  test('without an account is a contact of no customer', () => {
    const row = accepted({ account: '', last_name: 'Petit' })
    assert.equal(row.customer, null)
    assert.equal(row.contact?.key, 'name petit')
  })

  test('is refused, with its line, for what cannot be understood', () => {
    assert.equal(refused({ account: '', company: 'Acme', last_name: 'Petit' }), 'account_missing')
    assert.equal(refused({ account: ' ', last_name: '' }), 'empty_row')
    assert.equal(refused({ account: 'C1', vip: 'maybe' }), 'bad_truth')
    assert.equal(refused({ account: 'C1', queue_position: '101' }), 'bad_queue_position')
    assert.equal(refused({ account: 'C1', backend_link: 'javascript:alert(1)' }), 'bad_link')
    assert.equal(refused({ account: 'C1', on_call_from: '31/02/2026' }), 'bad_date')
    assert.equal(
      refused({ account: 'C1', on_call_from: '2026-05-02', on_call_to: '01/05/2026' }),
      'bad_period',
    )
    assert.equal(refused({ account: 'C\u0000' }), 'bad_text')
    assert.equal(refused({ account: 'C'.repeat(256) }), 'too_long')
  })

  test('may have empty cells at its end, and no others too many', () => {
    const plan = planColumns(['account', 'company'], null) as ColumnPlan
    const reader = openRowReader({ plan, country: 'FR', clear: false })
    const record = (cells: string[]) => ({ cells, line: 2, start: 0, end: 0, problem: null })
    assert.ok(!('code' in reader(record(['C1', 'Acme', '', ' ']))))
    assert.equal((reader(record(['C1', 'Acme', 'x'])) as Rejection).code, 'wrong_columns')
    assert.equal((reader(record(['C1'])) as Rejection).code, 'wrong_columns')
  })
})

describe('a cell of numbers', () => {
  const numbers = (cell: string) =>
    readPhoneCell(cell, 'phone', 'FR').phones.map(({ values }) => values.e164 ?? values.exact)

  test('holds one number or several', () => {
    assert.deepEqual(numbers('01 99 00 12 34'), ['+33199001234'])
    assert.deepEqual(numbers('01 99 00 12 34; 06 39 98 00 01'), ['+33199001234', '+33639980001'])
    assert.deepEqual(numbers('0199001234,0639980001'), ['+33199001234', '+33639980001'])
    assert.deepEqual(numbers('0199001234 ou +44 20 7946 0123'), ['+33199001234', '+442079460123'])
  })

  test('is parted as the reader of numbers parts it', () => {
    for (const cell of [
      '01 99 00 12 34',
      '0199001234/0639980001',
      '0199001234; 0199001235',
      '01,99,00,12,34',
      '0199001234;ext=45',
      '12;34',
      'call Bob',
    ]) {
      const read = readPhoneCell(cell, 'phone', 'FR').phones.map(({ values }) => values.raw)
      assert.deepEqual(read, splitNumbers(cell, 'FR'), cell)
    }
  })

  test('may say what kind of phone each is', () => {
    const cell = readPhoneCell('mobile: 06 39 98 00 01, Fax:01 99 00 12 34', 'phone', 'FR')
    assert.deepEqual(
      cell.phones.map(({ kind, values }) => [kind, values.kind, values.e164]),
      [
        ['mobile', 'mobile', '+33639980001'],
        ['fax', 'fax', '+33199001234'],
      ],
    )
    assert.deepEqual(numbers('tel:+33199001234'), ['+33199001234'])
  })

  test('keeps what nobody can read, and says so', () => {
    const cell = readPhoneCell('ask reception', 'phone', 'FR')
    assert.deepEqual(cell.unreadable, ['ask reception'])
    assert.equal(cell.phones[0]?.values.raw, 'ask reception')
  })

  test('of extensions is parted at blanks and punctuation', () => {
    assert.deepEqual(
      readExtensionCell('101, 102;103 104', 'FR').phones.map(({ values }) => [values.kind, values.exact]),
      [
        ['extension', '101'],
        ['extension', '102'],
        ['extension', '103'],
        ['extension', '104'],
      ],
    )
  })
})

test('truth is written in many ways', () => {
  assert.deepEqual(['1', 'TRUE', 'Oui', 'yes'].map(readTruth), [true, true, true, true])
  assert.deepEqual(['0', 'false', 'NON', 'No'].map(readTruth), [false, false, false, false])
  assert.equal(readTruth('2'), null)
})

test('dates are ISO or day first', () => {
  assert.equal(readDate('2026-02-28'), '2026-02-28')
  assert.equal(readDate('3/2/2026'), '2026-02-03')
  assert.equal(readDate('29/02/2026'), null)
  assert.equal(readDate('2026-13-01'), null)
})
