import { mkdtemp, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext } from 'node:test'
import pg from 'pg'
import { migrationsFor } from '../server/migrations/migrations.ts'
import { migrate } from '../server/platform/database/migrate.ts'
import { openStore, type Store, type StoreAddress } from '../server/platform/database/store.ts'
import type { Engine } from '../server/platform/database/engine.ts'

/** PostgreSQL to test on: any server where this user may create databases. */
const postgresUrl = process.env['CORDBOARD_TEST_POSTGRES']

/** A fresh, empty place for a store, gone again when the test ends. */
export async function newStoreAddress(t: TestContext, engine: Engine): Promise<StoreAddress> {
  if (engine === 'sqlite') {
    const directory = await newDirectory(t)
    return { kind: 'sqlite', file: join(directory, 'cordboard.db') }
  }
  if (!postgresUrl) throw new Error('CORDBOARD_TEST_POSTGRES is not set')
  const name = `cordboard_test_${randomBytes(6).toString('hex')}`
  await asAdmin(`create database ${name}`)
  t.after(() => asAdmin(`drop database if exists ${name} with (force)`))
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return { kind: 'postgres', url: url.href }
}

export async function newDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cordboard-test-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A migrated store, closed when the test ends. */
export async function newStore<Tables>(t: TestContext, engine: Engine): Promise<Store<Tables>> {
  const store = await openStore<Tables>({ address: await newStoreAddress(t, engine) })
  await migrate(store.write as never, { migrations: migrationsFor(engine) })
  t.after(() => store.close())
  return store
}

/** Runs the same tests on every engine there is: SQLite always, PostgreSQL when one is reachable. */
export function onEachStore(title: string, body: (engine: Engine) => void): void {
  const engines: Engine[] = postgresUrl ? ['sqlite', 'postgres'] : ['sqlite']
  for (const engine of engines) void describe(`${title} (${engine})`, () => body(engine))
}
