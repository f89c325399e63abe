import { DatabaseSync, type StatementSync, type SQLInputValue } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { SqliteAnswer, SqliteQuestion, SqliteThreadData } from './sqlite-protocol.ts'

/**
 * The only place where SQLite runs. A writer thread serves several clients (the hub, an import): `begin`
 * makes a client the owner until `commit` or `rollback`, and everyone else's questions wait their turn.
 */
const options = workerData as SqliteThreadData
const database = new DatabaseSync(options.file, {
  readOnly: options.readOnly,
  timeout: options.busyTimeoutMs,
})
if (options.lock) database.exec('pragma locking_mode = exclusive; begin exclusive')
else if (options.readOnly) database.exec('pragma cache_size = -65536; pragma query_only = on')
else {
  database.exec(
    `pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
       pragma cache_size = -262144; pragma temp_store = memory; pragma journal_size_limit = 134217728; pragma wal_autocheckpoint = 16000`,
  )
}

const STATEMENTS_KEPT = 400
const ROWS_TOGETHER = 50
const statements = new Map<string, StatementSync>()

function prepare(sql: string): StatementSync {
  const kept = statements.get(sql)
  if (kept) return kept
  const statement = database.prepare(sql)
  if (statements.size >= STATEMENTS_KEPT) {
    const oldest = statements.keys().next()
    if (!oldest.done) statements.delete(oldest.value)
  }
  statements.set(sql, statement)
  return statement
}

function run(sql: string, params: SQLInputValue[]): SqliteAnswer['result'] {
  const statement = prepare(sql)
  const columns = statement.columns().map((column) => column.name)
  if (columns.length > 0) {
    statement.setReturnArrays(true)
    const rows = statement.all(...params) as unknown as unknown[][]
    return { columns, rows, changes: rows.length }
  }
  const { changes } = statement.run(...params)
  return { columns: [], rows: [], changes: Number(changes) }
}

function insert(sql: string, values: SQLInputValue[], width: number): SqliteAnswer['result'] {
  const row = `(${Array(width).fill('?').join(', ')})`
  const rows = (count: number) => `${sql} ${Array(count).fill(row).join(', ')}`
  const whole = values.length - (values.length % (width * ROWS_TOGETHER))
  if (whole > 0) runMany(rows(ROWS_TOGETHER), values.slice(0, whole), width * ROWS_TOGETHER)
  runMany(rows(1), values.slice(whole), width)
  return { columns: [], rows: [], changes: values.length / width }
}

function runMany(sql: string, values: SQLInputValue[], width: number): SqliteAnswer['result'] {
  const statement = prepare(sql)
  let changes = 0
  for (let at = 0; at < values.length; at += width)
    changes += Number(statement.run(...values.slice(at, at + width)).changes)
  return { columns: [], rows: [], changes }
}

let owner: MessagePort | null = null
const waiting: { port: MessagePort; question: SqliteQuestion }[] = []

/** SQLITE_BUSY, as SQLite itself would have said it. */
class BusyError extends Error {
  readonly errcode = 5
  constructor() {
    super('database is locked')
  }
}

/** Whatever happens, the next client gets its turn. */
function endTransaction(): void {
  owner = null
  if (database.isTransaction) database.exec('rollback')
}

function answer(port: MessagePort, question: SqliteQuestion): void {
  const reply: SqliteAnswer = { id: question.id }
  try {
    if (question.kind === 'begin') {
      // Those behind one that waited for another process's lock have waited as long: they do not wait again.
      if (Date.now() - question.askedAt > options.busyTimeoutMs) throw new BusyError()
      database.exec('begin immediate')
      owner = port
    } else if (question.kind === 'commit') {
      if (!database.isTransaction) throw new Error('the transaction was already rolled back')
      database.exec('commit')
      owner = null
    } else if (question.kind === 'rollback') {
      endTransaction()
    } else if (question.kind === 'many') {
      reply.result = runMany(question.sql, question.values, question.width)
    } else if (question.kind === 'insert') {
      reply.result = insert(question.sql, question.values, question.width)
    } else if (question.kind === 'query') {
      reply.result = run(question.sql, question.params)
    } else {
      database.close()
    }
  } catch (error) {
    const failure = error as Error & { errcode?: number }
    reply.error = { message: failure.message, errcode: failure.errcode ?? null }
    // A COMMIT that failed (disk full) leaves the transaction open: end it, so that nothing half written stays.
    if (question.kind === 'commit') endTransaction()
  }
  port.postMessage(reply)
}

function serveWaiting(): void {
  while (waiting.length > 0) {
    const index = owner === null ? 0 : waiting.findIndex((entry) => entry.port === owner)
    if (index < 0) return
    const [entry] = waiting.splice(index, 1)
    if (entry) answer(entry.port, entry.question)
  }
}

function connect(port: MessagePort): void {
  port.on('message', (message: SqliteQuestion | { kind: 'connect'; port: MessagePort }) => {
    if (message.kind === 'connect') return connect(message.port)
    waiting.push({ port, question: message })
    serveWaiting()
  })
  port.on('close', () => {
    for (let i = waiting.length - 1; i >= 0; i--) if (waiting[i]?.port === port) waiting.splice(i, 1)
    if (owner !== port) return
    endTransaction()
    serveWaiting()
  })
}

if (!parentPort) throw new Error('sqlite-thread runs in a worker thread only')
connect(parentPort)
parentPort.postMessage({ id: 0 } satisfies SqliteAnswer)
