import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely'
import { insertRows, manyRows } from './sqlite-dialect.ts'

export type Engine = 'sqlite' | 'postgres'

/** PostgreSQL's name of a column's type: unnest needs it, SQLite ignores it. */
export type ColumnType = 'bigint' | 'integer' | 'text' | 'double precision' | 'bytea'
export type BulkTable = { table: string; columns: Record<string, ColumnType> }

type Db = Kysely<unknown> | Transaction<unknown>

const names = (columns: string[]): RawBuilder<unknown> => sql.join(columns.map((name) => sql.ref(name)))

function unnest({ columns }: BulkTable, values: unknown[]): RawBuilder<unknown> {
  const types = Object.values(columns)
  const arrays = types.map((type, i) => {
    const column: unknown[] = []
    for (let at = i; at < values.length; at += types.length) column.push(values[at])
    return sql`${sql.val(column)}::${sql.raw(type)}[]`
  })
  return sql`unnest(${sql.join(arrays)})`
}

/** Takes the columns out in which every row has null: most bulk rows leave half of them empty. */
function withoutEmptyColumns({ table, columns }: BulkTable, values: unknown[]): [BulkTable, unknown[]] {
  const all = Object.entries(columns)
  const isUsed = (column: number) => {
    for (let at = column; at < values.length; at += all.length) if (values[at] !== null) return true
    return false
  }
  const used = all.map((_, column) => isUsed(column))
  if (used.every(Boolean)) return [{ table, columns }, values]
  const kept: unknown[] = []
  for (let row = 0; row < values.length; row += all.length) {
    for (let column = 0; column < all.length; column++) if (used[column]) kept.push(values[row + column])
  }
  return [{ table, columns: Object.fromEntries(all.filter((_, column) => used[column])) }, kept]
}

/** Inserts many rows in one round trip: `values` holds row after row, each with the columns in the target's order. */
export async function bulkInsert(
  engine: Engine,
  db: Db,
  target: BulkTable,
  values: unknown[],
): Promise<void> {
  if (values.length === 0) return
  await insertWhole(engine, db, ...withoutEmptyColumns(target, values))
}

/** As `bulkInsert`, for a copy: a column where every row has null is written as null and not left to its default. */
export async function insertWhole(
  engine: Engine,
  db: Db,
  { table, columns }: BulkTable,
  values: unknown[],
): Promise<void> {
  const given = Object.keys(columns)
  if (engine === 'postgres') {
    await sql`insert into ${sql.table(table)} (${names(given)}) select * from ${unnest({ table, columns }, values)}`.execute(
      db,
    )
    return
  }
  const list = given.map((name) => `"${name}"`).join(', ')
  await db.executeQuery(insertRows(`insert into "${table}" (${list}) values`, values, given.length))
}

/** Updates many rows by `id` in one round trip, given as for `bulkInsert`; the target's first column must be `id`. */
export async function bulkUpdate(
  engine: Engine,
  db: Db,
  target: BulkTable,
  values: unknown[],
): Promise<void> {
  if (values.length === 0) return
  const columns = Object.keys(target.columns)
  const [key, ...others] = columns
  if (key !== 'id') throw new Error('bulkUpdate: the first column must be id')
  if (engine === 'postgres') {
    const assignments = others.map((name) => sql`${sql.ref(name)} = given.${sql.ref(name)}`)
    await sql`update ${sql.table(target.table)} as target set ${sql.join(assignments)}
      from ${unnest(target, values)} as given(${names(columns)}) where target.id = given.id`.execute(db)
    return
  }
  const assignments = others.map((name, i) => `"${name}" = ?${i + 2}`).join(', ')
  const update = `update "${target.table}" set ${assignments} where id = ?1`
  await db.executeQuery(manyRows(update, values, columns.length))
}

/** `column in (values)` as one bound parameter, so that the statement's text does not depend on how many. */
export function isOneOf(
  engine: Engine,
  column: string,
  values: readonly (number | string)[],
  type: 'bigint' | 'text',
): RawBuilder<boolean> {
  return engine === 'postgres'
    ? sql<boolean>`${sql.ref(column)} = any(${sql.val(values)}::${sql.raw(type)}[])`
    : sql<boolean>`${sql.ref(column)} in (select value from json_each(${sql.val(JSON.stringify(values))}))`
}

/** The index of callers holds ids in 31 bits. PostgreSQL's sequence ends there by itself. */
const LAST_PARTY_ID = 2 ** 31 - 1

/** Takes `count` fresh ids out of the one space that all parties share; ids are never handed out twice. */
export async function takePartyIds(engine: Engine, db: Db, count: number): Promise<number[]> {
  if (count === 0) return []
  if (engine === 'postgres') {
    const taken = await sql<{
      id: number
    }>`select nextval('party_ids') as id from generate_series(1, ${sql.val(count)}::int)`.execute(db)
    return taken.rows.map((row) => row.id)
  }
  const taken = await sql<{ next: number }>`update id_sequences set next = next + ${sql.val(count)}
    where name = 'party' returning next`.execute(db)
  const end = taken.rows[0]?.next
  if (end === undefined) throw new Error('the sequence of party ids is missing')
  if (end - 1 > LAST_PARTY_ID)
    throw new Error(`all ${LAST_PARTY_ID} ids of customers and contacts are used up`)
  return Array.from({ length: count }, (_, i) => end - count + i)
}

/** Text match that does not let the needle's own % and _ act as wildcards. Compare folded text only. */
export function contains(column: string, needle: string): RawBuilder<boolean> {
  const pattern = `%${needle.replaceAll('\\', '\\\\').replaceAll('%', '\\%').replaceAll('_', '\\_')}%`
  return sql<boolean>`${sql.ref(column)} like ${sql.val(pattern)} escape '\\'`
}

/** Lets one transaction at a time past this point, by name. SQLite's writers take turns anyway. */
export async function lockForTransaction(engine: Engine, db: Db, name: string): Promise<void> {
  if (engine === 'postgres')
    await sql`select pg_advisory_xact_lock(hashtext(${sql.val(`cordboard ${name}`)}))`.execute(db)
}

/** As `lockForTransaction`, for several names at once; always in the same order, so that nobody waits in a circle. */
export async function lockAllForTransaction(engine: Engine, db: Db, names: string[]): Promise<void> {
  if (engine === 'sqlite' || names.length === 0) return
  const locks = sql`select distinct hashtext('cordboard ' || name) as lock from unnest(${sql.val(names)}::text[]) as name`
  await sql`select pg_advisory_xact_lock(lock) from (${locks} order by lock) as sorted`.execute(db)
}

/**
 * Lets any number of transactions past this point together, but none beside one that holds `lockForTransaction` of that
 * name: that one waits until they have all ended, and they wait for it.
 */
export async function shareLockForTransaction(engine: Engine, db: Db, name: string): Promise<void> {
  if (engine === 'postgres')
    await sql`select pg_advisory_xact_lock_shared(hashtext(${sql.val(`cordboard ${name}`)}))`.execute(db)
}

/** How many bytes the store takes. */
export async function storeSize(engine: Engine, db: Db): Promise<number> {
  const size =
    engine === 'postgres'
      ? await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(db)
      : await sql<{
          bytes: number
        }>`select page_count * page_size as bytes from pragma_page_count, pragma_page_size`.execute(db)
  return size.rows[0]?.bytes ?? 0
}
