import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dateOf, dayOf, openCalendar } from './calendar-day.ts'

test('a date and its day number are each other', () => {
  assert.equal(dayOf('1970-01-01'), 0)
  assert.equal(dateOf(dayOf('2024-02-29')), '2024-02-29')
})

test('the day changes at local midnight, and in the first minute of the day where midnight does not exist', () => {
  let now = 0
  const today = openCalendar({ now: () => now })
  const at = (instant: string, zone: string) => {
    now = Date.parse(instant)
    return dateOf(today(zone))
  }
  assert.equal(at('2026-11-20T22:59:59.999Z', 'Europe/Paris'), '2026-11-20')
  assert.equal(at('2026-11-20T23:00:00.000Z', 'Europe/Paris'), '2026-11-21')
  // Lebanon's clocks went from 23:59:59 on 28 March 2026 straight to 01:00 on the 29th.
  assert.equal(at('2026-03-28T21:59:59.999Z', 'Asia/Beirut'), '2026-03-28')
  assert.equal(at('2026-03-28T22:00:00.000Z', 'Asia/Beirut'), '2026-03-29')
  assert.equal(at('2026-11-20T18:29:59.000Z', 'Asia/Kolkata'), '2026-11-20')
  assert.equal(at('2026-11-20T18:30:00.000Z', 'Asia/Kolkata'), '2026-11-21')
})

test('two zones asked in the same minute keep their own days', () => {
  const today = openCalendar({ now: () => Date.parse('2026-11-20T12:00:00Z') })
  assert.equal(dateOf(today('Pacific/Kiritimati')), '2026-11-21')
  assert.equal(dateOf(today('Pacific/Pago_Pago')), '2026-11-20')
})
