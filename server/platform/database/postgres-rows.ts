import type { Socket } from 'node:net'
import pg from 'pg'
import type { BulkRows } from './bulk-rows.ts'

/** Sorting ten million rows takes longer than reading them along an index, whatever the planner thinks. */
const SETTINGS = `begin read only; set local enable_sort = off; set local enable_seqscan = off;
  set local enable_bitmapscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0;
  set local statement_timeout = 0`
/** Chunks that wait before the socket is told to wait. */
const MOST_WAITING = 8
const MOST_COLUMNS = 16
/** Of a binary copy: signature, flags and the length of what follows them. */
const SIGNATURE = 19
const NOTHING = Buffer.alloc(0)
const WORD = 4_294_967_296

const PLUS = '+'.charCodeAt(0)
const ZERO = '0'.charCodeAt(0)
const ROW = 'd'.charCodeAt(0)
const READY = 'Z'.charCodeAt(0)
const FAILED = 'E'.charCodeAt(0)

/** What the server says of an error, as `pg` would throw it. */
function errorOf(fields: Buffer): Error {
  const told = new Map(
    fields
      .toString('utf8')
      .split('\0')
      .map((field) => [field.charAt(0), field.slice(1)]),
  )
  return Object.assign(new Error(told.get('M') ?? 'the query failed'), { code: told.get('C') })
}

/** The bytes of a socket, chunk by chunk, without more of them waiting than needed. */
function openChunks(socket: Socket) {
  const chunks: Buffer[] = []
  let failure: Error | null = null
  let wake = () => {}
  const fail = (error?: unknown) => {
    failure ??= error instanceof Error ? error : new Error('Connection terminated unexpectedly')
    wake()
  }
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if (chunks.length === MOST_WAITING) socket.pause()
    wake()
  })
  socket.on('error', fail)
  socket.on('close', fail)
  return async (): Promise<Buffer> => {
    while (chunks.length === 0) {
      if (failure !== null) throw failure
      await new Promise<void>((resolve) => (wake = resolve))
    }
    const chunk = chunks.shift()!
    if (socket.isPaused()) socket.resume()
    return chunk
  }
}

/**
 * Rows by a binary COPY. `pg` makes the connection (addresses, passwords, TLS) and is then left out: the messages of a
 * copy are one a row, and an object for each would cost more than everything else that is done with it.
 */
export async function openPostgresRows(url: string, query: string): Promise<BulkRows> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'cordboard',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  })
  client.on('error', () => {})
  await client.connect()
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream
  socket.removeAllListeners('data')
  const nextChunk = openChunks(socket)
  const text = Buffer.from(`${SETTINGS}; copy (${query}) to stdout (format binary)\0`)
  const head = Buffer.from([0x51, 0, 0, 0, 0])
  head.writeInt32BE(4 + text.length, 1)
  socket.write(Buffer.concat([head, text]))

  let bytes: Buffer = NOTHING
  let at = 0
  let signed = false
  let ended = false
  const starts = new Int32Array(MOST_COLUMNS)
  const lengths = new Int32Array(MOST_COLUMNS)
  const words: string[] = Array.from({ length: MOST_COLUMNS }, () => '')
  const int32 = (place: number) =>
    (bytes[place]! << 24) | (bytes[place + 1]! << 16) | (bytes[place + 2]! << 8) | bytes[place + 3]!

  /** Notes where the columns of the row at `place` are; false for the mark behind the last row. */
  const takeRow = (place: number): boolean => {
    const count = (bytes[place]! << 8) | bytes[place + 1]!
    if (count > MOST_COLUMNS) return false
    let from = place + 2
    for (let column = 0; column < count; column++) {
      const length = int32(from)
      starts[column] = from + 4
      lengths[column] = length
      from += 4 + (length < 0 ? 0 : length)
    }
    return true
  }

  const textOf = (column: number) =>
    bytes.toString('utf8', starts[column], starts[column]! + lengths[column]!)

  return {
    next() {
      while (at + 5 <= bytes.length) {
        const end = at + 1 + int32(at + 1)
        if (end > bytes.length) return false
        const kind = bytes[at]!
        let body = at + 5
        at = end
        if (kind === ROW) {
          if (!signed) body += SIGNATURE
          signed = true
          if (body + 2 <= end && takeRow(body)) return true
        } else if (kind === FAILED) throw errorOf(bytes.subarray(body, end))
        else if (kind === READY) ended = true
      }
      return false
    },
    async more() {
      if (ended) return false
      const rest = bytes.subarray(at)
      const chunk = await nextChunk()
      bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      at = 0
      return true
    },
    integer(column) {
      const start = starts[column]!
      const length = lengths[column]
      if (length === 8) return int32(start) * WORD + (int32(start + 4) >>> 0)
      if (length === 4) return int32(start)
      return length === 2 ? int32(start) >> 16 : null
    },
    text: (column) => (lengths[column]! < 0 ? null : textOf(column)),
    word(column) {
      const length = lengths[column]!
      if (length < 0) return null
      const kept = words[column]!
      const start = starts[column]!
      let same = kept.length === length
      for (let i = 0; same && i < length; i++) same = kept.charCodeAt(i) === bytes[start + i]
      if (!same) words[column] = textOf(column)
      return words[column]!
    },
    phoneDigits(column) {
      const start = starts[column]!
      const length = lengths[column]!
      if (length < 2 || length > 16 || bytes[start] !== PLUS || bytes[start + 1] === ZERO) return null
      let digits = 0
      for (let i = 1; i < length; i++) {
        const digit = bytes[start + i]! - ZERO
        if (digit < 0 || digit > 9) return null
        digits = digits * 10 + digit
      }
      return digits
    },
    async close() {
      socket.destroy()
    },
  }
}
