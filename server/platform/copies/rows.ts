import { createHash } from 'node:crypto'
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Engine } from '../database/engine.ts'
import type { TableLayout } from './layout.ts'

/** One store as a copy sees it. */
export type Side = { engine: Engine; db: Kysely<unknown> }

/** A row's values in the order of its table's columns. */
export type Row = unknown[]

/** How many rows a table has and the SHA-256 of their lines: equal on both sides when every value is. */
export type Digest = { rows: number; sha256: string }

const PAGE = 2_000

/** Texts are compared byte by byte on both engines, so that both read the rows in one order. */
function keyColumns({ engine }: Side, table: TableLayout): RawBuilder<unknown> {
  const columns = table.key.map((name) =>
    engine === 'postgres' && table.columns[name] === 'text'
      ? sql`${sql.ref(name)} collate "C"`
      : sql.ref(name),
  )
  return sql.join(columns)
}

function columnsIn(table: TableLayout): string[] {
  return Object.keys(table.columns)
}

/** The key of a row, to go on behind it. */
export function keyOf(table: TableLayout, row: Row): Row {
  const columns = columnsIn(table)
  return table.key.map((name) => row[columns.indexOf(name)])
}

/** All rows of a table in the order of its key, in pages, from behind the row with key `after`. */
export async function* readPages(
  side: Side,
  table: TableLayout,
  after: Row | null = null,
): AsyncGenerator<Row[]> {
  const columns = columnsIn(table)
  const list = sql.join(columns.map((name) => sql.ref(name)))
  const key = keyColumns(side, table)
  for (;;) {
    const where: RawBuilder<unknown> =
      after === null ? sql`` : sql`where (${key}) > (${sql.join(after.map((value) => sql.val(value)))})`
    const { rows } = await sql<Record<string, unknown>>`select ${list} from ${sql.table(table.name)} ${where}
      order by ${key} limit ${sql.lit(PAGE)}`.execute(side.db)
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.map((row) => columns.map((name) => row[name]))
    if (rows.length < PAGE) return
    after = table.key.map((name) => last[name])
  }
}

/** A row as one line of JSON; bytes, which JSON lacks, as `{"bytes": base64}`. */
export function toLine(row: Row): string {
  const cells = row.map((cell) =>
    cell instanceof Uint8Array ? { bytes: Buffer.from(cell).toString('base64') } : cell,
  )
  return `${JSON.stringify(cells)}\n`
}

/** What `toLine` wrote. */
export function fromLine(cells: unknown[]): Row {
  return cells.map((cell) =>
    cell !== null && typeof cell === 'object' && 'bytes' in cell
      ? Buffer.from(String(cell.bytes), 'base64')
      : cell,
  )
}

export async function countRows({ db }: Side, table: TableLayout): Promise<number> {
  const { rows } = await sql<{
    rows: number
  }>`select count(*) as "rows" from ${sql.table(table.name)}`.execute(db)
  return rows[0]?.rows ?? 0
}

/** Reads a whole table and says what is in it, for a comparison; `onRows` is told of each page. */
export async function digestOf(
  side: Side,
  table: TableLayout,
  onRows: (count: number) => void = () => {},
): Promise<Digest> {
  const hash = createHash('sha256')
  let rows = 0
  for await (const page of readPages(side, table)) {
    hash.update(page.map(toLine).join(''))
    rows += page.length
    onRows(page.length)
  }
  return { rows, sha256: hash.digest('hex') }
}

export const isSame = (one: Digest | undefined, other: Digest | undefined): boolean =>
  one !== undefined && other !== undefined && one.rows === other.rows && one.sha256 === other.sha256
