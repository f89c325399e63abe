import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromZoneTime, tomorrowAt, toZoneTime } from './zone-time.ts'

const at = (iso: string) => Date.parse(iso)
const iso = (instant: number | null) => (instant === null ? null : new Date(instant).toISOString())

test('a time in a date field is the zone’s, whatever the browser’s', () => {
  assert.equal(toZoneTime(at('2026-11-21T17:15:30Z'), 'Europe/Bucharest'), '2026-11-21T19:15')
  assert.equal(toZoneTime(at('2026-11-21T00:05:00Z'), 'America/New_York'), '2026-11-20T19:05')
  assert.equal(iso(fromZoneTime('2026-11-21T19:15', 'Europe/Bucharest')), '2026-11-21T17:15:00.000Z')
  assert.equal(iso(fromZoneTime('2026-07-01T09:00', 'Europe/Paris')), '2026-07-01T07:00:00.000Z')
  assert.equal(iso(fromZoneTime('2026-11-21T19:15', 'Asia/Kathmandu')), '2026-11-21T13:30:00.000Z')
})

test('around a change of the clock every time that exists comes back as it was typed', () => {
  for (const day of ['2026-03-28', '2026-03-29', '2026-03-30', '2026-10-24', '2026-10-25', '2026-10-26']) {
    for (const hour of ['00', '01', '04', '12', '23']) {
      const text = `${day}T${hour}:30`
      assert.equal(toZoneTime(fromZoneTime(text, 'Europe/Paris') ?? 0, 'Europe/Paris'), text)
    }
  }
  // 02:30 does not exist on the one day, and is there twice on the other.
  assert.equal(iso(fromZoneTime('2026-03-29T02:30', 'Europe/Paris')), '2026-03-29T01:30:00.000Z')
  assert.equal(iso(fromZoneTime('2026-10-25T02:30', 'Europe/Paris')), '2026-10-25T00:30:00.000Z')
})

test('what is no time is none', () => {
  for (const text of ['', 'tomorrow', '2026-13-45T99:99', '2026-11-21'])
    assert.equal(fromZoneTime(text, 'Europe/Paris'), null, text)
})

test('tomorrow is the zone’s', () => {
  assert.equal(tomorrowAt(9, at('2026-11-21T23:30:00Z'), 'Europe/Paris'), '2026-11-23T09:00')
  assert.equal(tomorrowAt(9, at('2026-12-31T12:00:00Z'), 'Europe/Paris'), '2027-01-01T09:00')
})
