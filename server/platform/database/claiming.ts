import { sql, type Kysely, type RawBuilder, type SelectQueryBuilder, type Transaction } from 'kysely'
import type { Engine } from './engine.ts'

type Db = Kysely<unknown> | Transaction<unknown>

/** ms UTC on the clock of the database, as this statement began: the one clock that all hubs share. */
export function databaseNow(engine: Engine): RawBuilder<number> {
  return engine === 'postgres'
    ? sql<number>`(extract(epoch from statement_timestamp()) * 1000)::bigint`
    : sql<number>`cast(unixepoch('now', 'subsec') * 1000 as integer)`
}

/** `databaseNow` read by itself. */
export async function readDatabaseNow(engine: Engine, db: Db): Promise<number> {
  const read = await sql<{ now: number }>`select ${databaseNow(engine)} as now`.execute(db)
  return read.rows[0]?.now ?? 0
}

/**
 * Only the rows that no other transaction is at work on, held until this one ends, without waiting for the others. SQLite's
 * writers take turns anyway.
 */
export function onlyFree<DB, TB extends keyof DB, Row>(
  engine: Engine,
  query: SelectQueryBuilder<DB, TB, Row>,
): SelectQueryBuilder<DB, TB, Row> {
  return engine === 'postgres' ? query.forUpdate().skipLocked() : query
}

/** The rows, held until this transaction ends. */
export function held<DB, TB extends keyof DB, Row>(
  engine: Engine,
  query: SelectQueryBuilder<DB, TB, Row>,
): SelectQueryBuilder<DB, TB, Row> {
  return engine === 'postgres' ? query.forUpdate() : query
}

/** Of these names, those that no other transaction holds; they are ours until this one ends. Waits for nobody. */
export async function tryLocksForTransaction(engine: Engine, db: Db, names: string[]): Promise<Set<string>> {
  if (engine === 'sqlite' || names.length === 0) return new Set(names)
  const taken = await sql<{ name: string }>`select name from unnest(${sql.val(names)}::text[]) as name
    where pg_try_advisory_xact_lock(hashtext('cordboard ' || name))`.execute(db)
  return new Set(taken.rows.map(({ name }) => name))
}
