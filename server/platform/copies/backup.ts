import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { StoreAddress } from '../database/store.ts'
import { FORMAT, readBackup, writeBackup, type BackupHeader } from './backup-file.ts'
import { CopyError } from './copy-error.ts'
import { halfMoved } from '../database/half-moved.ts'
import { layoutOf, migrationsNamed, schemaOf, type Layout } from './layout.ts'
import { countRows, readPages, toLine, type Side } from './rows.ts'
import { readSequences } from './sequences.ts'
import { inSnapshot } from './snapshot.ts'

/** Told of rows done and rows to do. */
export type OnProgress = (done: number, total: number) => void

export type BackupOptions = {
  address: StoreAddress
  /** Where it goes; made readable for its owner alone. */
  file: string
  /** SQLite's form of every migration there is. */
  migrations: Record<string, Migration>
  version: string
  /** Puts the new backup in the place of an older one of that name. */
  replace?: boolean
  onProgress?: OnProgress
}

/**
 * Copies the store as it is at one moment into one file, while a hub may be running on it. The file takes its name only
 * after it was read back and found whole. Throws CopyError when it cannot be made.
 */
export async function backUp(options: BackupOptions): Promise<BackupHeader> {
  const { address, file, replace = false } = options
  if (existsSync(file) && !replace)
    throw new CopyError(`${file} exists already. Choose another name, or say --replace.`)
  const partial = `${file}.${process.pid}.partial`
  try {
    const header = await inSnapshot(address, (side) => writeFrom(side, partial, options))
    for await (const part of readBackup(partial)) void part
    await rename(partial, file)
    await syncDirectory(dirname(file))
    return header
  } finally {
    await rm(partial, { force: true })
  }
}

async function writeFrom(side: Side, file: string, options: BackupOptions): Promise<BackupHeader> {
  const { migrations, version, onProgress = () => {} } = options
  const schema = await schemaOf(side.db)
  if (schema.length === 0) throw new CopyError('The store is empty: there is nothing to back up.')
  const { chosen, unknown } = migrationsNamed(migrations, schema)
  if (unknown.length > 0)
    throw new CopyError(
      `A newer Cordboard has upgraded this store (${unknown.join(', ')}). Use that version.`,
    )
  if (await halfMoved(side.db))
    throw new CopyError('This store is half moved. Finish `cordboard move-to` first.')
  await checkIntegrity(side)
  const layout = await layoutOf(chosen)
  const tables: Record<string, number> = {}
  for (const table of layout.tables) tables[table.name] = await countRows(side, table)
  const header: BackupHeader = {
    cordboard_backup: FORMAT,
    version,
    schema,
    engine: side.engine,
    database_id: await databaseId(side),
    made_at: new Date().toISOString(),
    tables,
  }
  await writeBackup(file, linesFrom(side, layout, header, onProgress))
  return header
}

async function* linesFrom(
  side: Side,
  layout: Layout,
  header: BackupHeader,
  onProgress: OnProgress,
): AsyncGenerator<string> {
  const total = Object.values(header.tables).reduce((sum, rows) => sum + rows, 0)
  let done = 0
  yield `${JSON.stringify(header)}\n`
  for (const table of layout.tables) {
    yield `${JSON.stringify({ table: table.name, columns: Object.keys(table.columns) })}\n`
    const hash = createHash('sha256')
    let rows = 0
    for await (const page of readPages(side, table)) {
      const text = page.map(toLine).join('')
      hash.update(text)
      rows += page.length
      yield text
      onProgress((done += page.length), total)
    }
    yield `${JSON.stringify({ end: table.name, rows, sha256: hash.digest('hex') })}\n`
  }
  yield `${JSON.stringify({ sequences: await readSequences(side, layout) })}\n`
}

/** SQLite's own examination of every page. PostgreSQL checks its pages as it reads them. */
export async function checkIntegrity({ engine, db }: Side, pragma = 'integrity_check'): Promise<void> {
  if (engine === 'postgres') return
  const found = await sql<Record<string, string>>`pragma ${sql.raw(pragma)}`.execute(db)
  const words = found.rows.map((row) => Object.values(row).join(' ')).join('; ')
  if (words !== 'ok') throw new CopyError(`The store is damaged: ${words}`)
}

async function databaseId({ db }: Side): Promise<string> {
  const row = await sql<{ value: string }>`select value from meta where name = 'database_id'`.execute(db)
  return row.rows[0]?.value ?? ''
}

/** After this the new name is on the disk too, not only in memory. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directories, and needs none of this.
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
