import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NORMALISER_VERSION, readNumber } from './phone-number.ts'
import { toPhoneRow, toStoredNumber } from './phones.ts'

const input = (raw: string) => ({ raw, kind: 'mobile', label: null, position: 0 })
const stored = (raw: string, country: string | null) => {
  const values = toPhoneRow(input(raw), country)
  return values && toStoredNumber({ ...values, id: 1, tenant_id: 1, customer_id: 1, contact_id: null })
}

test('a number keeps what was typed, the country and the version beside its E.164 form', () => {
  assert.deepEqual(toPhoneRow({ raw: ' 06 28 77 38 62 ', kind: 'mobile', label: 'Own', position: 3 }, 'FR'), {
    position: 3,
    kind: 'mobile',
    label: 'Own',
    raw: '06 28 77 38 62',
    e164: '+33628773862',
    national: null,
    exact: null,
    extension: null,
    country: 'FR',
    normaliser: NORMALISER_VERSION,
  })
})

test('a number without a country is kept by its digits, an extension and an unreadable text as they are', () => {
  const columns = (raw: string) => {
    const row = toPhoneRow(input(raw), null)
    return [row?.e164, row?.national, row?.exact]
  }
  assert.deepEqual(columns('06 28 77 38 62'), [null, '628773862', null])
  assert.deepEqual(columns('201'), [null, null, '201'])
  assert.deepEqual(columns('ask Jane'), [null, null, 'ask Jane'])
})

test('an empty or withheld number is not stored', () => {
  for (const raw of ['', '   ', 'anonymous', 'Withheld', '[Number]'])
    assert.equal(toPhoneRow(input(raw), 'FR'), null, raw)
})

test('a stored number comes back as it was read', () => {
  const numbers = ['06 28 77 38 62', '+33 1 99 00 12 34 ext 45', '201', '*72', 'ask Jane', '+1 212 555 0123']
  for (const country of ['FR', null]) {
    for (const raw of numbers) {
      assert.deepEqual(
        stored(raw, country),
        { kind: 'mobile', read: readNumber(raw, country) },
        `${raw} in ${country}`,
      )
    }
  }
})
