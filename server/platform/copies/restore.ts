import { existsSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { randomUUID } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { insertWhole, type Engine } from '../database/engine.ts'
import { migrate } from '../database/migrate.ts'
import { openStore, type StoreAddress } from '../database/store.ts'
import { readBackup, type BackupHeader } from './backup-file.ts'
import { syncDirectory, type OnProgress } from './backup.ts'
import { CopyError } from './copy-error.ts'
import { layoutOf, migrationsNamed, schemaOf, type Layout, type TableLayout } from './layout.ts'
import { digestOf, isSame, type Row, type Side } from './rows.ts'
import { writeSequences, type Sequences } from './sequences.ts'

export type RestoreOptions = {
  file: string
  address: StoreAddress
  /** Every migration there is, in the form of that engine. */
  migrations(engine: Engine): Record<string, Migration>
  onProgress?: OnProgress
}

/**
 * Fills an empty store from a backup of either engine: all of it or nothing. The whole file is checked before anything is
 * written, and what was written is read back and compared before it counts. Ids and sequences are kept; the database gets
 * an identity of its own, because its history goes on from another point. Throws CopyError when it is refused.
 */
export async function restore(options: RestoreOptions): Promise<BackupHeader> {
  const { file, address, migrations } = options
  const header = await checkFile(file)
  const { unknown } = migrationsNamed(migrations('sqlite'), header.schema)
  if (unknown.length > 0) {
    throw new CopyError(
      `${file} was written by a newer Cordboard (${header.version}, with ${unknown.join(', ')}). Restore it with that version or a later one.`,
    )
  }
  const layout = await layoutOf(migrationsNamed(migrations('sqlite'), header.schema).chosen)
  if (address.kind === 'postgres') await fill(address, header, layout, options)
  else await fillFile(address.file, header, layout, options)
  return header
}

/** Reads the file to its end, which is its check. */
async function checkFile(file: string): Promise<BackupHeader> {
  let header: BackupHeader | null = null
  for await (const part of readBackup(file)) if (part.kind === 'header') header = part.header
  if (header === null) throw new CopyError(`${file} is empty.`)
  return header
}

/** A file beside the store's takes the name when it is complete: whoever is killed before leaves no store. */
async function fillFile(
  file: string,
  header: BackupHeader,
  layout: Layout,
  options: RestoreOptions,
): Promise<void> {
  if (existsSync(file) && statSync(file).size > 0) {
    throw new CopyError(
      `${file} holds a store already. Restore needs an empty one: stop the hub and move that file and its -wal away, or set CORDBOARD_DATA_DIR to a new directory.`,
    )
  }
  if (existsSync(`${file}-wal`)) {
    throw new CopyError(`${file}-wal is left over from another store. Move it away first.`)
  }
  const partial = `${file}.restoring`
  const remove = async () => {
    for (const end of ['', '-wal', '-shm']) await rm(partial + end, { force: true })
  }
  await remove()
  try {
    const handle = await open(partial, 'wx', 0o600)
    await handle.close()
    await fill({ kind: 'sqlite', file: partial }, header, layout, options)
    await rename(partial, file)
    await syncDirectory(dirname(file))
  } finally {
    await remove()
  }
}

async function fill(
  address: StoreAddress,
  header: BackupHeader,
  layout: Layout,
  { file, migrations, onProgress = () => {} }: RestoreOptions,
): Promise<void> {
  const store = await openStore<unknown>({ address })
  try {
    await refuseOtherSchema(store.write, header)
    const { chosen } = migrationsNamed(migrations(store.engine), header.schema)
    await migrate(store.write, { migrations: chosen })
    await store.transact(async ({ db, engine }) => {
      const side: Side = { engine, db }
      await holdEmpty(side, layout)
      for (const table of layout.tables.toReversed())
        await sql`delete from ${sql.table(table.name)}`.execute(db)
      const sequences = await insertAll(side, file, header, layout, onProgress)
      await writeSequences(side, layout, sequences)
      await sql`update meta set value = ${sql.val(randomUUID())} where name = 'database_id'`.execute(db)
    })
  } finally {
    await store.close()
  }
}

async function refuseOtherSchema(db: Kysely<unknown>, header: BackupHeader): Promise<void> {
  const there = await schemaOf(db)
  if (there.length === 0 || there.join() === header.schema.join()) return
  throw new CopyError(
    'The database has tables of another version of Cordboard than the backup. Restore into a new database.',
  )
}

/** Locks the tables, so that no hub begins to use the store meanwhile, and refuses one that holds anything. */
export async function holdEmpty(side: Side, layout: Layout): Promise<void> {
  const { engine, db } = side
  if (engine === 'postgres') {
    const names = sql.join(layout.tables.map((table) => sql.table(table.name)))
    await sql`lock table ${names} in access exclusive mode`.execute(db)
  }
  for (const table of layout.tables) {
    const found = await sql<{ rows: number }>`select count(*) as "rows" from
      (select 1 from ${sql.table(table.name)} limit ${sql.lit(table.seeded + 1)}) as first`.execute(db)
    if ((found.rows[0]?.rows ?? 0) <= table.seeded) continue
    throw new CopyError(
      `The database holds data already (there are ${table.name}). An empty one is needed: create a new database and name that.`,
    )
  }
}

async function insertAll(
  side: Side,
  file: string,
  header: BackupHeader,
  layout: Layout,
  onProgress: OnProgress,
): Promise<Sequences> {
  const total = Object.values(header.tables).reduce((sum, rows) => sum + rows, 0)
  const tableNamed = (name: string) => {
    const table = layout.tables.find((one) => one.name === name)
    if (!table) throw new CopyError(`${file} has a table ${name} that its version of Cordboard has not.`)
    return table
  }
  let done = 0
  let sequences: Sequences = { tables: {}, alone: {} }
  for await (const part of readBackup(file)) {
    if (part.kind === 'sequences') sequences = part.sequences
    if (part.kind === 'rows') {
      const table = tableNamed(part.table)
      if (part.columns.join() !== Object.keys(table.columns).join())
        throw new CopyError(`${file} has other columns in ${table.name} than its version of Cordboard.`)
      await insertRows(side, table, part.rows)
      onProgress((done += part.rows.length), total)
    }
    if (part.kind === 'end' && !isSame(part.digest, await digestOf(side, tableNamed(part.table)))) {
      throw new CopyError(`${part.table} read back is not what the backup holds. Nothing was restored.`)
    }
  }
  return sequences
}

/** Puts rows in as they are, each value in the order of the table's columns. */
export async function insertRows({ engine, db }: Side, table: TableLayout, rows: Row[]): Promise<void> {
  if (rows.length > 0)
    await insertWhole(engine, db, { table: table.name, columns: table.columns }, rows.flat())
}
