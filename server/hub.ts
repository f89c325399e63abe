import { copyFile, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { openAccess, type AccessTables } from './access/access.ts'
import { openDirectory, type Directory, type DirectoryTables } from './directory/directory.ts'
import { openServer, type Server } from './http/server.ts'
import { migrationsFor } from './migrations/migrations.ts'
import type { AuditTables } from './platform/audit.ts'
import { feedPosition, followChanges, pruneChanges, type ChangeTables } from './platform/changes.ts'
import { systemClock, type Clock } from './platform/clock.ts'
import { storeAddress, type Config, type Secrets } from './platform/config.ts'
import { holdDataDirectory } from './platform/data-directory.ts'
import { migrate } from './platform/database/migrate.ts'
import { openStore, pickTables, type Store, type StoreAddress } from './platform/database/store.ts'
import type { Committed } from './platform/committed.ts'
import { eraseFromAudit } from './platform/erasure.ts'
import type { Log } from './platform/log.ts'
import { openMetrics } from './platform/metrics.ts'
import { openRetention, pruneAudit } from './platform/retention.ts'

const SETTLE_MS = 2_000
const IMPORT_SETTLE_MS = 60_000
const PRUNE_EVERY_MS = 60 * 60_000
const CHANGES_KEPT_MS = 24 * 60 * 60_000

type Tables = AccessTables & DirectoryTables

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
  directory: Directory
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Makes the store's file our own before SQLite opens it; its log and index take over the mode. */
async function makePrivate(file: string): Promise<void> {
  const handle = await open(file, 'a', 0o600)
  await handle.chmod(0o600)
  await handle.close()
}

/** A copy of the SQLite file beside it, complete because nothing else has it open and its log is folded in first. */
async function copyBeforeUpgrade(
  store: Store<Tables>,
  address: StoreAddress,
  dataDir: string,
  log: Log,
): Promise<void> {
  if (address.kind !== 'sqlite') return
  const { sql } = await import('kysely')
  await sql`pragma wal_checkpoint(truncate)`.execute(store.write)
  const copies = join(dataDir, 'before-upgrade')
  await mkdir(copies, { recursive: true, mode: 0o700 })
  const copy = join(copies, `cordboard-${new Date().toISOString().replaceAll(':', '-')}.db`)
  await copyFile(address.file, copy)
  log.info('copied the store before upgrading it', { copy })
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
    const { applied } = await migrate(store.write as never, {
      migrations: migrationsFor(store.engine),
      beforeUpgrade: () => copyBeforeUpgrade(store, address, config.dataDir, log),
    })
    if (applied.length > 0) log.info('the schema is up to date', { applied })

    const { country, timeZone, dataDir } = config
    const accessStore = pickTables<Tables, AccessTables>(store)
    const access = await openAccess({
      store: accessStore,
      clock,
      dataDir,
      adminToken: secrets.adminToken,
      country,
      timeZone,
      onTrouble: trouble,
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
        follower.nudge()
        return follower.reached(position, IMPORT_SETTLE_MS)
      },
      erasers: [eraseFromAudit],
      onImported: ({ accepted, rejected }) => metrics.imported(accepted, rejected),
    })
    closers.push(directory.close)

    const feed = pickTables<Tables, ChangeTables>(store)
    const hydrate = async () => {
      const position = await feedPosition(feed)
      await access.hydrate()
      await directory.hydrate()
      return position
    }
    const started = performance.now()
    const from = await hydrate()
    log.info('the directory is in memory', {
      ...directory.stats(),
      ms: Math.round(performance.now() - started),
    })
    const follower = followChanges({
      store: feed,
      from,
      rehydrate: hydrate,
      onTrouble: trouble,
      async apply(changes) {
        await access.apply(changes)
        await directory.apply(changes)
      },
    })
    closers.push(follower.close)
    store.onCommit(follower.nudge)

    metrics.gauge(
      'cordboard_index_numbers',
      'Numbers the caller index holds.',
      () => directory.stats().numbers,
    )
    metrics.gauge('cordboard_index_bytes', 'Bytes the caller index takes.', () => directory.stats().bytes)
    metrics.gauge('cordboard_feed_position', 'Number of the last change in memory.', follower.position)
    metrics.gauge(
      'cordboard_feed_age_seconds',
      'Time since the feed was read to its end.',
      () => (Date.now() - follower.caughtUpAt()) / 1000,
    )

    let probing = false
    // A failed write is the last word on writes until another one goes through: whoever asks makes one try.
    const probeWrites = () => {
      if (probing) return
      probing = true
      const probe = store.transact(() => Promise.resolve())
      void probe.catch(() => {}).finally(() => (probing = false))
    }

    const prune = () => void pruneChanges(feed, Date.now() - CHANGES_KEPT_MS).catch(trouble)
    const pruning = setInterval(prune, PRUNE_EVERY_MS)
    closers.push(async () => clearInterval(pruning))
    const retention = openRetention({
      days: config.retention,
      prune: { audit: pruneAudit(pickTables<Tables, AuditTables>(store)), ...directory.prune },
      now: clock.now,
      log,
      onTrouble: trouble,
    })
    closers.push(retention.close)

    const server = await openServer({
      access,
      directory,
      log,
      metrics,
      version: packageJson.version,
      publicUrl: config.publicUrl,
      metricsToken: secrets.metricsToken,
      trustedProxies: config.trustedProxies,
      tls: config.listen.tls,
      readiness() {
        const since = follower.awaySince() ?? store.writesAwaySince()
        if (store.writesAwaySince() !== null) probeWrites()
        return {
          status: since === null ? 'ready' : 'degraded',
          store: since === null ? 'up' : 'away',
          store_away_since: since === null ? null : new Date(since).toISOString(),
          feed_position: follower.position(),
        }
      },
      async settle<T>({ value, position }: Committed<T>): Promise<T> {
        // The write is durable either way: a memory that lags is no reason to call it failed.
        if (position !== null) await follower.reached(position, SETTLE_MS)
        return value
      },
    })
    closers.push(server.close)
    await directory.imports.resume()
    await directory.renormalise.resume()
    const { host, port, tls } = config.listen
    const listening = await server.app.listen({ host, port })
    // The router does not know that its server speaks TLS.
    const url = tls ? listening.replace(/^http:/, 'https:') : listening
    const { tokenFile, operatorTenantId } = access.bootstrapped
    return { url, tokenFile, operatorTenantId, server, directory, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
