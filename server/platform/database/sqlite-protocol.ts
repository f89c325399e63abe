import type { SQLInputValue } from 'node:sqlite'

export type SqliteThreadData = {
  file: string
  readOnly: boolean
  /** How long a statement waits for another process's lock. */
  busyTimeoutMs: number
  /** Take the file for this process alone, for as long as the thread lives. */
  lock?: boolean
}

/** What a client asks the SQLite thread. `many` runs one statement once for every `width` values;
 * `insert` ends with the word "values" and gets them all, some dozens of rows a statement: a fifth cheaper. */
export type SqliteQuestion =
  | { id: number; kind: 'begin'; askedAt: number }
  | { id: number; kind: 'commit' | 'rollback' | 'close' }
  | { id: number; kind: 'query'; sql: string; params: SQLInputValue[] }
  | { id: number; kind: 'many' | 'insert'; sql: string; values: SQLInputValue[]; width: number }

/** The thread's reply; id 0 says that the database is open. Rows travel as arrays: half the cost of objects. */
export type SqliteAnswer = {
  id: number
  result?: { columns: string[]; rows: unknown[][]; changes: number }
  error?: { message: string; errcode: number | null }
}
