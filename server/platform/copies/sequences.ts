import { sql } from 'kysely'
import type { Layout } from './layout.ts'
import type { Side } from './rows.ts'

/** The next id of each table that numbers its rows itself, and of each sequence that stands alone. */
export type Sequences = { tables: Record<string, number>; alone: Record<string, number> }

/** Where PostgreSQL keeps the sequence of that name. */
const postgresName = (sequence: string) => `${sequence}_ids`

/** Read them after the rows: then no id in the copy is handed out a second time. */
export async function readSequences(side: Side, layout: Layout): Promise<Sequences> {
  const tables: Record<string, number> = {}
  const alone: Record<string, number> = {}
  for (const { name, identity } of layout.tables) {
    if (identity !== null) tables[name] = await nextOfTable(side, name, identity)
  }
  for (const name of layout.sequences) alone[name] = await nextAlone(side, name)
  return { tables, alone }
}

async function nextOfTable({ engine, db }: Side, table: string, column: string): Promise<number> {
  if (engine === 'postgres') return await nextOfPostgres({ engine, db }, await ownedBy(db, table, column))
  const last = await sql<{
    seq: number
  }>`select seq from sqlite_sequence where name = ${sql.val(table)}`.execute(db)
  return (last.rows[0]?.seq ?? 0) + 1
}

async function nextAlone(side: Side, name: string): Promise<number> {
  if (side.engine === 'postgres') return await nextOfPostgres(side, postgresName(name))
  const row = await sql<{
    next: number
  }>`select next from id_sequences where name = ${sql.val(name)}`.execute(side.db)
  return row.rows[0]?.next ?? 1
}

async function ownedBy(db: Side['db'], table: string, column: string): Promise<string> {
  const found = await sql<{ name: string | null }>`select
    pg_get_serial_sequence(${sql.val(table)}, ${sql.val(column)}) as name`.execute(db)
  const name = found.rows[0]?.name
  if (!name) throw new Error(`${table}.${column} has no sequence`)
  return name
}

async function nextOfPostgres({ db }: Side, sequence: string): Promise<number> {
  const found = await sql<{ last: number; used: boolean }>`select last_value as last, is_called as used
    from ${sql.raw(sequence)}`.execute(db)
  const { last, used } = found.rows[0] ?? { last: 1, used: false }
  return used ? last + 1 : last
}

/** Makes the store hand out the same next ids. PostgreSQL does so whether or not the transaction commits. */
export async function writeSequences({ engine, db }: Side, layout: Layout, next: Sequences): Promise<void> {
  for (const { name, identity } of layout.tables) {
    const value = next.tables[name]
    if (identity === null || value === undefined) continue
    if (engine === 'postgres') await setPostgres({ engine, db }, await ownedBy(db, name, identity), value)
    else {
      await sql`delete from sqlite_sequence where name = ${sql.val(name)}`.execute(db)
      await sql`insert into sqlite_sequence (name, seq) values (${sql.val(name)}, ${sql.val(value - 1)})`.execute(
        db,
      )
    }
  }
  for (const name of layout.sequences) {
    const value = next.alone[name]
    if (value === undefined) continue
    if (engine === 'postgres') await setPostgres({ engine, db }, postgresName(name), value)
    else await sql`update id_sequences set next = ${sql.val(value)} where name = ${sql.val(name)}`.execute(db)
  }
}

async function setPostgres({ db }: Side, sequence: string, next: number): Promise<void> {
  await sql`select setval(${sql.val(sequence)}::regclass, ${sql.val(next)}, false)`.execute(db)
}
