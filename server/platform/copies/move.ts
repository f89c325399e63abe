import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Engine } from '../database/engine.ts'
import { HALF_MOVED, halfMoved } from '../database/half-moved.ts'
import { fromJson, toJson } from '../database/json.ts'
import { migrate } from '../database/migrate.ts'
import { openStore, type Store } from '../database/store.ts'
import { checkIntegrity, type OnProgress } from './backup.ts'
import { CopyError } from './copy-error.ts'
import { layoutOf, migrationsNamed, schemaOf, type Layout, type TableLayout } from './layout.ts'
import { holdEmpty, insertRows } from './restore.ts'
import { noteAct } from './note-act.ts'
import { countRows, digestOf, isSame, keyOf, readPages, type Row, type Side } from './rows.ts'
import { readSequences, writeSequences } from './sequences.ts'
import { inSnapshot } from './snapshot.ts'

export type MoveOptions = {
  /** The SQLite store. The caller holds its data directory, so that no hub writes meanwhile. */
  file: string
  /** Address of the PostgreSQL database, password included. */
  url: string
  migrations(engine: Engine): Record<string, Migration>
  onCopied?: OnProgress
  onCompared?: OnProgress
}

export type Moved = { tables: Record<string, number>; resumed: boolean }

/** What the target notes in the transaction of the rows themselves. */
type Progress = {
  /** Identity of the database being moved. */
  from: string
  /** The table being copied, and the key of its last row that is there. */
  table: string | null
  after: Row | null
}

/** Holds the identity and the progress; written with the last transaction. */
const META = 'meta'

/**
 * Copies an SQLite store into a PostgreSQL database that is empty or that an interrupted move left half full. Every page of
 * rows and the note of how far it came are one transaction: killed at any moment, the next run goes on behind the last
 * page. At the end every table is read from both sides and compared, and only then is the target a store that a hub
 * opens. Throws CopyError when it is refused; the SQLite store is only read.
 */
export async function move(options: MoveOptions): Promise<Moved> {
  return await inSnapshot({ kind: 'sqlite', file: options.file }, async (source) => {
    await checkIntegrity(source)
    const schema = await schemaOf(source.db)
    if (schema.length === 0) throw new CopyError(`${options.file} is empty: there is nothing to move.`)
    const { chosen, unknown } = migrationsNamed(options.migrations('sqlite'), schema)
    if (unknown.length > 0)
      throw new CopyError(
        `A newer Cordboard has upgraded this store (${unknown.join(', ')}). Use that version.`,
      )
    const layout = await layoutOf(chosen)
    const store = await openStore<unknown>({ address: { kind: 'postgres', url: options.url } })
    try {
      return await moveInto(store, source, layout, schema, options)
    } finally {
      await store.close()
    }
  })
}

async function moveInto(
  store: Store<unknown>,
  source: Side,
  layout: Layout,
  schema: string[],
  { migrations, onCopied = () => {}, onCompared = () => {} }: MoveOptions,
): Promise<Moved> {
  const target: Side = { engine: 'postgres', db: store.write }
  await refuseOtherSchema(store.write, schema)
  const { chosen } = migrationsNamed(migrations('postgres'), schema)
  await migrate(store.write, { migrations: chosen, mayBeHalfMoved: true })

  const from = await identityOf(source.db)
  let { progress, resumed } = await begin(store, layout, from)
  const tables = layout.tables.filter((table) => table.name !== META)
  const counts: Record<string, number> = {}
  for (const table of tables) counts[table.name] = await countRows(source, table)
  const total = Object.values(counts).reduce((sum, rows) => sum + rows, 0)

  progress = await copyRows(store, source, tables, progress, { counts, total, onCopied })
  let different = await compare(source, target, tables, total, onCompared)
  if (different.length > 0 && resumed) {
    // The source was written to between two runs: what was copied before that is not what is there now.
    progress = await beginAnew(store, layout, progress)
    await copyRows(store, source, tables, progress, { counts, total, onCopied })
    different = await compare(source, target, tables, total, onCompared)
    resumed = false
  }
  if (different.length > 0)
    throw new CopyError(`${different.join(', ')}: not the same on both sides. The target stays half moved.`)
  await finish(store, source, layout, total)
  return { tables: counts, resumed }
}

