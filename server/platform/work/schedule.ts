/** `everyMs`: at equal distances from its first moment. `at` (HH:MM): once a day by the clocks of an IANA zone. */
export type Schedule = { everyMs: number } | { at: string; zone: string }

const DAY_MS = 86_400_000

/** How far a zone's clocks are ahead of UTC at an instant, ms. */
function offsetOf(format: Intl.DateTimeFormat, at: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000
}

/**
 * The instant at which clocks show this (given as if it were UTC). Shown twice, it is the first one; left out because
 * clocks go forward, it is as long after the leap as it would have been.
 */
function instantOf(format: Intl.DateTimeFormat, shown: number): number {
  const before = offsetOf(format, shown - DAY_MS)
  const after = offsetOf(format, shown + DAY_MS)
  const isShown = (offset: number) => offsetOf(format, shown - offset) === offset
  return isShown(before) || !isShown(after) ? shown - before : shown - after
}

/** The first moment of a schedule after `after`; `from` is any moment of it. Throws for a zone nobody knows. All ms UTC. */
export function momentAfter(schedule: Schedule, from: number, after: number): number {
  if ('everyMs' in schedule) {
    const { everyMs } = schedule
    return from + Math.max(1, Math.floor((after - from) / everyMs) + 1) * everyMs
  }
  const [hours = 0, minutes = 0] = schedule.at.split(':').map(Number)
  const format = new Intl.DateTimeFormat('en', {
    timeZone: schedule.zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const midnight = Math.floor((after + offsetOf(format, after)) / DAY_MS) * DAY_MS
  for (let day = -1; ; day++) {
    const moment = instantOf(format, midnight + day * DAY_MS + (hours * 60 + minutes) * 60_000)
    if (moment > after) return moment
  }
}

const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/

/** Throws for a schedule that has no moments. */
export function checkSchedule(schedule: Schedule): void {
  if ('everyMs' in schedule) {
    if (!Number.isSafeInteger(schedule.everyMs) || schedule.everyMs < 1)
      throw new Error(`${schedule.everyMs} is no number of milliseconds`)
    return
  }
  if (!TIME.test(schedule.at)) throw new Error(`"${schedule.at}" is no time of day, such as 03:30`)
  momentAfter(schedule, 0, 0)
}
