/** The parts of an instant as clocks of a zone show it, `2026-11-21T18:15`: what a date and time field holds. */
export function toZoneTime(instant: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]))
  return `${parts['year']}-${parts['month']}-${parts['day']}T${parts['hour']}:${parts['minute']}`
}

/**
 * The instant at which clocks of a zone show `text`; null for no time. An hour that a clock change skips is the one
 * after it; one that comes twice is the first.
 */
export function fromZoneTime(text: string, timeZone: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return null
  const asUtc = Date.parse(`${text.slice(0, 16)}Z`)
  if (Number.isNaN(asUtc)) return null
  const offset = (instant: number) => Date.parse(`${toZoneTime(instant, timeZone)}Z`) - floorMinute(instant)
  const day = 86_400_000
  // The offsets of the days around are those before and after a change of the clock.
  const [before, after] = [asUtc - offset(asUtc - day), asUtc - offset(asUtc + day)]
  const exact = [before, after].filter((instant) => toZoneTime(instant, timeZone) === text.slice(0, 16))
  return exact.length > 0 ? Math.min(...exact) : before
}

const floorMinute = (instant: number) => Math.floor(instant / 60_000) * 60_000

/** Tomorrow, `hour` o'clock, in a zone. */
export function tomorrowAt(hour: number, now: number, timeZone: string): string {
  const today = toZoneTime(now, timeZone).slice(0, 10)
  const tomorrow = new Date(Date.parse(`${today}T00:00Z`) + 86_400_000).toISOString().slice(0, 10)
  return `${tomorrow}T${String(hour).padStart(2, '0')}:00`
}
