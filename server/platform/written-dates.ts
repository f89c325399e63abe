import { invalid } from './errors.ts'
import { instantOf, readInstant } from './local-time.ts'

const ISO_DAY = /^(\d{4})-(\d\d)-(\d\d)(?=$|[T ])/
const SPOKEN_DAY = /^(\d\d?)\/(\d\d?)\/(\d{4})(?=$|[T ])/
const TIME = /^[T ]\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s*(?:Z|[+-]\d\d:?\d\d)?$/i
const dayText = (day: number): string => new Date(day).toISOString().slice(0, 10)

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
  return dayText(read.day)
}

/**
 * ms UTC of an instant: ISO 8601, `2026-05-31 14:05:00`, `31/05/2026 14:05`, a date alone meaning its midnight. Without an
 * offset it is meant in `zone` (IANA). null for anything else.
 */
export function readWrittenInstant(written: string, zone: string): number | null {
  const read = readDay(written.trim())
  if (read === null) return null
  const time = read.rest.replace(/^[T ](?=\d:)/i, 'T0')
  return time === '' ? instantOf(zone, read.day) : readInstant(`${dayText(read.day)}${time}`, zone)
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
