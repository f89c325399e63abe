import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPeriod, readWrittenDate, readWrittenInstant } from './written-dates.ts'

const iso = (text: string, zone = 'Europe/Paris') => {
  const instant = readWrittenInstant(text, zone)
  return instant === null ? null : new Date(instant).toISOString()
}

test('a date is read in either order, alone or in an instant; what is in no calendar is none', () => {
  for (const text of ['2026-05-31', '31/05/2026', ' 31/5/2026 ', '2026-05-31T23:59:59Z', '31/05/2026 14:05'])
    assert.equal(readWrittenDate(text), '2026-05-31', text)
  for (const text of [
    '',
    '31/02/2026',
    '2026-13-01',
    '05-31-2026',
    '2026-05-31T',
    '2026-05-31 soon',
    '31/05/26',
  ])
    assert.equal(readWrittenDate(text), null, text)
})

test('an instant without an offset is meant in the zone, also on the days its clocks change', () => {
  assert.equal(iso('2026-05-01T10:00:00Z'), '2026-05-01T10:00:00.000Z')
  assert.equal(iso('2026-05-01T10:00:00.25+02:00'), '2026-05-01T08:00:00.250Z')
  assert.equal(iso('2026-05-01 10:00:00'), '2026-05-01T08:00:00.000Z')
  assert.equal(iso('01/05/2026 9:30'), '2026-05-01T07:30:00.000Z')
  assert.equal(iso('2026-05-01'), '2026-04-30T22:00:00.000Z')
  assert.equal(iso('2026-10-25 02:30', 'Europe/Paris'), '2026-10-25T00:30:00.000Z')
  assert.equal(iso('2026-05-01', 'Asia/Kolkata'), '2026-04-30T18:30:00.000Z')
  for (const text of ['', 'soon', '2026-05-01T25:00', '2026-05-01T10:61', '32/01/2026 10:00'])
    assert.equal(iso(text), null, text)
})

test('a period ends behind its last day, and at its last instant', () => {
  const day = Date.parse('2026-05-01T00:00:00Z')
  assert.deepEqual(readPeriod({ from: '2026-05-01', to: '01/05/2026' }, 'UTC'), {
    from: day,
    to: day + 86_400_000,
  })
  assert.deepEqual(readPeriod({ to: '2026-05-01T00:00:00Z' }, 'UTC'), { from: null, to: day })
  assert.throws(() => readPeriod({ from: 'soon' }, 'UTC'), { code: 'validation_failed' })
})
