import { sql, type Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { randomUUID } from 'node:crypto'
import { HubError } from '../errors.ts'
import { refuseHalfMoved } from './half-moved.ts'
import { asHubError } from './store-errors.ts'

export type MigrationOutcome = { applied: string[]; databaseId: string }

type Options = {
  migrations: Record<string, Migration>
  /** Called before the first pending migration of a store that already holds data: the place for a copy. */
  beforeUpgrade?: (pending: string[]) => Promise<void>
  /** Only the move that left a store half moved may open it. */
  mayBeHalfMoved?: boolean
}

/**
 * Brings the schema to this hub's version under the engine's migration lock. Refuses a store that a newer
 * hub has already migrated: going on would write what that hub no longer understands.
 */
export async function migrate(
  db: Kysely<unknown>,
  { migrations, beforeUpgrade, mayBeHalfMoved = false }: Options,
): Promise<MigrationOutcome> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } })
  try {
    await refuseNewer(db, migrations)
    const known = await migrator.getMigrations()
    const pending = known.filter((one) => one.executedAt === undefined).map((one) => one.name)
    if (pending.length < known.length && !mayBeHalfMoved) await refuseHalfMoved(db)
    if (pending.length > 0 && pending.length < known.length) await beforeUpgrade?.(pending)
    const { error, results } = await migrator.migrateToLatest()
    if (error) throw asError(error)
    const applied = (results ?? []).filter((one) => one.status === 'Success').map((one) => one.migrationName)
    return { applied, databaseId: await databaseId(db) }
  } catch (error) {
    throw asHubError(error)
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

async function refuseNewer(db: Kysely<unknown>, migrations: Record<string, Migration>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return
  const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  const unknown = done.rows.map((row) => row.name).filter((name) => !(name in migrations))
  if (unknown.length === 0) return
  throw new HubError(
    'conflict',
    `This store was upgraded by a newer Cordboard (it has ${unknown.join(', ')}). Run that version, or restore a copy made before the upgrade.`,
  )
}

/** The identity of this database, made once: what follows it can tell that it is still the same one. */
async function databaseId(db: Kysely<unknown>): Promise<string> {
  await sql`insert into meta (name, value) values ('database_id', ${sql.val(randomUUID())}) on conflict do nothing`.execute(
    db,
  )
  const row = await sql<{ value: string }>`select value from meta where name = 'database_id'`.execute(db)
  const id = row.rows[0]?.value
  if (!id) throw new Error('the store has no database id')
  return id
}
