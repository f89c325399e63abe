import { sql, Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnType } from '../database/engine.ts'
import { migrate } from '../database/migrate.ts'
import { startSqliteThread } from '../database/sqlite-client.ts'
import { sqliteDialect } from '../database/sqlite-dialect.ts'

export type TableLayout = {
  name: string
  columns: Record<string, ColumnType>
  /** Columns of the primary key: rows are read in its order. */
  key: string[]
  /** The column whose values the store hands out itself; null when the rows bring their key. */
  identity: string | null
  /** Rows that a fresh store has already. */
  seeded: number
}

/** The tables of one schema version, those that others refer to first, and the sequences of ids that stand alone. */
export type Layout = { tables: TableLayout[]; sequences: string[] }

type TableRow = { name: string; sql: string }
type ColumnRow = { name: string; type: string; pk: number }

/** Kept by each store in its own way; never copied as rows. */
const OWN_TO_THE_STORE = new Set(['kysely_migration', 'kysely_migration_lock', 'id_sequences'])

const TYPES: Record<string, ColumnType> = {
  integer: 'bigint',
  bigint: 'bigint',
  smallint: 'bigint',
  text: 'text',
  real: 'double precision',
  'double precision': 'double precision',
  blob: 'bytea',
  bytea: 'bytea',
}

/**
 * What a store with these migrations (SQLite's form of them) holds, read from an empty one in memory. So a copy takes
 * our tables whatever else a shared database holds, and both engines are told the same.
 */
export async function layoutOf(migrations: Record<string, Migration>): Promise<Layout> {
  const thread = await startSqliteThread({ file: ':memory:', readOnly: false, busyTimeoutMs: 0 })
  const db = new Kysely<unknown>({ dialect: sqliteDialect([thread.client]) })
  try {
    await migrate(db, { migrations })
    const found = await sql<TableRow>`select name, sql from sqlite_master
      where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name`.execute(db)
    const ours = found.rows.filter((row) => !OWN_TO_THE_STORE.has(row.name))
    const tables: TableLayout[] = []
    const parents = new Map<string, string[]>()
    for (const row of ours) {
      tables.push(await tableLayout(db, row))
      const refers = await sql<{ to: string }>`select distinct "table" as "to"
        from pragma_foreign_key_list(${sql.val(row.name)})`.execute(db)
      parents.set(
        row.name,
        refers.rows.map(({ to }) => to).filter((to) => to !== row.name),
      )
    }
    const sequences = await sql<{ name: string }>`select name from id_sequences order by name`.execute(db)
    return { tables: parentsFirst(tables, parents), sequences: sequences.rows.map(({ name }) => name) }
  } finally {
    await thread.close()
  }
}

async function tableLayout(db: Kysely<unknown>, { name, sql: text }: TableRow): Promise<TableLayout> {
  const { rows } =
    await sql<ColumnRow>`select name, type, pk from pragma_table_info(${sql.val(name)})`.execute(db)
  const columns = rows.map((column): [string, ColumnType] => {
    const type = TYPES[column.type.toLowerCase()]
    if (type === undefined)
      throw new Error(`${name}.${column.name} is a ${column.type}, which no copy knows to carry`)
    return [column.name, type]
  })
  const key = rows
    .filter((column) => column.pk > 0)
    .sort((one, other) => one.pk - other.pk)
    .map((column) => column.name)
  if (key.length === 0) throw new Error(`${name} has no primary key: it cannot be copied in order`)
  const identity = /\bautoincrement\b/i.test(text) ? (key[0] ?? null) : null
  const there = await sql<{ rows: number }>`select count(*) as "rows" from ${sql.table(name)}`.execute(db)
  return { name, columns: Object.fromEntries(columns), key, identity, seeded: there.rows[0]?.rows ?? 0 }
}

function parentsFirst(tables: TableLayout[], parents: Map<string, string[]>): TableLayout[] {
  const sorted: TableLayout[] = []
  const waiting = new Set(tables)
  while (waiting.size > 0) {
    const next = [...waiting].find((table) =>
      (parents.get(table.name) ?? []).every((parent) => sorted.some((done) => done.name === parent)),
    )
    if (!next)
      throw new Error(`these tables refer to each other: ${[...waiting].map(({ name }) => name).join(', ')}`)
    waiting.delete(next)
    sorted.push(next)
  }
  return sorted
}

/** The names of the migrations a store has had, in order; empty for a store that is none yet. */
export async function schemaOf(db: Kysely<unknown>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return []
  const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return done.rows.map((row) => row.name)
}

/** Those of the migrations that have these names; `unknown` are the names that only a newer version knows. */
export function migrationsNamed(
  migrations: Record<string, Migration>,
  names: readonly string[],
): { chosen: Record<string, Migration>; unknown: string[] } {
  const chosen: Record<string, Migration> = {}
  const unknown: string[] = []
  for (const name of names) {
    const migration = migrations[name]
    if (migration) chosen[name] = migration
    else unknown.push(name)
  }
  return { chosen, unknown }
}
