import { openPostgresRows } from './postgres-rows.ts'
import { openSqliteRows } from './sqlite-rows.ts'
import type { StoreAddress } from './store.ts'

/**
 * The rows of one query, one after another and as the database has them: no object is made of a row, and values are
 * asked for by the number of their column. For reading a whole book; everything else goes through the store.
 */
export type BulkRows = {
  /** Goes to the next row, if one is at hand; if not, `more` says whether there are others. */
  next(): boolean
  /** Waits for further rows; false when there are none. Throws what the database says. */
  more(): Promise<boolean>
  /** An integer of the row that `next` went to. */
  integer(column: number): number | null
  text(column: number): string | null
  /** As `text`, for columns that mostly hold what the row before held. */
  word(column: number): string | null
  /** The digits of a text that is a plus and at most fifteen of them, the first not 0; null for any other text. */
  phoneDigits(column: number): number | null
  close(): Promise<void>
}

/**
 * Runs a query without parameters on a connection of its own. Columns are integers (any width) or text. SQLite answers
 * in the thread that asks, so this is for threads that serve nobody.
 */
export async function openBulkRows(address: StoreAddress, query: string): Promise<BulkRows> {
  return address.kind === 'sqlite'
    ? openSqliteRows(address.file, query)
    : await openPostgresRows(address.url, query)
}