/** Takes up an interrupted move of the same store, or begins one in a target that holds nothing. */
async function begin(
  store: Store<unknown>,
  layout: Layout,
  from: string,
): Promise<{ progress: Progress; resumed: boolean }> {
  const { value } = await store.transact(async ({ db, engine }) => {
    // A run that was killed a moment ago may still be committing its last page: what it noted counts.
    await sql`lock table meta in exclusive mode`.execute(db)
    const noted = await halfMoved(db)
    if (noted === null) {
      await holdEmpty({ engine, db }, layout)
      const progress: Progress = { from, table: null, after: null }
      await sql`insert into meta (name, value) values (${sql.val(HALF_MOVED)}, ${sql.val(toJson(progress))})`.execute(
        db,
      )
      return { progress, resumed: false }
    }
    const progress = fromJson<Progress>(noted)
    if (progress.from !== from)
      throw new CopyError(
        'Another store is half moved into this database. Finish that move, or create a new database.',
      )
    return { progress, resumed: progress.table !== null }
  })
  return value
}

/** Notes the progress in the transaction of its rows; whoever notes at the same time makes both stop. */
async function note(db: Kysely<unknown>, before: Progress, after: Progress): Promise<void> {
  const noted = await sql`update meta set value = ${sql.val(toJson(after))}
    where name = ${sql.val(HALF_MOVED)} and value = ${sql.val(toJson(before))}`.execute(db)
  if (noted.numAffectedRows !== 1n)
    throw new CopyError('Somebody else is moving a store into this database at the same time.')
}

async function beginAnew(store: Store<unknown>, layout: Layout, before: Progress): Promise<Progress> {
  const progress: Progress = { from: before.from, table: null, after: null }
  await store.transact(async ({ db }) => {
    await note(db, before, progress)
    const names = layout.tables.filter(({ name }) => name !== META).map(({ name }) => sql.table(name))
    await sql`truncate ${sql.join(names)}`.execute(db)
  })
  return progress
}

async function copyRows(
  store: Store<unknown>,
  source: Side,
  tables: TableLayout[],
  from: Progress,
  { counts, total, onCopied }: { counts: Record<string, number>; total: number; onCopied: OnProgress },
): Promise<Progress> {
  let progress = from
  const first = tables.findIndex((table) => table.name === progress.table)
  const before = tables.slice(0, Math.max(first, 0))
  let done = before.reduce((sum, table) => sum + (counts[table.name] ?? 0), 0)
  const current = tables[first]
  if (current) done += await countRows({ engine: store.engine, db: store.read }, current)
  onCopied(done, total)
  for (const table of tables.slice(Math.max(first, 0))) {
    const after = table.name === progress.table ? progress.after : null
    for await (const page of readPages(source, table, after)) {
      const last = page.at(-1)
      if (!last) continue
      const next: Progress = { from: progress.from, table: table.name, after: keyOf(table, last) }
      const noted = progress
      await store.transact(async ({ db, engine }) => {
        await note(db, noted, next)
        await insertRows({ engine, db }, table, page)
      })
      progress = next
      onCopied((done += page.length), total)
    }
  }
  return progress
}

/** Reads every table from both sides; answers the names of those that differ. */
async function compare(
  source: Side,
  target: Side,
  tables: TableLayout[],
  total: number,
  onCompared: OnProgress,
): Promise<string[]> {
  const different: string[] = []
  let done = 0
  for (const table of tables) {
    const there = await digestOf(target, table)
    const here = await digestOf(source, table, (rows) => onCompared((done += rows), total))
    if (!isSame(here, there)) different.push(table.name)
  }
  return different
}

/** The last transaction: the next ids, the identity, a line in the audit trail, and with it the end of the note that keeps hubs out. */
async function finish(store: Store<unknown>, source: Side, layout: Layout, rows: number): Promise<void> {
  const meta = layout.tables.find((table) => table.name === META)
  if (!meta) throw new Error('the schema has no table meta')
  const sequences = await readSequences(source, layout)
  await store.transact(async (tx) => {
    const { db, engine } = tx
    const side: Side = { engine, db }
    await writeSequences(side, layout, sequences)
    await sql`delete from meta`.execute(db)
    for await (const page of readPages(source, meta)) await insertRows(side, meta, page)
    if (!isSame(await digestOf(source, meta), await digestOf(side, meta)))
      throw new CopyError('meta: not the same on both sides. The target stays half moved.')
    await noteAct(tx, 'move-to', { action: 'move', after: { rows } })
  })
}

async function refuseOtherSchema(db: Kysely<unknown>, schema: string[]): Promise<void> {
  const there = await schemaOf(db)
  if (there.length === 0 || there.join() === schema.join()) return
  throw new CopyError(
    'The database has tables of another version of Cordboard than the store. Move into a new database.',
  )
}

async function identityOf(db: Kysely<unknown>): Promise<string> {
  const row = await sql<{ value: string }>`select value from meta where name = 'database_id'`.execute(db)
  const id = row.rows[0]?.value
  if (!id) throw new CopyError('The store has no identity. Start the hub on it once, then stop it.')
  return id
}
