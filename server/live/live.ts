import { randomUUID } from 'node:crypto'
import type { HostLive } from '../../contract/live.ts'
import type { Lookup } from '../directory/directory.ts'
import type { Fleet, Reach } from '../fleet/fleet.ts'
import type { AppendEvent, FindSeenCall, Journal, NoteTalks } from '../journal/journal.ts'
import type { Clock } from '../platform/clock.ts'
import { databaseNow } from '../platform/database/claiming.ts'
import type { Change, Store, Tx } from '../platform/database/store.ts'
import type { Log } from '../platform/log.ts'
import type { PruneOne } from '../platform/retention.ts'
import { openPlaceCall, type PlaceCall } from './click-to-call.ts'
import { toLiveCall } from './event-shape.ts'
import { pruneLiveCalls } from './forget.ts'
import { watchHost } from './host-watch.ts'
import { openLeases, type Claim } from './leases.ts'
import { openPublish } from './publish.ts'
import { openRecording } from './record.ts'
import { openSeen } from './seen.ts'
import { talkNoter } from './talks.ts'
import { openStreams, type Streams } from './streams.ts'
import type { LiveTables } from './tables.ts'
import { openWatchers } from './watchers.ts'

export { eraseFromLive } from './forget.ts'
export type { PlaceCall, WantedCall } from './click-to-call.ts'
export type { Viewer } from './streams.ts'
export type { LiveTables } from './tables.ts'

export type Live = {
  /** Begins to watch, once the store is at this version and memory knows callers. Again: does nothing. */
  start(): void
  stream: Streams['open']
  /** How a PBX is watched, and what goes on there. HubError `not_found`. */
  ofHost(reach: Reach, hostId: number): Promise<HostLive>
  placeCall: PlaceCall
  /** Calls as hubs saw them, going on or over. */
  findSeen: FindSeenCall
  /** Told of changes after those who know rights, phones and callers. */
  apply(changes: Change[]): Promise<void>
  /** Memory was filled anew. */
  hydrate(): Promise<void>
  prune: PruneOne
  /** Ends every stream; before the server, which waits for them. */
  endStreams(): void
  close(): Promise<void>
}

export type LiveOptions = {
  store: Store<LiveTables>
  clock: Clock
  log: Log
  lookup: Lookup
  fleet: Pick<Fleet, 'hosts' | 'watchedHosts' | 'xapi'>
  append: AppendEvent
  noteTalks: NoteTalks
  seenOver: Journal['seenOver']
  /** Has the log of a PBX read a moment later, in the transaction of what it will tell more about. */
  readLogLater(tx: Tx<never>, tenantId: number, hostId: number): Promise<void>
  isDoNotCall(tenantId: number, numberKey: string): boolean
  /** Whether the tenant is there and open; from memory. */
  isOpen(tenantId: number): boolean
  onTrouble(error: unknown): void
}

/** How long a hub that died keeps a PBX from the others. */
const LEASE_MS = 5_000
const RENEW_MS = 1_500

const isoOrNull = (at: number | null | undefined): string | null =>
  at === null || at === undefined ? null : new Date(at).toISOString()

/** Calls as they happen: one hub watches each PBX, all hubs tell who should know. */
export function openLive(options: LiveOptions): Live {
  const {
    store,
    clock,
    log,
    lookup,
    fleet,
    append,
    noteTalks,
    seenOver,
    readLogLater,
    isDoNotCall,
    isOpen,
    onTrouble,
  } = options
  const leases = openLeases(store, randomUUID(), LEASE_MS)
  /** The watched PBXs whose calls are taken from their logs as well. */
  let logged: ReadonlySet<number> = new Set()
  const recording = openRecording({
    lookup,
    publish: openPublish({ lookup, append }),
    talked: talkNoter(lookup, noteTalks),
    async over(tx, { tenantId, hostId }, callNo) {
      await seenOver(tx as never, { tenantId, hostId, callNo })
      if (logged.has(hostId)) await readLogLater(tx as never, tenantId, hostId)
    },
  })
  const streams = openStreams(store, lookup)
  const open = ({ tenantId, hostId }: Claim) => fleet.xapi.open({ tenantId, hostId: null }, hostId)
  const watchDeps = { store, recording, leases, clock, log, open }
  const watchers = openWatchers({
    leases,
    async hosts() {
      const hosts = await fleet.watchedHosts()
      logged = new Set(hosts.flatMap(({ id, isLogged }) => (isLogged ? id : [])))
      return hosts.filter(({ tenantId }) => isOpen(tenantId))
    },
    watch: (claim, onLost) => watchHost(watchDeps, claim, onLost),
    async forget({ hostId }) {
      await store.write
        .updateTable('live_calls')
        .set({ ended_at: clock.now(), told: 1 })
        .where('host_id', '=', hostId)
        .where('told', '=', 0)
        .execute()
    },
    onTrouble,
    everyMs: RENEW_MS,
  })

  return {
    start: watchers.start,
    stream: streams.open,
    async ofHost(reach, hostId) {
      const { watch_calls } = await fleet.hosts.get(reach, hostId)
      const watch = await store.read
        .selectFrom('host_watches')
        .selectAll()
        .select((is) => is('lease_until', '>', databaseNow(store.engine)).as('is_held'))
        .where('host_id', '=', hostId)
        .executeTakeFirst()
      const isHeld = Boolean(watch?.is_held)
      const calls = await store.read
        .selectFrom('live_calls')
        .selectAll()
        .where('host_id', '=', hostId)
        .where('ended_at', 'is', null)
        .orderBy('id')
        .execute()
      return {
        host_id: hostId,
        watch_calls,
        status: watch && isHeld ? watch.status : 'idle',
        source: isHeld ? (watch?.source ?? null) : null,
        since: isHeld ? isoOrNull(watch?.since) : null,
        last_error: watch?.last_error ?? null,
        failed_at: isoOrNull(watch?.failed_at),
        calls: calls.map((row) => toLiveCall(lookup, row)),
      }
    },
    findSeen: openSeen(store),
    placeCall: openPlaceCall({ store, lookup, isDoNotCall, open: fleet.xapi.open, log }),
    async apply(changes) {
      if (changes.some(({ entity }) => entity === 'pbx_host' || entity === 'tenant')) watchers.nudge()
      await streams.apply(changes)
    },
    async hydrate() {
      watchers.nudge()
      streams.restart()
    },
    prune: pruneLiveCalls(store),
    endStreams: streams.close,
    close: watchers.close,
  }
}
