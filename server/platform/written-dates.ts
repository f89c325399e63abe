import { invalid } from './errors.ts'

const ISO_DAY = /^(\d{4})-(\d\d)-(\d\d)(?=$|[T ])/
const SPOKEN_DAY = /^(\d\d?)\/(\d\d?)\/(\d{4})(?=$|[T ])/
const TIME = /^[T ](\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i
const MINUTE_MS = 60_000

type Read = { day: number; rest: string }

/** ms UTC of the day's midnight, and what follows the day; null for a day that is in no calendar. */
function readDay(text: string): Read | null {
  const iso = ISO_DAY.exec(text)
  const spoken = iso ? null : SPOKEN_DAY.exec(text)
  const [whole, ...parts] = iso ?? spoken ?? []
  if (whole === undefined) return null
  const [year, month, date] = (iso ? parts : parts.toReversed()).map(Number) as [number, number, number]
  const day = Date.UTC(year, month - 1, date)
  const isThere = new Date(day).getUTCMonth() === month - 1 && new Date(day).getUTCDate() === date
  return isThere ? { day, rest: text.slice(whole.length) } : null
}

/** The calendar date `YYYY-MM-DD` that `2026-05-31`, `31/05/2026` or an instant names; null for anything else. */
export function readWrittenDate(written: string): string | null {
  const read = readDay(written.trim())
  if (read === null || (read.rest !== '' && !TIME.test(read.rest))) return null
  return new Date(read.day).toISOString().slice(0, 10)
}

/**
 * ms UTC of an instant: ISO 8601, `2026-05-31 14:05:00`, `31/05/2026 14:05`, a date alone meaning its midnight. Without an
 * offset it is meant in `zone` (IANA). null for anything else.
 */
export function readWrittenInstant(written: string, zone: string): number | null {
  const read = readDay(written.trim())
  if (read === null) return null
  if (read.rest === '') return inZone(read.day, zone)
  const time = TIME.exec(read.rest)
  if (time === null) return null
  const [hours, minutes, seconds] = [time[1], time[2], time[3] ?? '0'].map(Number) as [number, number, number]
  if (hours > 24 || minutes > 59 || seconds > 60) return null
  const ms = Math.floor(Number(`0.${time[4] ?? '0'}`) * 1_000)
  const local = read.day + ((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms
  const offset = time[5]
  return offset === undefined ? inZone(local, zone) : local - offsetMs(offset)
}

function offsetMs(text: string): number {
  if (/^z$/i.test(text)) return 0
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** What the clocks of the zone show at an instant, as ms of a UTC that shows the same. */
function shownAt(instant: number, zone: string): number {
  let format = formats.get(zone)
  if (!format) {
    // The Swedish form is the ISO form.
    const shape = { dateStyle: 'short', timeStyle: 'medium' } as const
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, calendar: 'iso8601', ...shape })
    formats.set(zone, format)
  }
  return Date.parse(`${format.format(instant).replace(' ', 'T')}Z`) + (((instant % 1_000) + 1_000) % 1_000)
}

/** The instant at which the zone's clocks show `local`: the first of two, and after a gap as if there were none. */
function inZone(local: number, zone: string): number {
  const offsets = [local - 86_400_000, local + 86_400_000].map((near) => shownAt(near, zone) - near)
  const [before = 0, after = 0] = offsets
  const fitting = [local - before, local - after].filter((instant) => shownAt(instant, zone) === local)
  return fitting.length > 0 ? Math.min(...fitting) : local - before
}

const DAY_MS = 86_400_000

/** The first instant of a period and the first after it (ms UTC), null = open. */
export type Period = { from: number | null; to: number | null }

/** Reads the period of a list's query: a date alone as its end is included. 422 on `from` or `to`. */
export function readPeriod(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  zone: string,
): Period {
  const read = (name: 'from' | 'to', text: string | undefined): number | null => {
    if (text === undefined) return null
    const instant = readWrittenInstant(text, zone)
    if (instant === null) throw invalid({ [name]: ['Is no date and no instant.'] })
    return instant
  }
  const isDate = to !== undefined && readDay(to.trim())?.rest === ''
  const end = read('to', to)
  return { from: read('from', from), to: end !== null && isDate ? end + DAY_MS : end }
}
