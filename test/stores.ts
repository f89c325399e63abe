import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext } from 'node:test'
import { migrationsFor } from '../server/migrations/migrations.ts'
import { migrate } from '../server/platform/database/migrate.ts'
import { openStore, type Store, type StoreAddress } from '../server/platform/database/store.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import { createDatabase, dropDatabase, takeDatabase, type Further } from './ready-databases.ts'
import { copyReadyFile, prepareStore } from './ready-stores.ts'

/** PostgreSQL to test on: any server where this user may create databases. */
const postgresUrl = process.env['CORDBOARD_TEST_POSTGRES']

/** A fresh, empty place for a store, gone again when the test ends. */
export async function newStoreAddress(t: TestContext, engine: Engine): Promise<StoreAddress> {
  if (engine === 'sqlite') return { kind: 'sqlite', file: join(await newDirectory(t), 'cordboard.db') }
  const { name, url } = await createDatabase(serverUrl())
  t.after(() => dropDatabase(serverUrl(), name))
  return { kind: 'postgres', url }
}

/** A store at this version's schema, or further, with nothing in it, as a hub would have made it in an empty place; the test's alone. */
export async function newReadyAddress(
  t: TestContext,
  engine: Engine,
  further: Further = {},
): Promise<StoreAddress> {
  if (engine === 'postgres') return { kind: 'postgres', url: await takeDatabase(t, serverUrl(), further) }
  const address: StoreAddress = { kind: 'sqlite', file: join(await newDirectory(t), 'cordboard.db') }
  await copyReadyFile(address.file)
  if (Object.keys(further).length > 0) await prepareStore(address, further)
  return address
}

function serverUrl(): string {
  if (!postgresUrl) throw new Error('CORDBOARD_TEST_POSTGRES is not set')
  return postgresUrl
}

export async function newDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cordboard-test-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A migrated store, closed when the test ends. */
export async function newStore<Tables>(t: TestContext, engine: Engine): Promise<Store<Tables>> {
  const store = await openStore<Tables>({ address: await newReadyAddress(t, engine) })
  await migrate(store.write as never, { migrations: migrationsFor(engine) })
  t.after(() => store.close())
  return store
}

/** Runs the same tests on every engine there is: SQLite, and PostgreSQL when one is reachable. `npm run test:postgres` runs them there alone. */
export function onEachStore(title: string, body: (engine: Engine) => void): void {
  const isAlone = process.env['CORDBOARD_TEST_POSTGRES_ALONE'] === '1'
  const engines: Engine[] = postgresUrl ? (isAlone ? ['postgres'] : ['sqlite', 'postgres']) : ['sqlite']
  for (const engine of engines) void describe(`${title} (${engine})`, () => body(engine))
}
