import ICAL from 'ical.js'
import { instantOf, offsetAt } from '../../platform/local-time.ts'
import type { Block, Property } from './content-lines.ts'

/** A zone's clocks. `wall` is what they show, in ms as if they ran on UTC; `instant` is ms UTC. */
export type Zone = { toInstant(wall: number): number; toWall(instant: number): number }

export const UTC: Zone = { toInstant: (wall) => wall, toWall: (instant) => instant }

function namedZone(name: string): Zone | null {
  try {
    offsetAt(name, 0)
  } catch {
    return null
  }
  return {
    toInstant: (wall) => instantOf(name, wall),
    toWall: (instant) => instant + offsetAt(name, instant),
  }
}

const toJcal = ({ name, properties, blocks }: Block): [string, unknown[], unknown[]] => [
  name,
  properties.map((one: Property) => [one.name, one.parameters, one.type, ...one.values]),
  blocks.map(toJcal),
]

/** ms as the library's time, read by no zone. */
const timeOf = (wall: number) => ICAL.Time.fromDateTimeString(new Date(wall).toISOString().slice(0, 19))

/** A zone as the calendar itself describes it. */
function describedZone(block: Block): Zone {
  const zone = new ICAL.Timezone(new ICAL.Component(toJcal(block)))
  const ahead = (wall: number) => zone.utcOffset(timeOf(wall)) * 1_000
  return {
    toInstant: (wall) => wall - ahead(wall),
    toWall(instant) {
      const near = instant + ahead(instant)
      return instant + ahead(near)
    },
  }
}

/** Zones by their TZID: that of the IANA where it is one, which outlives a file, else as the file describes it; null for neither. */
export function openZones(calendars: readonly Block[]): (tzid: string) => Zone | null {
  const described = new Map<string, Block>()
  for (const block of calendars.flatMap(({ blocks }) => blocks)) {
    const id = block.properties.find(({ name }) => name === 'tzid')?.values[0]
    if (block.name === 'vtimezone' && typeof id === 'string') described.set(id, block)
  }
  const zones = new Map<string, Zone | null>()
  return (tzid) => {
    const kept = zones.get(tzid)
    if (kept !== undefined) return kept
    const block = described.get(tzid)
    const zone = namedZone(tzid) ?? (block ? describedZone(block) : null)
    zones.set(tzid, zone)
    return zone
  }
}
