import { isOneOf } from '../platform/database/engine.ts'
import { mayBeAbout, type Erasure, type Removed } from '../platform/erasure.ts'
import type { DirectoryTables } from './tables.ts'
import type { DirectoryTx } from './write.ts'

type TextTable = 'customers' | 'contacts' | 'contracts' | 'customer_files' | 'phones'
type Texts = {
  table: TextTable
  /** Lose what is to be forgotten and keep the rest. */
  scrubbed: readonly string[]
  /** Mean something only as a whole, so they go as a whole. */
  emptied: readonly string[]
}

const HINTS = ['direct_line', 'route_identifier', 'backend_link', 'outbound_number']
const TEXTS: readonly Texts[] = [
  {
    table: 'customers',
    scrubbed: ['name', 'name_folded', 'comment'],
    emptied: ['account', 'account_key', 'external_id', ...HINTS],
  },
  {
    table: 'contacts',
    scrubbed: ['first_name', 'last_name', 'name_folded', 'role', 'comment'],
    emptied: ['email', 'external_id', 'import_key', ...HINTS],
  },
  { table: 'contracts', scrubbed: ['reference', 'comment'], emptied: [] },
  {
    table: 'customer_files',
    scrubbed: ['name', 'name_folded', 'site', 'comment'],
    emptied: ['external_id'],
  },
  { table: 'phones', scrubbed: ['label'], emptied: [] },
]

export const TEXT_TABLES = TEXTS.map(({ table }) => table)
/** The columns of a table that may hold a number in their text. */
export const textColumns = (table: TextTable) =>
  TEXTS.filter((one) => one.table === table).flatMap(({ scrubbed, emptied }) => [...scrubbed, ...emptied])

/** Takes numbers out of the texts of the book: a number in a comment, as a direct line, as the key of a nameless person. */
export async function eraseFromTexts(tx: DirectoryTx, erasure: Erasure): Promise<Removed> {
  const { tenantId, scrub } = erasure
  const removed: Removed = {}
  for (const { table, scrubbed, emptied } of TEXTS) {
    const columns = [...scrubbed, ...emptied]
    const rows = await tx.db
      .selectFrom(table as 'customers')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where(mayBeAbout(erasure, table, columns))
      .execute()
    const changed: number[] = []
    for (const row of rows as unknown as ({ id: number } & Record<string, string | null>)[]) {
      const next: Record<string, string | null> = {}
      for (const name of columns) {
        const text = row[name]
        const left = typeof text === 'string' ? scrub(text) : null
        if (left !== null) next[name] = emptied.includes(name) ? null : left
      }
      if (Object.keys(next).length === 0) continue
      await tx.db
        .updateTable(table as 'customers')
        .set(next)
        .where('tenant_id', '=', tenantId)
        .where('id', '=', row.id)
        .execute()
      changed.push(row.id)
    }
    if (table === 'customers') tx.changed(tenantId, 'customer', changed)
    if (table === 'contacts') tx.changed(tenantId, 'contact', changed)
    removed[table] = changed.length
  }
  return removed
}

/** Deletes rows of one table by a column that names their owners or themselves; answers how many went. */
export async function deleteRows(
  tx: DirectoryTx,
  table: keyof Pick<
    DirectoryTables,
    'customers' | 'contacts' | 'contracts' | 'customer_files' | 'phones' | 'merged_parties'
  >,
  tenantId: number,
  column: string,
  ids: number[],
): Promise<number> {
  if (ids.length === 0) return 0
  const gone = await tx.db
    .deleteFrom(table as 'customers')
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(tx.engine, column, ids, 'bigint'))
    .executeTakeFirst()
  return Number(gone.numDeletedRows)
}
