import { createHash } from 'node:crypto'
import { copyFile, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { migrationsFor } from '../migrations/migrations.ts'
import { migrate, type MigrationOutcome } from '../platform/database/migrate.ts'
import type { Store, StoreAddress } from '../platform/database/store.ts'
import type { Log } from '../platform/log.ts'

/** Makes the store's file our own before SQLite opens it; its log and index take over the mode. */
export async function makePrivate(file: string): Promise<void> {
  const handle = await open(file, 'a', 0o600)
  await handle.chmod(0o600)
  await handle.close()
}

/** A digest of where a store is, without the name and password it is opened with. */
export function placeOf(address: StoreAddress): string {
  const hash = createHash('sha256')
  if (address.kind === 'sqlite') return hash.update(`sqlite ${address.file}`).digest('hex')
  const { host, pathname, searchParams } = new URL(address.url)
  return hash.update(`postgres ${host} ${searchParams.get('host') ?? ''} ${pathname}`).digest('hex')
}

/** A copy of the SQLite file beside it, complete because nothing else has it open and its log is folded in first. */
async function copyBeforeUpgrade<Tables>(
  store: Store<Tables>,
  address: StoreAddress,
  dataDir: string,
  log: Log,
): Promise<void> {
  if (address.kind !== 'sqlite') return
  await sql`pragma wal_checkpoint(truncate)`.execute(store.write)
  const copies = join(dataDir, 'before-upgrade')
  await mkdir(copies, { recursive: true, mode: 0o700 })
  const copy = join(copies, `cordboard-${new Date().toISOString().replaceAll(':', '-')}.db`)
  await copyFile(address.file, copy)
  log.info('copied the store before upgrading it', { copy })
}

/** Brings the store's schema to this hub's version. HubError `store_unavailable` while the store is away. */
export async function upgradeStore<Tables>(
  store: Store<Tables>,
  { address, dataDir, log }: { address: StoreAddress; dataDir: string; log: Log },
): Promise<MigrationOutcome> {
  const outcome = await migrate(store.write as never, {
    migrations: migrationsFor(store.engine),
    beforeUpgrade: () => copyBeforeUpgrade(store, address, dataDir, log),
  })
  if (outcome.applied.length > 0) log.info('the schema is up to date', { applied: outcome.applied })
  return outcome
}
