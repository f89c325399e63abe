import type { ReadFrom, TraceQuery, TraceReport } from '../../../contract/pbx-trace.ts'
import { HubError, invalid, notFound } from '../../platform/errors.ts'
import { readWrittenInstant } from '../../platform/written-dates.ts'
import { hostIdOf, readHost } from '../hosts.ts'
import type { Configuration } from '../snapshots/content.ts'
import { readConfiguration } from '../snapshots/reading.ts'
import type { LastRead, Snapshots } from '../snapshots/snapshots.ts'
import { isoTime, type FleetDeps, type FleetStore, type Reach } from '../write.ts'
import { asPbxError } from '../xapi-errors.ts'
import type { XapiSessions } from '../xapi-sessions.ts'
import { mainCalendar } from './calendar.ts'
import { reportOn } from './report.ts'
import { trace, unreadNotes, type Trace } from './trace.ts'
import { waysInto, type WaysIn } from './ways-in.ts'
import { openWorld } from './world.ts'

type Read = { configuration: Configuration; zone: string; from: ReadFrom }

/** Where calls go on a PBX and why. A host is named by id or code; HubError `not_found`. */
export type Traces = {
  /** HubError `validation_failed` for a moment that is none. */
  trace(
    reach: Reach,
    host: string,
    query: TraceQuery & { did: string },
  ): Promise<{ trace: Trace; read: ReadFrom }>
  /** HubError `not_found` when the PBX has no such number. */
  waysInto(
    reach: Reach,
    host: string,
    extension: string,
    fresh: boolean,
  ): Promise<WaysIn & { read: ReadFrom }>
  report(reach: Reach, host: string, fresh: boolean): Promise<TraceReport>
}

export const isFresh = ({ fresh }: TraceQuery): boolean => fresh === '1' || fresh === 'true'
/** A plus in a query that nobody encoded has become a blank. */
const numberOf = (text: string | undefined) => (text ?? '').replace(/^ (?=\d)/, '+').trim()

export function openTraces(
  store: FleetStore,
  { clock, tenant }: FleetDeps,
  xapi: XapiSessions,
  snapshots: Snapshots,
): Traces {
  const lastOf = async (reach: Reach, host: string): Promise<LastRead | null> => {
    try {
      return await snapshots.last(reach, host)
    } catch (error) {
      if (error instanceof HubError && error.code === 'not_found') return null
      throw error
    }
  }
  const kept = ({ snapshot, configuration, host }: LastRead, failure: string | null): Read => {
    const age = Math.max(0, clock.now() - Date.parse(snapshot.taken_at))
    const { id: snapshot_id, taken_at } = snapshot
    const age_seconds = Math.floor(age / 1000)
    return {
      configuration,
      zone: host.zone,
      from: { source: 'snapshot', snapshot_id, taken_at, age_seconds, failure },
    }
  }
  /** What is asked for, or the next best that is there. */
  const read = async (reach: Reach, named: string, fresh: boolean): Promise<Read> => {
    const { id, time_zone } = await readHost(store, reach, await hostIdOf(store, reach, named))
    const last = await lastOf(reach, named)
    if (last && !fresh) return kept(last, null)
    const at = clock.now()
    try {
      const configuration = await readConfiguration(await xapi.open(reach, id))
      const zone = time_zone ?? tenant(reach.tenantId)?.timeZone ?? 'UTC'
      const taken_at = isoTime(at)
      return {
        configuration,
        zone,
        from: { source: 'pbx', snapshot_id: null, taken_at, age_seconds: 0, failure: null },
      }
    } catch (thrown) {
      const error = asPbxError(thrown)
      if (!last || !(error instanceof HubError)) throw error
      return kept(last, `${error.code}: ${error.message}`)
    }
  }

  return {
    async trace(reach, named, query) {
      const { configuration, zone, from } = await read(reach, named, isFresh(query))
      const world = openWorld(configuration, zone)
      const at = query.at ? readWrittenInstant(query.at, mainCalendar(world).zone) : clock.now()
      if (at === null)
        throw invalid({ at: ['Is no instant: write it as in 2026-05-31T14:05:00Z, a plus as %2B.'] })
      const [did, caller] = [numberOf(query.did), numberOf(query.caller)]
      const asked = { did, caller, at, trunk: query.trunk ?? null }
      return { trace: trace(world, asked), read: from }
    },
    async waysInto(reach, named, extension, fresh) {
      const { configuration, zone, from } = await read(reach, named, fresh)
      const found = waysInto(openWorld(configuration, zone), extension)
      if (!found) throw notFound(`Number ${extension} on this PBX`)
      return { ...found, read: from }
    },
    async report(reach, named, fresh) {
      const { configuration, zone, from } = await read(reach, named, fresh)
      const world = openWorld(configuration, zone)
      return { findings: reportOn(world), notes: unreadNotes(world), read: from }
    },
  }
}
