/** A wall clock's reading: whole days since 1970-01-01, and minutes and milliseconds since that day's midnight by its hands. */
export type LocalTime = { day: number; minute: number; ms: number }

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const FORMATS_KEPT = 500

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const kept = formats.get(zone)
  if (kept) return kept
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  if (formats.size === FORMATS_KEPT) formats.clear()
  formats.set(zone, format)
  return format
}

/** How far (ms) the zone's wall clocks are ahead of UTC at an instant (ms UTC). Throws for a zone that is none. */
export function offsetAt(zone: string, instant: number): number {
  const shown: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(instant)) shown[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown
  const whole = Math.floor(instant / 1_000) * 1_000
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole
}

/** What the wall clocks of a zone show at an instant (ms UTC). */
export function localTime(zone: string, instant: number): LocalTime {
  const local = instant + offsetAt(zone, instant)
  const day = Math.floor(local / DAY_MS)
  const ms = local - day * DAY_MS
  return { day, ms, minute: Math.floor(ms / MINUTE_MS) }
}

/**
 * The instant (ms UTC) at which the wall clocks of a zone show `local` (ms, as if they ran on UTC). A time that is
 * shown twice means the first of the two, one that is skipped as much later as clocks are put forward.
 */
export function instantOf(zone: string, local: number): number {
  // Offsets lie within a day of UTC, so these two hold on either side of any change near that time.
  const before = local - offsetAt(zone, local - DAY_MS)
  const after = local - offsetAt(zone, local + DAY_MS)
  const right = [before, after].filter((instant) => instant + offsetAt(zone, instant) === local)
  return right.length > 0 ? Math.min(...right) : before
}

const WRITTEN =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?$/i

/**
 * Reads `2026-11-22T14:30`, with seconds, a blank for the T, and a zone (`Z`, `+01:00`) or none, which means `zone`.
 * ms UTC; null for what is no such time.
 */
export function readInstant(text: string, zone: string): number | null {
  const match = WRITTEN.exec(text.trim())
  if (!match) return null
  const [, year, month, day, hour, minute, second = '0', fraction = '0', offset] = match
  const [years = 0, months = 1, days = 1] = [year, month, day].map(Number)
  const [hours = 0, minutes = 0, seconds = 0] = [hour, minute, second].map(Number)
  const milliseconds = Math.floor(Number(`0.${fraction}`) * 1_000)
  const local = Date.UTC(years, months - 1, days, hours, minutes, seconds) + milliseconds
  const isReal =
    seconds < 60 && new Date(local).toISOString().startsWith(`${year}-${month}-${day}T${hour}:${minute}`)
  if (!isReal) return null
  if (offset === undefined) return instantOf(zone, local)
  if (/^z$/i.test(offset)) return local
  const ahead = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
  return local - (offset.startsWith('-') ? -ahead : ahead) * MINUTE_MS
}
