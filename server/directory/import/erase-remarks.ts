import type { Kysely } from 'kysely'
import { isOneOf } from '../../platform/database/engine.ts'
import { fromJson } from '../../platform/database/json.ts'
import type { Tx } from '../../platform/database/store.ts'
import { mayHold, type Eraser, type Erasure } from '../../platform/erasure.ts'
import type { DirectoryDb, DirectoryTx } from '../write.ts'
import type { ImportTables, RejectedRow } from './tables.ts'

const PAGE = 1_000

/** Whether an import of the tenant waits or runs: its file may hold anybody. */
export async function importUnderWay(tx: DirectoryTx, tenantId: number): Promise<boolean> {
  const { db } = tx as unknown as Tx<ImportTables>
  const row = await db
    .selectFrom('imports')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirst()
  return row !== undefined
}

function isAbout({ scrub, cells, foldCell }: Erasure, row: { reason: string; row: string | null }): boolean {
  if (scrub(row.reason) !== null) return true
  if (row.row === null) return false
  const read = fromJson<RejectedRow>(row.row)
  if ('latin1' in read) return scrub(read.latin1) !== null
  if (read.cells.some((cell) => scrub(cell) !== null)) return true
  const folded = new Set(read.cells.map(foldCell))
  return cells.some((wanted) => wanted.every((cell) => folded.has(cell)))
}

/** Ids of the remarks about those who go, read in pages. */
export async function remarksAbout(book: DirectoryDb, erasure: Erasure): Promise<number[]> {
  const db = book as unknown as Kysely<ImportTables>
  const ids: number[] = []
  for (let after = 0; ;) {
    const rows = await remarksAfter(db, erasure, after).execute()
    ids.push(...rows.filter((row) => isAbout(erasure, row)).map((row) => row.id))
    const last = rows.at(-1)
    if (last === undefined) return ids
    after = last.id
  }
}

function remarksAfter(db: Kysely<ImportTables>, { tenantId, lookAt }: Erasure, after: number) {
  const rows = db
    .selectFrom('import_remarks')
    .select(['id', 'reason', 'row'])
    .where('tenant_id', '=', tenantId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(PAGE)
  const some = lookAt?.('import_remarks') ?? null
  return some === null ? rows : rows.where(some)
}

/** Remarks about rows of those who go: refused rows are kept as they stood in the file, names and numbers included. */
export const eraseFromImports: Eraser = async (tx, erasure) => {
  const { db, engine } = tx as unknown as Tx<ImportTables>
  const { tenantId, needles, scrub } = erasure
  let import_remarks = 0
  for (let after = 0; ;) {
    const rows = await remarksAfter(db, erasure, after).execute()
    const gone = rows.filter((row) => isAbout(erasure, row)).map((row) => row.id)
    if (gone.length > 0)
      await db
        .deleteFrom('import_remarks')
        .where(isOneOf(engine, 'id', gone, 'bigint'))
        .execute()
    import_remarks += gone.length
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
  }
  const named = await db
    .selectFrom('imports')
    .select(['id', 'file_name', 'error'])
    .where('tenant_id', '=', tenantId)
    .where(mayHold(['file_name', 'error'], needles))
    .execute()
  let imports = 0
  for (const { id, ...texts } of named) {
    const [file_name, error] = [texts.file_name, texts.error].map((text) => text && (scrub(text) ?? text))
    if (file_name === texts.file_name && error === texts.error) continue
    await db
      .updateTable('imports')
      .set({ file_name: file_name ?? null, error: error ?? null })
      .where('id', '=', id)
      .execute()
    imports += 1
  }
  return { import_remarks, imports }
}
