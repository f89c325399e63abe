import packageJson from '../../package.json' with { type: 'json' }
import { openAccess, pruneSessions, type Access, type AccessTables } from '../access/access.ts'
import { openDirectory, type Directory, type DirectoryTables } from '../directory/directory.ts'
import { openFleet, type Fleet, type FleetTables } from '../fleet/fleet.ts'
import { forgetOtherExtensions, openJournal, type Journal, type JournalTables } from '../journal/journal.ts'
import { openLive, type Live, type LiveTables } from '../live/live.ts'
import type { ChangeTables } from '../platform/changes.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config, Secrets } from '../platform/config.ts'
import { pickTables, type Store } from '../platform/database/store.ts'
import { openIdempotency, type Idempotency, type IdempotencyTables } from '../platform/idempotency.ts'
import { openKeyring, type Keyring, type KeyringTables } from '../platform/keyring.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { openWork, type Work, type WorkTables } from '../platform/work/work.ts'
import type { Routing, RoutingTables } from '../routing/routing.ts'
import { ERASERS } from './erasers.ts'
import { planPbxReading } from './pbx-reading.ts'
import { openRoutingRoom } from './routing-room.ts'
import type { SharedMemory } from './shared-memory.ts'
import { planUpkeep, type UpkeepTables } from './upkeep.ts'

export type Tables = AccessTables &
  DirectoryTables &
  FleetTables &
  JournalTables &
  LiveTables &
  RoutingTables &
  KeyringTables &
  IdempotencyTables &
  WorkTables

export type RoomsOptions = {
  store: Store<Tables>
  config: Config
  secrets: Secrets
  clock: Clock
  log: Log
  metrics: Metrics
  /** Of a hub with several threads. */
  shared: SharedMemory | null
  /** Waits until memory holds what was committed before; false when it took too long. */
  caughtUp(): Promise<boolean>
  onTrouble(error: unknown): void
  /** Takes down how what was opened is closed, first opened first. */
  closers: (() => Promise<void>)[]
}

export type Rooms = {
  keyring: Keyring
  access: Access
  directory: Directory
  fleet: Fleet
  journal: Journal
  routing: Routing
  live: Live
  idempotency: Idempotency
  work: Work
  feed: Store<ChangeTables>
  /** A tenant's time zone, from memory. */
  zoneOf(tenantId: number): string
}

/** Kinds have limits of their own; this is for many webhooks whose receivers are slow. */
const TASKS_AT_ONCE = 48

/** Every room over one store, told of the others what it may know of them. Nothing is read before the store is prepared. */
export function openRooms(options: RoomsOptions): Rooms {
  const { store, config, secrets, clock, log, metrics, shared, caughtUp, onTrouble, closers } = options
  const { country, timeZone, dataDir } = config
  const keyring = openKeyring({
    store: pickTables<Tables, KeyringTables>(store),
    clock,
    log,
    dataDirectory: dataDir,
    secretKey: secrets.secretKey,
    secretKeyOld: secrets.secretKeyOld,
  })
  const accessStore = pickTables<Tables, AccessTables>(store)
  const access = openAccess({
    store: accessStore,
    clock,
    dataDir,
    adminToken: secrets.adminToken,
    country,
    timeZone,
    keyring,
    publicUrl: config.publicUrl,
    onTrouble,
    ...(shared ? { onMemory: shared.onAccess } : {}),
  })
  closers.push(access.close)
  const directory = openDirectory({
    store: pickTables<Tables, DirectoryTables>(store),
    clock,
    log,
    dataDir,
    rules: access.tenant,
    nameCountry: access.nameCountry,
    caughtUp,
    erasers: ERASERS,
    onImported: ({ accepted, rejected }) => metrics.imported(accepted, rejected),
    sharing: shared?.sharing ?? null,
  })
  closers.push(directory.close)
  const outbound = { allowPrivate: config.allowPrivate, userAgent: `Cordboard/${packageJson.version}` }
  const work = openWork({
    store: pickTables<Tables, WorkTables>(store),
    log,
    onOutcome: metrics.worked,
    onTrouble,
    // A second one is refused its data directory.
    alone: store.engine === 'sqlite',
    atOnce: TASKS_AT_ONCE,
  })
  const fleet = openFleet({
    store: pickTables<Tables, FleetTables>(store),
    clock,
    keyring,
    dataDir,
    work,
    log,
    tenant: access.tenant,
    filesOf: directory.customerFiles.idsOfCustomer,
    hasFile: directory.customerFiles.has,
    onExtensions: forgetOtherExtensions,
    outbound: { ...outbound, operatorTenantId: access.operatorTenantId },
  })
  closers.push(fleet.close)
  const zoneOf = (tenantId: number) => access.tenant(tenantId)?.timeZone ?? 'UTC'
  const journal = openJournal({
    store: pickTables<Tables, JournalTables>(store),
    clock,
    lookup: directory.lookup,
    parties: directory.parties,
    book: directory,
    publicUrl: config.publicUrl,
    timeZone: zoneOf,
    repeatWindowMs: config.repeatSeconds * 1_000,
    host: fleet.hostOfCalls,
    work,
    keyring,
    fleet,
    log,
    outbound,
    findSeen: (reach, asked) => live.findSeen(reach, asked),
  })
  closers.push(journal.close)
  const routingStore = pickTables<Tables, RoutingTables>(store)
  const routing = openRoutingRoom(
    { store: routingStore, clock, log, timeZone: zoneOf, onMemory: shared?.onProfiles, outbound },
    { access, directory, fleet, journal },
  )
  closers.push(routing.close)

  const live = openLive({
    store: pickTables<Tables, LiveTables>(store),
    clock,
    log,
    lookup: directory.lookup,
    fleet,
    append: journal.events.append,
    noteTalks: journal.noteTalks,
    seenOver: journal.seenOver,
    readLogLater: journal.callLogs.readLater,
    isDoNotCall: journal.doNotCall.has,
    isOpen: (tenantId) => access.tenant(tenantId) !== null,
    onTrouble,
  })
  closers.push(live.close)

  const feed = pickTables<Tables, ChangeTables>(store)
  const idempotency = openIdempotency(pickTables<Tables, IdempotencyTables>(store), onTrouble)
  fleet.plan(work)
  routing.plan(work)
  planPbxReading(work, { fleet, journal })
  planUpkeep(work, {
    days: config.retention,
    prune: {
      sessions: pruneSessions(accessStore),
      ...directory.prune,
      ...journal.prune,
      ...routing.prune,
      live_calls: live.prune,
      ...fleet.prune,
    },
    store: pickTables<Tables, UpkeepTables>(store),
    clock,
    log,
    idempotency,
  })
  return { keyring, access, directory, fleet, journal, routing, live, idempotency, work, feed, zoneOf }
}
