import type { Fleet } from '../fleet/fleet.ts'
import type { Journal } from '../journal/journal.ts'
import type { Work } from '../platform/work/work.ts'

/** What is read from the PBXs again and again, once for all hubs on a store. */
export function planPbxReading(work: Work, { fleet, journal }: { fleet: Fleet; journal: Journal }): void {
  fleet.maps.plan(work)
  journal.callLogs.plan(work)
}
