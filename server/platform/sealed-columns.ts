import { sql, type Kysely } from 'kysely'
import { KEY_ID_LENGTH, SEALED_MARK } from './secret-box.ts'

/** A column that holds sealed text or null, in a table with `id` and `tenant_id`. */
export type SealedColumn = { table: string; column: string }

/** A value as it is stored, with what it is bound to. */
export type SealedRow = { id: number; tenant_id: number; sealed: string }

type Db = Kysely<never>

/** The next values, by row id, that another key than `keyId` sealed. */
export async function readSealedUnderOthers(
  db: Db,
  { table, column }: SealedColumn,
  page: { keyId: string; after: number; limit: number },
): Promise<SealedRow[]> {
  const mark = `${SEALED_MARK}${page.keyId}.`
  const { rows } =
    await sql<SealedRow>`select id, tenant_id, ${sql.ref(column)} as sealed from ${sql.table(table)}
    where ${sql.ref(column)} is not null and substr(${sql.ref(column)}, 1, ${sql.lit(mark.length)}) <> ${sql.val(mark)}
      and id > ${sql.val(page.after)} order by id limit ${sql.lit(page.limit)}`.execute(db)
  return rows
}

/** Writes a value sealed anew, unless somebody has written the row since it was read; whether it did. */
export async function replaceSealed(
  db: Db,
  { table, column }: SealedColumn,
  row: SealedRow,
  sealed: string,
): Promise<boolean> {
  const { numAffectedRows } = await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sql.val(sealed)}
    where id = ${sql.val(row.id)} and ${sql.ref(column)} = ${sql.val(row.sealed)}`.execute(db)
  return numAffectedRows === 1n
}

/** How many values of a column each key protects. */
export async function countByKey(db: Db, { table, column }: SealedColumn): Promise<Map<string, number>> {
  const keyId = sql`substr(${sql.ref(column)}, ${sql.lit(SEALED_MARK.length + 1)}, ${sql.lit(KEY_ID_LENGTH)})`
  const { rows } = await sql<{ key_id: string; n: number }>`select ${keyId} as key_id, count(*) as n
    from ${sql.table(table)} where ${sql.ref(column)} is not null group by 1`.execute(db)
  return new Map(rows.map((row) => [row.key_id, Number(row.n)]))
}
