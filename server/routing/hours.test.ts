import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantOf, localTime } from '../platform/local-time.ts'
import { holidayOn, hoursFault, openAt, weekSpans } from './hours.ts'
import type { WeekHours } from '../../contract/profiles.ts'

const MINUTE = 60_000
const ZONES = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
]
const NIGHT: WeekHours = {
  friday: [{ from: '22:00', to: '06:00' }],
  saturday: [{ from: '09:00', to: '12:00' }],
  sunday: [{ from: '20:00', to: '02:00' }],
}
const at = (zone: string, text: string) => instantOf(zone, Date.parse(`${text}Z`))
const isOpen = (hours: WeekHours | null, zone: string, instant: number) =>
  openAt({ zone, hours: hours && weekSpans(hours), holidays: [], calendar: null }, instant).open

test('a span over midnight belongs to the day it begins, also over the end of the week', () => {
  const zone = 'Europe/Paris'
  for (const [time, open] of [
    ['2026-11-20T21:59', false],
    ['2026-11-20T22:00', true],
    ['2026-11-21T05:59', true],
    ['2026-11-21T06:00', false],
    ['2026-11-21T22:00', false],
    ['2026-11-22T23:30', true],
    ['2026-11-23T01:59', true],
    ['2026-11-23T02:00', false],
  ] as const)
    assert.equal(isOpen(NIGHT, zone, at(zone, time)), open, time)
})

test('what is open is told by the wall clock alone, on the days the clocks change as well', () => {
  const hours: WeekHours = { sunday: [{ from: '01:30', to: '02:30' }] }
  const open = (iso: string) => isOpen(hours, 'Europe/Paris', Date.parse(iso))
  // Clocks go from 02:00 to 03:00 at 01:00 UTC.
  assert.deepEqual(
    ['2026-03-29T00:29Z', '2026-03-29T00:30Z', '2026-03-29T00:59Z', '2026-03-29T01:00Z'].map(open),
    [false, true, true, false],
  )
  // Clocks show 02:00 to 03:00 twice, from 00:00 UTC.
  assert.deepEqual(
    [
      '2026-10-24T23:30Z',
      '2026-10-25T00:29Z',
      '2026-10-25T00:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:30Z',
    ].map(open),
    [true, true, false, true, false],
  )
})

test('of spans that do not overlap, an instant is in at most one, and in it exactly as its clock says', () => {
  const aMinute = fc.integer({ min: 0, max: 7 * 1_440 - 1 })
  fc.assert(
    fc.property(
      fc.uniqueArray(aMinute, { minLength: 2, maxLength: 14 }),
      fc.constantFrom(...ZONES),
      fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2034, 0, 1) }),
      (edges, zone, instant) => {
        const sorted = edges.toSorted((one, other) => one - other)
        const spans = []
        for (let i = 0; i + 1 < sorted.length; i += 2) spans.push({ start: sorted[i]!, end: sorted[i + 1]! })
        const { day, minute } = localTime(zone, instant)
        const now = ((day + 3) % 7) * 1_440 + minute
        const wanted = spans.some(({ start, end }) => start <= now && now < end)
        assert.equal(openAt({ zone, hours: spans, holidays: [], calendar: null }, instant).open, wanted)
        assert.equal(
          openAt(
            { zone, hours: spans, holidays: [], calendar: null },
            instant + MINUTE - 1 - (instant % MINUTE),
          ).open,
          wanted,
        )
      },
    ),
  )
})

test('overlapping spans are told of, over midnight and over the end of the week as well', () => {
  const day = (from: string, to: string) => ({ from, to })
  assert.equal(hoursFault(NIGHT), null)
  assert.equal(hoursFault({ monday: [day('09:00', '12:00'), day('12:00', '18:00')] }), null)
  assert.equal(hoursFault({ monday: [day('00:00', '24:00')], tuesday: [day('00:00', '24:00')] }), null)
  for (const [hours, words] of [
    [
      { monday: [day('09:00', '12:01'), day('12:00', '18:00')] },
      /monday 09:00 to monday 12:01 and monday 12:00/,
    ],
    [{ monday: [day('22:00', '06:00')], tuesday: [day('05:00', '07:00')] }, /monday 22:00 to tuesday 06:00/],
    [
      { sunday: [day('22:00', '06:00')], monday: [day('05:00', '07:00')] },
      /sunday 22:00 to monday 06:00 and monday 05:00/,
    ],
  ] as const)
    assert.match(hoursFault(hours as unknown as WeekHours) ?? '', words)
})

test('a holiday closes its days from midnight to midnight, once or every year', () => {
  const dayOf = (date: string) => Date.parse(`${date}T00:00:00Z`) / 86_400_000
  const once = { name: 'Move', from: '2026-05-04', to: '2026-05-06' }
  const turn = { from: '2020-12-24', to: '2021-01-02', yearly: true }
  const leap = { from: '2024-02-29', yearly: true }
  for (const [holiday, date, on] of [
    [once, '2026-05-03', false],
    [once, '2026-05-04', true],
    [once, '2026-05-06', true],
    [once, '2027-05-05', false],
    [turn, '2031-12-23', false],
    [turn, '2031-12-31', true],
    [turn, '2032-01-02', true],
    [turn, '2032-01-03', false],
    [leap, '2028-02-29', true],
    [leap, '2027-02-28', false],
    [leap, '2027-03-01', false],
  ] as const)
    assert.equal(holidayOn([holiday], dayOf(date)) !== null, on, `${holiday.from} ${date}`)
  const zone = 'Europe/Paris'
  const holidays = [{ name: 'Fair', from: '2026-11-21' }]
  const schedule = { zone, hours: weekSpans(NIGHT), holidays, calendar: null }
  assert.deepEqual(
    ['2026-11-20T23:59', '2026-11-21T00:00', '2026-11-21T10:00'].map((time) =>
      openAt(schedule, at(zone, time)),
    ),
    [
      { open: true, why: 'Open: friday 23:59 in Europe/Paris is within friday 22:00 to saturday 06:00.' },
      { open: false, why: 'Closed: Fair.' },
      { open: false, why: 'Closed: Fair.' },
    ],
  )
})
