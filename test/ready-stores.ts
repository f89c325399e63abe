import { existsSync, rmSync } from 'node:fs'
import { copyFile, mkdtemp, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Migration } from 'kysely/migration'
import { migrationsFor } from '../server/migrations/migrations.ts'
import { migrate } from '../server/platform/database/migrate.ts'
import { openStore, type StoreAddress } from '../server/platform/database/store.ts'

/** What all test files of a run share; a file that runs by itself makes its own. */
let directory: string | null = process.env['CORDBOARD_TEST_RUN'] ?? null

async function directoryOfRun(): Promise<string> {
  if (directory !== null) return directory
  const own = await mkdtemp(join(tmpdir(), 'cordboard-ready-'))
  process.once('exit', () => rmSync(own, { recursive: true, force: true }))
  directory = own
  return own
}

/** Brings an empty store to this version's schema, and further; whoever opens it first gives it its identity. */
export async function prepareStore(
  address: StoreAddress,
  further: Record<string, Migration> = {},
): Promise<void> {
  const store = await openStore<{ meta: { name: string } }>({ address })
  try {
    await migrate(store.write as never, {
      migrations: { ...migrationsFor(store.engine), ...further },
    })
    await store.write.deleteFrom('meta').where('name', '=', 'database_id').execute()
  } finally {
    await store.close()
  }
}

/** Puts an SQLite file at this version's schema there: migrated once, and copied from then on. */
export async function copyReadyFile(file: string): Promise<void> {
  const run = await directoryOfRun()
  const ready = join(run, 'ready.db')
  if (!existsSync(ready)) {
    const made = join(await mkdtemp(join(run, 'made-')), 'ready.db')
    await prepareStore({ kind: 'sqlite', file: made })
    // Two files that came here at once made the same.
    await rename(made, ready)
  }
  await copyFile(ready, file)
}
