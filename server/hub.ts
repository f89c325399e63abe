import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { openAccess, pruneSessions, type AccessTables } from './access/access.ts'
import { openDirectory, type Directory, type DirectoryTables } from './directory/directory.ts'
import { eraseFromFleet, openFleet, type Fleet, type FleetTables } from './fleet/fleet.ts'
import { openServer, type Server } from './http/server.ts'
import {
  eraseFromCalls,
  eraseFromJournal,
  openJournal,
  type Journal,
  type JournalTables,
} from './journal/journal.ts'
import { openMemory, type Memory } from './hub/memory.ts'
import { openSharedMemory } from './hub/shared-memory.ts'
import { makePrivate, placeOf, upgradeStore } from './hub/store-start.ts'
import { newBackDoor, openWorkers, type Workers } from './hub/workers.ts'
import { openGauges } from './hub/gauges.ts'
import { planUpkeep, type UpkeepTables } from './hub/upkeep.ts'
import { feedPosition, type ChangeTables } from './platform/changes.ts'
import { openIdempotency, type IdempotencyTables } from './platform/idempotency.ts'
import { systemClock, type Clock } from './platform/clock.ts'
import { storeAddress, type Config, type Secrets } from './platform/config.ts'
import { holdDataDirectory } from './platform/data-directory.ts'
import { openStore, pickTables } from './platform/database/store.ts'
import type { Committed } from './platform/committed.ts'
import { openKeyring, type Keyring, type KeyringTables } from './platform/keyring.ts'
import { eraseFromAudit } from './platform/erasure.ts'
import { eraseFromRecordedAnswers } from './platform/idempotency-erasure.ts'
import type { Log } from './platform/log.ts'
import { openMetrics } from './platform/metrics.ts'
import { eraseFromWork } from './platform/work/erase-work.ts'
import { openWork, type WorkTables } from './platform/work/work.ts'

const SETTLE_MS = 2_000
const IMPORT_SETTLE_MS = 60_000

type Tables = AccessTables &
  DirectoryTables &
  FleetTables &
  JournalTables &
  KeyringTables &
  IdempotencyTables &
  WorkTables

export type HubOptions = {
  config: Config
  secrets: Secrets
  log: Log
  /** Tests move it; otherwise the system's. */
  clock?: Clock
}

