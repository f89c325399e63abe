import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pauseAfter } from './back-off.ts'
import { checkSchedule, momentAfter } from './schedule.ts'

const at = Date.parse
const next = (time: string, zone: string, after: string) =>
  new Date(momentAfter({ at: time, zone }, 0, at(after))).toISOString()

test('every so often: the next moment of the same grid, however many were missed', () => {
  const every = (ms: number, from: number, after: number) => momentAfter({ everyMs: ms }, from, after)
  assert.equal(every(100, 1_000, 1_000), 1_100)
  assert.equal(every(100, 1_000, 1_099), 1_100)
  assert.equal(every(100, 1_000, 1_100), 1_200)
  assert.equal(every(100, 1_000, 9_999_950), 10_000_000)
  assert.equal(every(100, 1_000, 3), 1_100, 'a clock that was set back does not make a moment come twice')
})

test('a time of day comes once a day, also on the days on which clocks change', () => {
  assert.equal(next('03:00', 'Europe/Paris', '2026-11-21T01:59:59Z'), '2026-11-21T02:00:00.000Z')
  assert.equal(next('03:00', 'Europe/Paris', '2026-11-21T02:00:00Z'), '2026-11-22T02:00:00.000Z')
  // 29 March 2026: 02:30 does not exist in Paris.
  assert.equal(next('02:30', 'Europe/Paris', '2026-03-28T12:00:00Z'), '2026-03-29T01:30:00.000Z')
  assert.equal(next('02:30', 'Europe/Paris', '2026-03-29T01:30:00Z'), '2026-03-30T00:30:00.000Z')
  // 25 October 2026: 02:30 comes twice; the first one counts.
  assert.equal(next('02:30', 'Europe/Paris', '2026-10-24T12:00:00Z'), '2026-10-25T00:30:00.000Z')
  assert.equal(next('02:30', 'Europe/Paris', '2026-10-25T00:30:00Z'), '2026-10-26T01:30:00.000Z')
  assert.equal(next('00:00', 'Asia/Kolkata', '2026-11-21T18:30:00Z'), '2026-11-22T18:30:00.000Z')
})

test(
  'as the calendar of the language has it, for any zone and time',
  { skip: typeof Temporal === 'undefined' },
  () => {
    const zones = fc.constantFrom(
      'Europe/Paris',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'UTC',
    )
    const instants = fc.integer({ min: at('2005-01-01'), max: at('2035-01-01') })
    const times = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    fc.assert(
      fc.property(zones, instants, times, (zone, after, [hour, minute]) => {
        const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
        let day = Temporal.Instant.fromEpochMilliseconds(after)
          .toZonedDateTimeISO(zone)
          .toPlainDate()
          .subtract({ days: 1 })
        let expected = -Infinity
        for (; expected <= after; day = day.add({ days: 1 }))
          expected = day.toZonedDateTime({ timeZone: zone, plainTime: { hour, minute } }).epochMilliseconds
        assert.equal(momentAfter({ at: time, zone }, 0, after), expected, `${time} ${zone} after ${after}`)
      }),
      { numRuns: 300 },
    )
  },
)

test('a schedule without moments is refused', () => {
  for (const schedule of [
    { everyMs: 0 },
    { everyMs: 1.5 },
    { at: '24:00', zone: 'UTC' },
    { at: '03:00', zone: 'Mars' },
  ])
    assert.throws(() => checkSchedule(schedule), JSON.stringify(schedule))
  checkSchedule({ at: '03:00', zone: 'Europe/Paris' })
})

test('pauses double up to the longest, and no two hubs need come back together', () => {
  const backOff = { firstMs: 100, longestMs: 1_000 }
  const pauses = (chance: number) => [1, 2, 3, 4, 5, 500].map((n) => pauseAfter(n, backOff, chance))
  assert.deepEqual(pauses(0), [50, 100, 200, 400, 500, 500])
  assert.deepEqual(pauses(1), [100, 200, 400, 800, 1_000, 1_000])
})
