import type { Page } from '../../../contract/common.ts'
import type { Snapshot, SnapshotDetails, SnapshotDiff } from '../../../contract/pbx-snapshots.ts'
import type { Actor } from '../../platform/audit.ts'
import type { Committed } from '../../platform/committed.ts'
import { invalid, notFound } from '../../platform/errors.ts'
import { readWrittenInstant } from '../../platform/written-dates.ts'
import { hostIdOf, readHost } from '../hosts.ts'
import type { FleetDeps, FleetStore, Reach } from '../write.ts'
import type { XapiSessions } from '../xapi-sessions.ts'
import type { Configuration } from './content.ts'
import { diff } from './diff.ts'
import { latest, openShelf, pageOfSnapshots, snapshotsOf, toSnapshot } from './shelf.ts'
import type { HostKey, Shelf, SnapshotRow } from './shelf.ts'
import { openTaking, type Take } from './taking.ts'

/** Two snapshots: by id or by an instant, which means the newest that began by then. */
export type DiffRequest = {
  /** Absent: the one before `to`; with `otherHost` the newest. */
  from?: string | undefined
  /** Absent: the newest. */
  to?: string | undefined
  /** Compares with that host's: `to` is its snapshot. */
  otherHost?: string | undefined
}

/** What was read of a PBX last. */
export type LastRead = { host: HostKey & { zone: string }; snapshot: Snapshot; configuration: Configuration }

/** The configurations of the PBXs as they were read. A host is named by id or code; HubError `not_found`. */
export type Snapshots = {
  list(reach: Reach, host: string, paging: { page: number; perPage: number }): Promise<Page<Snapshot>>
  get(reach: Reach, host: string, id: number): Promise<SnapshotDetails>
  diff(reach: Reach, host: string, request: DiffRequest): Promise<SnapshotDiff>
  /** Reads the PBX now. HubErrors `pbx_…` when it cannot be read. */
  take(actor: Actor, reach: Reach, host: string): Promise<Committed<Snapshot>>
  /** For the schedule. */
  takeById: Take
  /** HubError `not_found` when the host was never read. */
  last(reach: Reach, host: string): Promise<LastRead>
}

export function openSnapshots(store: FleetStore, deps: FleetDeps, xapi: XapiSessions): Snapshots {
  const shelf: Shelf = openShelf(store)
  const take = openTaking(store, deps, xapi, shelf)
  const hostOf = async (reach: Reach, named: string): Promise<HostKey & { zone: string }> => {
    const { id, time_zone } = await readHost(store, reach, await hostIdOf(store, reach, named))
    const zone = time_zone ?? deps.tenant(reach.tenantId)?.timeZone ?? 'UTC'
    return { tenantId: reach.tenantId, hostId: id, zone }
  }
  const byId = async (host: HostKey, id: number): Promise<SnapshotRow> => {
    const row = await snapshotsOf(store.read, host).where('s.id', '=', id).executeTakeFirst()
    if (!row) throw notFound('Snapshot')
    return row
  }
  const pick = async (
    host: HostKey & { zone: string },
    field: string,
    asked: string,
  ): Promise<SnapshotRow> => {
    if (/^\d{1,15}$/.test(asked)) return byId(host, Number(asked))
    const at = readWrittenInstant(asked, host.zone)
    if (at === null) throw invalid({ [field]: ['Is no id of a snapshot and no instant.'] })
    const row = await latest(store.read, host, at)
    if (!row) throw notFound(`Snapshot of that time (${field})`)
    return row
  }
  const newest = async (host: HostKey): Promise<SnapshotRow> => {
    const row = await latest(store.read, host)
    if (!row) throw notFound('Snapshot: this PBX was never read; a snapshot of it')
    return row
  }
  const previous = async (host: HostKey, { id }: SnapshotRow): Promise<SnapshotRow> => {
    const row = await snapshotsOf(store.read, host)
      .where('s.id', '<', id)
      .orderBy('s.id', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (!row) throw notFound('A snapshot before that one')
    return row
  }

  return {
    async list(reach, named, paging) {
      return pageOfSnapshots(store.read, await hostOf(reach, named), paging)
    },
    async get(reach, named, id) {
      const row = await byId(await hostOf(reach, named), id)
      const { resources } = await shelf.load(row)
      return { ...toSnapshot(row), resources } as SnapshotDetails
    },
    async diff(reach, named, { from, to, otherHost }) {
      const host = await hostOf(reach, named)
      const other = otherHost === undefined ? host : await hostOf(reach, otherHost)
      const isOther = other.hostId !== host.hostId
      const after = to === undefined ? await newest(other) : await pick(other, 'to', to)
      const before =
        from !== undefined
          ? await pick(host, 'from', from)
          : await (isOther ? newest(host) : previous(host, after))
      const found = diff(await shelf.load(before), await shelf.load(after), { ignoreIds: isOther })
      return { from: toSnapshot(before), to: toSnapshot(after), ...found }
    },
    async take(actor, reach, named) {
      const { hostId } = await hostOf(reach, named)
      return take(actor, { hostId, source: 'demand' })
    },
    takeById: take,
    async last(reach, named) {
      const host = await hostOf(reach, named)
      const row = await newest(host)
      return { host, snapshot: toSnapshot(row), configuration: await shelf.load(row) }
    },
  }
}
