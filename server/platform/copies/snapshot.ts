import { existsSync } from 'node:fs'
import { Kysely, sql } from 'kysely'
import { openPostgresPool, postgresDialect } from '../database/postgres-dialect.ts'
import { startSqliteThread } from '../database/sqlite-client.ts'
import { sqliteDialect } from '../database/sqlite-dialect.ts'
import { asHubError } from '../database/store-errors.ts'
import type { StoreAddress } from '../database/store.ts'
import { CopyError } from './copy-error.ts'
import type { Side } from './rows.ts'

const BUSY_TIMEOUT_MS = 10_000

/**
 * Lets `work` read the store as it is at one moment, whatever is written meanwhile: a transaction that only reads, on a
 * connection of its own. It holds up no writer and no lookup. Nothing is made where there is no store.
 */
export async function inSnapshot<T>(address: StoreAddress, work: (side: Side) => Promise<T>): Promise<T> {
  try {
    return address.kind === 'sqlite'
      ? await inSqlite(address.file, work)
      : await inPostgres(address.url, work)
  } catch (error) {
    throw asHubError(error)
  }
}

async function inSqlite<T>(file: string, work: (side: Side) => Promise<T>): Promise<T> {
  if (!existsSync(file)) throw new CopyError(`There is no store ${file}.`)
  const thread = await startSqliteThread({ file, readOnly: true, busyTimeoutMs: BUSY_TIMEOUT_MS })
  const reader = new Kysely<unknown>({ dialect: sqliteDialect([thread.client]) })
  try {
    return await reader.connection().execute(async (db) => {
      // Not Kysely's transaction: that one begins as a writer.
      await sql`begin`.execute(db)
      try {
        return await work({ engine: 'sqlite', db })
      } finally {
        await sql`rollback`.execute(db)
      }
    })
  } finally {
    await thread.close()
  }
}

async function inPostgres<T>(url: string, work: (side: Side) => Promise<T>): Promise<T> {
  const pool = openPostgresPool({ url, maxConnections: 1, onIdleError: () => {} })
  const reader = new Kysely<unknown>({ dialect: postgresDialect(pool) })
  try {
    return await reader
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((db) => work({ engine: 'postgres', db }))
  } finally {
    await reader.destroy()
  }
}
