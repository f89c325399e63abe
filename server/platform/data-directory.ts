import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HubError } from './errors.ts'
import { isStoreAway } from './database/store-errors.ts'
import { startSqliteThread } from './database/sqlite-client.ts'

export type DataDirectory = { path: string; release(): Promise<void> }

/**
 * Makes the directory (0700) and holds it until `release` or the end of the process, however sudden: the lock is
 * one that the operating system itself lets go of. A second hub on the same directory is refused.
 */
export async function holdDataDirectory(path: string): Promise<DataDirectory> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const file = join(path, 'lock.db')
  const thread = await startSqliteThread({ file, readOnly: false, busyTimeoutMs: 500, lock: true }).catch(
    (error: unknown) => {
      throw isLocked(error) ? inUse(path) : error
    },
  )
  await chmod(file, 0o600)
  return { path, release: () => thread.close() }
}

function isLocked(error: unknown): boolean {
  return isStoreAway(error) || (error instanceof Error && /database is locked/.test(error.message))
}

function inUse(path: string): HubError {
  return new HubError(
    'conflict',
    `Another hub is already running on the data directory ${path}. Stop it first, or set CORDBOARD_DATA_DIR to another directory.`,
  )
}
