import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { Migration } from 'kysely/migration'
import pg from 'pg'
import { prepareStore } from './ready-stores.ts'

/** A database at this version's schema, and what is in it as long as nobody used it. */
type ReadyDatabase = { name: string; url: string; shape: string; seeds: Seed[]; further: string }
type Seed = { table: string; rows: string }

/** Migrations besides the hub's own. */
export type Further = Record<string, Migration>
const namesOf = (further: Further) => Object.keys(further).join()

/** Of tests that have ended. Making a database takes far longer than emptying one. */
const spare: ReadyDatabase[] = []

/** The migrator's own tables stay as they are. */
const TABLES = `select relname as table from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'kysely%' order by oid desc`

/** Tells a database whose tables, triggers or functions a test has changed. */
const SHAPE = `select md5(string_agg(what, ',' order by what)) as shape from (
  select relname || ' ' || relkind::text as what from pg_class where relnamespace = 'public'::regnamespace
  union all select 'trigger ' || tgname from pg_trigger where not tgisinternal
  union all select 'migration ' || name from kysely_migration
  union all select 'function ' || proname from pg_proc where pronamespace = 'public'::regnamespace) parts`

/** Tables refer to older ones, so that the younger ones are emptied first. */
const EMPTY = `do $$ declare one record; begin
  for one in ${TABLES} loop execute format('delete from %I', one.table); end loop;
  for one in select * from pg_sequences where schemaname = 'public' and last_value is not null loop
    perform setval(format('%I', one.sequencename)::regclass, one.start_value, false); end loop; end $$`

const END_OTHERS = `select pg_terminate_backend(pid, 10000) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const shapeOf = async (client: pg.Client): Promise<string> =>
  ((await client.query(SHAPE)).rows[0] as { shape: string }).shape

async function seedsOf(client: pg.Client): Promise<Seed[]> {
  const seeds: Seed[] = []
  for (const { table } of (await client.query(TABLES)).rows as { table: string }[]) {
    const found = await client.query(`select json_agg(t)::text as rows from "${table}" t`)
    const { rows } = found.rows[0] as { rows: string | null }
    if (rows !== null) seeds.push({ table, rows })
  }
  return seeds
}

/** A new database with nothing in it. */
export async function createDatabase(serverUrl: string): Promise<{ name: string; url: string }> {
  const name = `cordboard_test_${randomBytes(6).toString('hex')}`
  await withClient(serverUrl, (client) => client.query(`create database ${name}`))
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return { name, url: url.href }
}

export const dropDatabase = (serverUrl: string, name: string) =>
  withClient(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`))

async function createReady(serverUrl: string, further: Further): Promise<ReadyDatabase> {
  const { name, url } = await createDatabase(serverUrl)
  await prepareStore({ kind: 'postgres', url }, further)
  return await withClient(url, async (client) => ({
    name,
    url,
    further: namesOf(further),
    shape: await shapeOf(client),
    seeds: await seedsOf(client),
  }))
}

/** Makes a used database as it was; false where that cannot be. */
async function empty({ url, shape, seeds }: ReadyDatabase): Promise<boolean> {
  return await withClient(url, async (client) => {
    await client.query(END_OTHERS)
    if ((await shapeOf(client)) !== shape) return false
    await client.query(EMPTY)
    for (const { table, rows } of seeds)
      await client.query(
        `insert into "${table}" select * from json_populate_recordset(null::"${table}", $1)`,
        [rows],
      )
    return true
  })
}

async function takeSpare(serverUrl: string, further: Further): Promise<ReadyDatabase | null> {
  for (;;) {
    const at = spare.findIndex((one) => one.further === namesOf(further))
    const [one] = at < 0 ? [] : spare.splice(at, 1)
    if (!one) return null
    if (await empty(one)) return one
    await dropDatabase(serverUrl, one.name)
  }
}

async function dropSpare(serverUrl: string): Promise<void> {
  for (const { name } of spare.splice(0)) await dropDatabase(serverUrl, name)
}

let willDrop = false

/** The address of a PostgreSQL database at this version's schema, or further, empty, and the test's alone. */
export async function takeDatabase(t: TestContext, serverUrl: string, further: Further): Promise<string> {
  if (!willDrop) process.once('beforeExit', () => void dropSpare(serverUrl))
  willDrop = true
  const ready = (await takeSpare(serverUrl, further)) ?? (await createReady(serverUrl, further))
  // Emptied when it is taken again: until then whoever uses it may still be closing.
  t.after(() => void spare.push(ready))
  return ready.url
}
