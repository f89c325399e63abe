import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import type { BulkRows } from './bulk-rows.ts'

const PHONE = /^\+[1-9]\d{0,14}$/
const NO_ROW: SQLOutputValue[] = []

/** Rows of a SQLite file, read in this thread on a connection of their own. */
export function openSqliteRows(file: string, query: string): BulkRows {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  database.exec('pragma cache_size = -65536; pragma query_only = on')
  const statement = database.prepare(query)
  statement.setReturnArrays(true)
  const rows = statement.iterate() as unknown as Iterator<SQLOutputValue[]>
  let row = NO_ROW
  let begun = false
  const text = (column: number) => row[column] as string | null
  return {
    next() {
      if (!begun) return false
      const { done, value } = rows.next()
      row = done === true ? NO_ROW : value
      return done !== true
    },
    more() {
      const first = !begun
      begun = true
      return Promise.resolve(first)
    },
    integer: (column) => row[column] as number | null,
    text,
    word: text,
    phoneDigits(column) {
      const value = text(column)
      return value !== null && PHONE.test(value) ? Number(value) : null
    },
    async close() {
      database.close()
    },
  }
}
