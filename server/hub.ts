import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import packageJson from '../package.json' with { type: 'json' }
import type { Directory } from './directory/directory.ts'
import type { Fleet } from './fleet/fleet.ts'
import { readConsole } from './http/console-files.ts'
import { openServer, type Server } from './http/server.ts'
import type { Journal } from './journal/journal.ts'
import { openMemory, type Memory } from './hub/memory.ts'
import { openRooms, type Tables } from './hub/rooms.ts'
import { openSharedMemory } from './hub/shared-memory.ts'
import { makePrivate, placeOf, upgradeStore } from './hub/store-start.ts'
import { newBackDoor, openWorkers, type Workers } from './hub/workers.ts'
import { openGauges } from './hub/gauges.ts'
import { openWriteProbe } from './hub/write-probe.ts'
import { feedPosition } from './platform/changes.ts'
import { systemClock, type Clock } from './platform/clock.ts'
import { storeAddress, type Config, type Secrets } from './platform/config.ts'
import { holdDataDirectory } from './platform/data-directory.ts'
import { openStore } from './platform/database/store.ts'
import type { Committed } from './platform/committed.ts'
import type { Keyring } from './platform/keyring.ts'
import type { Log } from './platform/log.ts'
import { openMetrics } from './platform/metrics.ts'

const SETTLE_MS = 2_000
const IMPORT_SETTLE_MS = 60_000
const CONSOLE = fileURLToPath(new URL('../console/dist/site', import.meta.url))

export type HubOptions = {
  config: Config
  secrets: Secrets
  log: Log
  /** Tests move it; otherwise the system's. */
  clock?: Clock
  /** Where the built console is; by default where `npm run build` puts it. */
  consoleDir?: string
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
export async function openHub({
  config,
  secrets,
  log,
  clock = systemClock,
  consoleDir = CONSOLE,
}: HubOptions): Promise<Hub> {
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
    const { dataDir } = config
    const shared = config.workers > 1 ? openSharedMemory(config.workers) : null
    const metrics = openMetrics()
    const rooms = openRooms({
      store,
      config,
      secrets,
      clock,
      log,
      metrics,
      shared,
      async caughtUp() {
        const position = await feedPosition(rooms.feed)
        memory.follower.nudge()
        return memory.follower.reached(position, IMPORT_SETTLE_MS)
      },
      onTrouble: trouble,
      closers,
    })
    const { keyring, access, directory, fleet, journal, routing, live, idempotency, work, feed } = rooms
    /** What a stop interrupted goes on. */
    const resumeWork = async () => {
      await directory.imports.resume()
      await directory.renormalise.resume()
      live.start()
    }
    let tokenFile: string | null = null
    const memory = await openMemory({
      feed,
      access,
      directory,
      profiles: routing,
      doNotCall: journal.doNotCall,
      lastAgents: journal.lastAgents,
      live,
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

    const probeWrites = openWriteProbe(store)
    await idempotency.resume()
    let workers: Workers | null = null
    const door = shared ? await newBackDoor() : null
    if (door) closers.push(door.remove)
    const server = await openServer({
      access,
      directory,
      fleet,
      journal,
      routing,
      live,
      timeZone: rooms.zoneOf,
      keyring,
      idempotency,
      work,
      renewSnapshot: memory.renew,
      log,
      metrics,
      version: packageJson.version,
      publicUrl: config.publicUrl,
      metricsToken: secrets.metricsToken,
      console: await readConsole(consoleDir),
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
    closers.push(async () => live.endStreams())
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
