import type { FileHandle } from 'node:fs/promises'
import { parse, type Info, type Parser } from 'csv-parse'

/** One row of the file. `problem` says why its cells are only a guess. */
export type CsvRecord = {
  cells: string[]
  /** Line of the file, from 1, where the row starts. */
  line: number
  /** Bytes of the file before the row, and up to its end. */
  start: number
  end: number
  problem: string | null
}

const READ_BYTES = 512 * 1024
/** Parsed in one go: some forty rows, well below a millisecond, so that answers of the store do not wait. */
const SLICE_BYTES = 4 * 1024
export const LONGEST_ROW = 256 * 1024
const UTF8_BOM = [0xef, 0xbb, 0xbf]
const NEWLINE = /\r\n|\r|\n/g

/** Why this cannot be a book, seen from its first bytes; null when it may be one. */
export function encodingProblem(head: Uint8Array): string | null {
  const [first, second] = head
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  const zeros = head.subarray(0, 64).filter((byte) => byte === 0).length
  if (!marked && zeros < 4) return null
  return 'The file is UTF-16, not UTF-8: save it as "CSV UTF-8" and repeat the import.'
}

/** The delimiter that parts the header line most often, quoted text aside; a comma when none does. */
export function detectDelimiter(header: string): string {
  const bare = header.replace(/"[^"]*"/g, '')
  const counts = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: bare.split(delimiter).length }))
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).delimiter
}

/** The rows of one parser run, which ends at the end of the file or at a row that no parser gets over. */
function openRun(delimiter: string, offset: number, firstLine: number) {
  let found: CsvRecord[] = []
  let line = firstLine
  let end = offset
  let parsedLines = 0
  let emptyLines = 0
  const onRecord = (cells: string[], info: Info): null => {
    const oneLine = info.lines - parsedLines === 1
    if (!oneLine) line += info.empty_lines - emptyLines
    parsedLines = info.lines
    emptyLines = info.empty_lines
    const start = end
    end = offset + info.bytes
    found.push({ cells, line, start, end, problem: null })
    line += 1
    // The parser counts a CRLF inside quotes twice, so line ends in cells are counted here.
    if (!oneLine) for (const cell of cells) if (/[\r\n]/.test(cell)) line += cell.match(NEWLINE)?.length ?? 0
    return null
  }
  const parser: Parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
    on_record: onRecord,
  })
  const failed = new Promise<never>((_resolve, reject) => parser.once('error', reject))
  failed.catch(() => {})
  return {
    write: (slice: Buffer) =>
      Promise.race([
        failed,
        new Promise<void>((resolve, reject) =>
          parser.write(slice, (error) => (error ? reject(error) : resolve())),
        ),
      ]),
    end: () => {
      // Nothing is ever pushed (on_record takes every row), but a stream ends only when somebody reads it.
      parser.resume()
      return Promise.race([failed, new Promise<void>((resolve) => parser.end(() => resolve()))])
    },
    take() {
      const taken = found
      found = []
      return taken
    },
    position: () => ({ line, end }),
  }
}

/** The physical line at `from`, blank ones skipped: what stands there and where it goes on. */
async function readLine(
  file: FileHandle,
  from: number,
  line: number,
): Promise<{ record: Buffer; line: number; start: number; next: number }> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_ROW), 0, LONGEST_ROW, from)
  const bytes = buffer.subarray(0, bytesRead)
  let start = 0
  let at = line
  for (; bytes[start] === 10 || bytes[start] === 13; start++)
    if (bytes[start] === 10 || bytes[start + 1] !== 10) at++
  let stop = start
  while (stop < bytes.length && bytes[stop] !== 10 && bytes[stop] !== 13) stop++
  let next = stop
  if (bytes[next] === 13) next++
  if (bytes[next] === 10) next++
  return { record: bytes.subarray(start, stop), line: at, start: from + start, next: from + next }
}

function problemOf(error: unknown): string {
  const code = (error as { code?: string }).code
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'A quote is opened here and never closed.'
  if (code === 'CSV_MAX_RECORD_SIZE')
    return `The row is longer than ${LONGEST_ROW / 1024} KiB, most likely for want of a closing quote.`
  throw error
}

/**
 * Reads an open CSV file in slices of rows, the header first. A row that cannot be parsed comes out alone, with its
 * problem: reading goes on at the next line.
 */
export async function* readCsv(file: FileHandle, delimiter: string): AsyncGenerator<CsvRecord[]> {
  const { buffer } = await file.read(Buffer.alloc(3), 0, 3, 0)
  let offset = UTF8_BOM.every((byte, i) => buffer[i] === byte) ? 3 : 0
  let line = 1
  for (;;) {
    const run = openRun(delimiter, offset, line)
    try {
      for (let at = offset; ;) {
        const { buffer: bytes, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at)
        if (bytesRead === 0) break
        at += bytesRead
        for (let from = 0; from < bytesRead; from += SLICE_BYTES) {
          await run.write(bytes.subarray(from, Math.min(from + SLICE_BYTES, bytesRead)))
          const records = run.take()
          if (records.length > 0) yield records
        }
      }
      await run.end()
      const records = run.take()
      if (records.length > 0) yield records
      return
    } catch (error) {
      const problem = problemOf(error)
      const records = run.take()
      if (records.length > 0) yield records
      const { line: reached, end } = run.position()
      const bad = await readLine(file, end, reached)
      const cells = bad.record.toString('utf8').split(delimiter)
      yield [{ cells, line: bad.line, start: bad.start, end: bad.next, problem }]
      offset = bad.next
      line = bad.line + 1
    }
  }
}

/** Bytes of an open file, `start` to `end`. */
export async function readBytes(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start)
  return buffer.subarray(0, bytesRead)
}
