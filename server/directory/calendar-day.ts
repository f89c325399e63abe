import type { Clock } from '../platform/clock.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** Whole days since 1970-01-01 of a calendar date `YYYY-MM-DD`. */
export function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS
}

/** The calendar date `YYYY-MM-DD` of a day number. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/**
 * Answers which calendar day it is now in a zone, as whole days since 1970-01-01. Zones change their offset on
 * whole minutes only, so one reading a minute and zone is exact, midnights that do not exist included.
 */
export function openCalendar(clock: Clock): (zone: string) => number {
  const formats = new Map<string, Intl.DateTimeFormat>()
  const days = new Map<string, number>()
  let minute = Number.NaN
  return (zone) => {
    const now = clock.now()
    const current = Math.floor(now / MINUTE_MS)
    if (current !== minute) {
      minute = current
      days.clear()
    }
    const kept = days.get(zone)
    if (kept !== undefined) return kept
    let format = formats.get(zone)
    if (!format) {
      // The Swedish form of a date is the ISO form.
      format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, calendar: 'iso8601', dateStyle: 'short' })
      formats.set(zone, format)
    }
    const day = dayOf(format.format(now))
    days.set(zone, day)
    return day
  }
}
