import { isUtf8 } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { planColumns, type ColumnPlan, type Mapping } from './columns.ts'
import { detectDelimiter, encodingProblem, readBytes, readCsv, type CsvRecord } from './csv-source.ts'
import { openRowReader, type Remark, type Row } from './row.ts'
import type { RejectedRow } from './tables.ts'
import { readCards } from './vcard-source.ts'

/** The file itself cannot be a book; the message is for the person who sent it. */
export class BookError extends Error {
  override readonly name = 'BookError'
}

export type RejectedRemark = Remark & { row: RejectedRow }

/** Rows that are stored together. `bytes`: how much of the file lies behind them. */
export type Batch = { rows: Row[]; rejected: RejectedRemark[]; warnings: Remark[]; bytes: number }

export type Book = {
  delimiter: string
  header: string[]
  batches: AsyncGenerator<Batch>
}

export type BookFormat = 'csv' | 'vcard'

export type BookOptions = {
  format: BookFormat
  country: string
  clear: boolean
  delimiter: string | null
  mapping: Mapping | null
}

const HEAD_BYTES = 64 * 1024

function checkHeader(record: CsvRecord | undefined, head: Buffer, mapping: Mapping | null): ColumnPlan {
  if (record === undefined) throw new BookError('The file is empty: no row, no card.')
  if (record.problem !== null) throw new BookError(`The header line cannot be read: ${record.problem}`)
  if (record.end <= head.length && !isUtf8(head.subarray(record.start, record.end))) {
    throw new BookError('The file is not UTF-8: save it as "CSV UTF-8" and repeat the import.')
  }
  if (record.cells.some((cell) => cell.includes('\0')))
    throw new BookError('The header line contains NUL characters: this is no CSV file.')
  const plan = planColumns(record.cells, mapping)
  if ('problem' in plan) throw new BookError(plan.problem)
  return plan
}

/** The bytes of a row that shows replacement characters, when it is no UTF-8. */
async function brokenBytes(file: FileHandle, { cells, start, end }: CsvRecord): Promise<Buffer | null> {
  if (!cells.some((cell) => cell.includes('\uFFFD'))) return null
  const bytes = await readBytes(file, start, end)
  return isUtf8(bytes) ? null : bytes
}

/** Opens a book: finds its delimiter and columns. BookError when it has none that are known. */
export async function openBook(file: FileHandle, options: BookOptions, batchRows: number): Promise<Book> {
  const head = await readBytes(file, 0, HEAD_BYTES)
  const problem = encodingProblem(head)
  if (problem !== null) throw new BookError(problem)
  const isCards = options.format === 'vcard'
  const delimiter =
    options.delimiter ??
    (isCards ? ',' : detectDelimiter(head.toString('utf8').split(/\r\n|\n|\r/, 1)[0] ?? ''))
  const slices = isCards ? readCards(file) : readCsv(file, delimiter)
  const first = await slices.next()
  const [header, ...records] = first.done ? [] : first.value
  const plan = checkHeader(header, head, options.mapping)
  const read = openRowReader({
    plan,
    country: options.country,
    clear: options.clear,
    problemCode: isCards ? 'bad_card' : 'bad_quotes',
  })

  const newBatch = (): Batch => ({ rows: [], rejected: [], warnings: [], bytes: 0 })
  async function* batches(): AsyncGenerator<Batch> {
    let batch = newBatch()
    for (const name of plan.ignored) {
      batch.warnings.push({
        line: 1,
        code: 'unknown_column',
        reason: `The column "${name.slice(0, 100)}" is not known and was ignored.`,
      })
    }
    const take = async (record: CsvRecord) => {
      const broken = await brokenBytes(file, record)
      const { line } = record
      batch.bytes = record.end
      if (broken !== null) {
        const reason = 'The row is not UTF-8: save the file as "CSV UTF-8" and repeat the import.'
        batch.rejected.push({
          line,
          code: 'bad_encoding',
          reason,
          row: { latin1: broken.toString('latin1') },
        })
        return
      }
      const row = read(record)
      if ('code' in row)
        batch.rejected.push({ line, code: row.code, reason: row.reason, row: { cells: record.cells } })
      else {
        batch.rows.push(row)
        batch.warnings.push(...row.warnings)
      }
    }
    for (let slice: CsvRecord[] | undefined = records; slice !== undefined;) {
      for (const record of slice) {
        await take(record)
        if (batch.rows.length + batch.rejected.length < batchRows) continue
        yield batch
        batch = newBatch()
      }
      // The parser never leaves the microtasks: without this, answers of the store would wait for the whole batch.
      await setImmediate()
      const next = await slices.next()
      slice = next.done ? undefined : next.value
    }
    if (batch.rows.length + batch.rejected.length + batch.warnings.length > 0) yield batch
  }
  return { delimiter, header: header?.cells ?? [], batches: batches() }
}
