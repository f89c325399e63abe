import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip, createGzip } from 'node:zlib'
import type { Engine } from '../database/engine.ts'
import { CopyError } from './copy-error.ts'
import { fromLine, type Digest, type Row } from './rows.ts'
import type { Sequences } from './sequences.ts'

/** Raised when an older Cordboard could not read the file any more. */
export const FORMAT = 1

/** The first line of a backup. */
export type BackupHeader = {
  cordboard_backup: number
  /** The version that wrote it. */
  version: string
  /** The migrations the store had had. */
  schema: string[]
  engine: Engine
  database_id: string
  /** ISO 8601, UTC. */
  made_at: string
  /** Table → rows. */
  tables: Record<string, number>
}

/**
 * What follows it, line by line: a table with its columns, its rows as arrays, its end with their digest; behind the
 * last table the sequences. The very last line is the SHA-256 of everything before it.
 */
type BackupLine =
  | { table: string; columns: string[] }
  | unknown[]
  | { end: string; rows: number; sha256: string }
  | { sequences: Sequences }
  | { sha256: string }

/** What a reader is told; rows come some thousand at a time. */
export type BackupPart =
  | { kind: 'header'; header: BackupHeader }
  | { kind: 'rows'; table: string; columns: string[]; rows: Row[] }
  | { kind: 'end'; table: string; digest: Digest }
  | { kind: 'sequences'; sequences: Sequences }

/** Writes the lines and their checksum, compressed, into a new file that only its owner may read. On the disk on return. */
export async function writeBackup(file: string, lines: AsyncIterable<string>): Promise<void> {
  const hash = createHash('sha256')
  async function* sealed() {
    for await (const text of lines) {
      hash.update(text)
      yield text
    }
    yield `${JSON.stringify({ sha256: hash.digest('hex') })}\n`
  }
  const output = createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true })
  await pipeline(Readable.from(sealed()), createGzip(), output)
}

const ROWS_TOGETHER = 2_000

/**
 * Reads a backup to its end, checking every count and checksum on the way; throws CopyError for a file that is not
 * whole, was altered or is not one of ours. Only who has read to the end knows that it is whole.
 */
export async function* readBackup(file: string): AsyncGenerator<BackupPart> {
  const whole = createHash('sha256')
  let header: BackupHeader | null = null
  let table: { name: string; columns: string[]; seen: number; hash: Hash; rows: Row[] } | null = null
  const ended = new Set<string>()
  let isSealed = false

  for await (const text of linesOf(file)) {
    if (isSealed) throw damaged(file, 'it goes on behind its end')
    const line = parse(file, text)
    if (header === null) {
      header = asHeader(file, line)
      yield { kind: 'header', header }
    } else if (Array.isArray(line)) {
      if (!table || line.length !== table.columns.length) throw damaged(file, 'a row is in the wrong place')
      table.hash.update(`${text}\n`)
      table.seen++
      table.rows.push(fromLine(line))
      if (table.rows.length === ROWS_TOGETHER) {
        yield { kind: 'rows', table: table.name, columns: table.columns, rows: table.rows }
        table.rows = []
      }
    } else if ('table' in line) {
      if (table) throw damaged(file, `${table.name} has no end`)
      table = { name: line.table, columns: line.columns, seen: 0, hash: createHash('sha256'), rows: [] }
    } else if ('end' in line) {
      if (table?.name !== line.end) throw damaged(file, `${line.end} has no beginning`)
      const { name, columns, rows, seen, hash } = table
      if (rows.length > 0) yield { kind: 'rows', table: name, columns, rows }
      const digest = { rows: seen, sha256: hash.digest('hex') }
      if (seen !== line.rows || seen !== header.tables[name] || digest.sha256 !== line.sha256)
        throw damaged(file, `the rows of ${name} are not those that were written`)
      ended.add(name)
      table = null
      yield { kind: 'end', table: name, digest }
    } else if ('sequences' in line) {
      yield { kind: 'sequences', sequences: line.sequences }
    } else {
      if (line.sha256 !== whole.digest('hex')) throw damaged(file, 'its checksum is another one')
      isSealed = true
      continue
    }
    whole.update(`${text}\n`)
  }
  if (header === null) throw notOurs(file)
  const missing = Object.keys(header.tables).filter((name) => !ended.has(name))
  if (!isSealed || missing.length > 0) throw damaged(file, 'its end is missing')
}

/** Lines end with \n and with nothing else: text may hold every other line end there is. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file)
  const unzipped = createGunzip()
  source.on('error', (error) => unzipped.destroy(error))
  source.pipe(unzipped)
  const decoder = new StringDecoder('utf8')
  let rest = ''
  try {
    for await (const chunk of unzipped) {
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new CopyError(`There is no file ${file}.`)
    if (code === 'Z_BUF_ERROR') throw damaged(file, 'its end is missing')
    if (code?.startsWith('Z_')) throw damaged(file, 'it cannot be unpacked')
    throw error
  } finally {
    source.destroy()
  }
  if (rest !== '') throw damaged(file, 'its end is missing')
}

function parse(file: string, text: string): Exclude<BackupLine, never> {
  try {
    const line = JSON.parse(text) as BackupLine | null
    if (line !== null && typeof line === 'object') return line
  } catch {
    // Falls through: what is no JSON is no line of ours.
  }
  throw notOurs(file)
}

function asHeader(file: string, line: object): BackupHeader {
  if (!('cordboard_backup' in line)) throw notOurs(file)
  const header = line as BackupHeader
  if (header.cordboard_backup > FORMAT) {
    throw new CopyError(
      `${file} was written by a newer Cordboard (${header.version}) in a form that this one does not know. Restore it with that version or a later one.`,
    )
  }
  return header
}

function damaged(file: string, how: string): CopyError {
  return new CopyError(`${file} is damaged: ${how}. Nothing was written. Use another backup.`)
}

function notOurs(file: string): CopyError {
  return new CopyError(`${file} is no backup of Cordboard, or it is damaged. Nothing was written.`)
}
