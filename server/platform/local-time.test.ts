import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantOf, localTime, offsetAt, readInstant } from './local-time.ts'

const HOUR = 3_600_000
const ZONES = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Apia',
  'America/Havana',
  'Asia/Beirut',
]
const anInstant = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2037, 0, 1) })

test('a wall clock is read and set back to the same instant, but for an hour that is shown twice', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), anInstant, (zone, instant) => {
      const { day, ms } = localTime(zone, instant)
      const again = instantOf(zone, day * 24 * HOUR + ms)
      const shownTwice = again < instant && instant - again <= 2 * HOUR
      assert.ok(again === instant || shownTwice, `${zone} ${new Date(instant).toISOString()}`)
      const read = localTime(zone, again)
      assert.deepEqual([read.day, read.ms], [day, ms])
    }),
  )
})

test('a time that is skipped comes as much later as the clocks are put forward', () => {
  const paris = instantOf('Europe/Paris', Date.UTC(2026, 2, 29, 2, 30))
  assert.equal(new Date(paris).toISOString(), '2026-03-29T01:30:00.000Z')
  assert.equal(localTime('Europe/Paris', paris).minute, 3 * 60 + 30)
  assert.equal(offsetAt('Europe/Paris', paris), 2 * HOUR)
})

test('a time that is shown twice means the first', () => {
  const paris = instantOf('Europe/Paris', Date.UTC(2026, 9, 25, 2, 30))
  assert.equal(new Date(paris).toISOString(), '2026-10-25T00:30:00.000Z')
})

test('written times are read with their zone or with the one given, and nonsense is null', () => {
  const read = (text: string) => {
    const instant = readInstant(text, 'Asia/Singapore')
    return instant === null ? null : new Date(instant).toISOString()
  }
  assert.equal(read('2026-11-22T14:30:00Z'), '2026-11-22T14:30:00.000Z')
  assert.equal(read('2026-11-22T14:30:05.25+02:00'), '2026-11-22T12:30:05.250Z')
  assert.equal(read('2026-11-22 14:30-0530'), '2026-11-22T20:00:00.000Z')
  assert.equal(read(' 2026-11-22 14:30 '), '2026-11-22T06:30:00.000Z')
  for (const nonsense of [
    '',
    'tomorrow',
    '2026-02-30T10:00',
    '2026-11-22T25:00',
    '2026-11-22T14:61',
    '14:30',
  ])
    assert.equal(read(nonsense), null, nonsense)
})