export type Hub = {
  /** Where it listens, such as http://127.0.0.1:8377. */
  url: string
  /** Where the first token was written; null when the operator gave one. */
  tokenFile: string | null
  operatorTenantId: number
  server: Server
  /** The threads that listen; null when this one does. */
  workers: Workers | null
  directory: Directory
  fleet: Fleet
  journal: Journal
  /** Writes memory down now; see server/hub/memory.ts. */
  renewSnapshot(): Promise<void>
  keyring: Keyring
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const snapshotTime = (snapshot: ReturnType<Memory['snapshot']>): string | null =>
  snapshot === null ? null : new Date(snapshot.writtenAt).toISOString()

async function listenAlone({ app }: Server, { listen: { host, port, tls } }: Config): Promise<string> {
  const listening = await app.listen({ host, port })
  // The router does not know that its server speaks TLS.
  return tls ? listening.replace(/^http:/, 'https:') : listening
}

/** Builds the whole hub, wires its rooms and listens; closes in the reverse order. */
export async function openHub({ config, secrets, log, clock = systemClock }: HubOptions): Promise<Hub> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    while (closers.length > 0) await closers.pop()?.()
  }
  try {
    const held = await holdDataDirectory(config.dataDir)
    closers.push(held.release)

    const address = storeAddress(config, secrets)
    const trouble = (error: unknown) => log.warn('the store does not answer', { error })
    if (address.kind === 'sqlite') await makePrivate(address.file)
    const store = await openStore<Tables>({ address, onIdleError: trouble })
    closers.push(store.close)
    const { country, timeZone, dataDir } = config
    const keyring = openKeyring({
      store: pickTables<Tables, KeyringTables>(store),
      clock,
      log,
      dataDirectory: dataDir,
      secretKey: secrets.secretKey,
      secretKeyOld: secrets.secretKeyOld,
    })
    const shared = config.workers > 1 ? openSharedMemory(config.workers) : null
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
      onTrouble: trouble,
      ...(shared ? { onMemory: shared.onAccess } : {}),
    })
    closers.push(access.close)
    const metrics = openMetrics()
    const directory = openDirectory({
      store: pickTables<Tables, DirectoryTables>(store),
      clock,
      log,
      dataDir,
      rules: access.tenant,
      nameCountry: access.nameCountry,
      async caughtUp() {
        const position = await feedPosition(feed)
        memory.follower.nudge()
        return memory.follower.reached(position, IMPORT_SETTLE_MS)
      },
      erasers: [
        eraseFromFleet,
        eraseFromCalls,
        eraseFromJournal,
        eraseFromAudit,
        eraseFromRecordedAnswers,
        eraseFromWork,
      ],
      onImported: ({ accepted, rejected }) => metrics.imported(accepted, rejected),
      sharing: shared?.sharing ?? null,
    })
    closers.push(directory.close)
    const fleet = openFleet({
      store: pickTables<Tables, FleetTables>(store),
      clock,
      keyring,
      tenant: access.tenant,
      filesOf: directory.customerFiles.idsOfCustomer,
      hasFile: directory.customerFiles.has,
      outbound: {
        allowPrivate: config.allowPrivate,
        operatorTenantId: access.operatorTenantId,
        userAgent: `Cordboard/${packageJson.version}`,
      },
    })
    const journal = openJournal({
      store: pickTables<Tables, JournalTables>(store),
      clock,
      lookup: directory.lookup,
      parties: directory.parties,
      timeZone: (tenantId) => access.tenant(tenantId)?.timeZone ?? 'UTC',
      repeatWindowMs: config.repeatSeconds * 1_000,
      host: fleet.hostOfCalls,
    })

    const feed = pickTables<Tables, ChangeTables>(store)
    const idempotency = openIdempotency(pickTables<Tables, IdempotencyTables>(store), trouble)
    const work = openWork({
      store: pickTables<Tables, WorkTables>(store),
      log,
      onOutcome: metrics.worked,
      onTrouble: trouble,
    })
    planUpkeep(work, {
      days: config.retention,
      prune: { sessions: pruneSessions(accessStore), ...directory.prune, ...journal.prune },
      store: pickTables<Tables, UpkeepTables>(store),
      clock,
      log,
      idempotency,
    })
    /** What a stop interrupted goes on. */
    const resumeWork = async () => {
      await directory.imports.resume()
      await directory.renormalise.resume()
    }
    let tokenFile: string | null = null
    const memory = await openMemory({
      feed,
      access,
      directory,
      file: join(dataDir, 'memory.snapshot'),
      place: placeOf(address),
      version: packageJson.version,
      log,
      async prepare() {
        const { databaseId } = await upgradeStore(store, { address, dataDir, log })
        const bootstrapped = await access.bootstrap()
        tokenFile = bootstrapped.tokenFile
        await keyring.start(bootstrapped.operatorTenantId)
        await work.start(bootstrapped.operatorTenantId)
        return { databaseId }
      },
      async onArrival() {
        log.info('the database answers: the hub follows it again')
        await resumeWork()
      },
      onTrouble: trouble,
    })
    closers.push(memory.close)
    closers.push(work.close)
    const { follower } = memory
    store.onCommit(follower.nudge)

    openGauges(metrics, { directory, follower, work })

    let probing = false
    // A failed write is the last word on writes until another one goes through: whoever asks makes one try.
    const probeWrites = () => {
      if (probing) return
      probing = true
      const probe = store.transact(() => Promise.resolve())
      void probe.catch(() => {}).finally(() => (probing = false))
    }

    await idempotency.resume()
    let workers: Workers | null = null
    const door = shared ? await newBackDoor() : null
    if (door) closers.push(door.remove)
    const server = await openServer({
      access,
      directory,
      fleet,
      journal,
      keyring,
      idempotency,
      work,
      renewSnapshot: memory.renew,
      log,
      metrics,
      version: packageJson.version,
      publicUrl: config.publicUrl,
      metricsToken: secrets.metricsToken,
      trustedProxies: config.trustedProxies,
      tls: config.listen.tls,
      backDoor: door,
      readiness() {
        const since = follower.awaySince() ?? store.writesAwaySince()
        if (store.writesAwaySince() !== null) probeWrites()
        return {
          status: since === null ? 'ready' : 'degraded',
          store: since === null ? 'up' : 'away',
          store_away_since: since === null ? null : new Date(since).toISOString(),
          feed_position: follower.position(),
          snapshot_written_at: snapshotTime(memory.snapshot()),
          secrets: keyring.state(),
          ...(workers ? { workers: workers.state() } : {}),
        }
      },
      async settle<T>({ value, position }: Committed<T>): Promise<T> {
        // The write is durable either way: a memory that lags is no reason to call it failed.
        if (position !== null) await follower.reached(position, SETTLE_MS)
        return value
      },
    })
    closers.push(server.close)
    closers.push(async () => workers?.close())
    // Before the server, which waits for the request that rotates.
    closers.push(keyring.close)
    if (follower.awaySince() === null) await resumeWork()
    if (shared && door) {
      const { workers: count } = config
      workers = await openWorkers({ count, config, door, memory: shared, access, log, metrics })
    }
    const url = workers?.url ?? (await listenAlone(server, config))
    const operatorTenantId = access.operatorTenantId()
    if (operatorTenantId === null) throw new Error('there is no tenant of the operator')
    return {
      url,
      tokenFile,
      operatorTenantId,
      server,
      workers,
      directory,
      fleet,
      journal,
      renewSnapshot: memory.renew,
      keyring,
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
