import type { SQLInputValue } from 'node:sqlite'
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import { checkBinding } from './binding.ts'
import { SqliteGone, type SqliteClient } from './sqlite-client.ts'

/** Parameters of a statement for many rows, in one message to the thread: row after row, `width` values each. */
class ManyRows {
  readonly kind: 'many' | 'insert'
  readonly values: unknown[]
  readonly width: number
  constructor(kind: 'many' | 'insert', values: unknown[], width: number) {
    this.kind = kind
    this.values = values
    this.width = width
  }
}

/** One statement, run once for each row: only understood by the SQLite driver below. */
export function manyRows(sql: string, values: unknown[], width: number): CompiledQuery {
  return CompiledQuery.raw(sql, [new ManyRows('many', values, width)])
}

/** An insert of many rows, given up to its "values": only understood by the SQLite driver below. */
export function insertRows(sql: string, values: unknown[], width: number): CompiledQuery {
  return CompiledQuery.raw(sql, [new ManyRows('insert', values, width)])
}

/** Both kinds of statements hand over exactly what was given, or nothing. */
function checked(values: readonly unknown[]): SQLInputValue[] {
  for (const value of values) checkBinding(value)
  return values as SQLInputValue[]
}

class ThreadConnection implements DatabaseConnection {
  readonly #client: SqliteClient
  /** The thread that has our transaction open; null outside of one. */
  #transaction: number | null = null
  constructor(client: SqliteClient) {
    this.#client = client
  }

  /** A thread started anew knows nothing of a transaction of the one before: nothing of it may slip through by itself. */
  async #ask(...[question]: Parameters<SqliteClient['ask']>): ReturnType<SqliteClient['ask']> {
    if (this.#transaction !== null && this.#transaction !== this.#client.thread()) throw new SqliteGone()
    return await this.#client.ask(question)
  }

  async begin(): Promise<void> {
    await this.#client.ask({ kind: 'begin', askedAt: Date.now() })
    this.#transaction = this.#client.thread()
  }

  async commit(): Promise<void> {
    await this.#ask({ kind: 'commit' })
    this.#transaction = null
  }

  /** With the thread gone there is nothing left to roll back. */
  async rollback(): Promise<void> {
    const isOpen = this.#transaction === this.#client.thread()
    this.#transaction = null
    if (isOpen) await this.#client.ask({ kind: 'rollback' })
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const [first] = query.parameters
    if (first instanceof ManyRows) {
      const { kind, width } = first
      const { changes } = await this.#ask({
        kind,
        sql: query.sql,
        values: checked(first.values),
        width,
      })
      return { rows: [], numAffectedRows: BigInt(changes) }
    }
    const params = checked(query.parameters)
    const { columns, rows, changes } = await this.#ask({ kind: 'query', sql: query.sql, params })
    return { rows: rows.map((row) => toObject(columns, row) as R), numAffectedRows: BigInt(changes) }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('read large tables in pages by id')
  }
}

function toObject(columns: string[], row: unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (let i = 0; i < columns.length; i++) object[columns[i] as string] = row[i]
  return object
}

/** Hands each client's line to one user at a time. */
class ThreadDriver implements Driver {
  readonly #free: ThreadConnection[]
  readonly #waiting: ((connection: ThreadConnection) => void)[] = []

  constructor(clients: SqliteClient[]) {
    this.#free = clients.map((client) => new ThreadConnection(client))
  }

  async init(): Promise<void> {}
  async destroy(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    const connection = this.#free.pop()
    if (connection) return Promise.resolve(connection)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const next = this.#waiting.shift()
    if (next) next(connection as ThreadConnection)
    else this.#free.push(connection as ThreadConnection)
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as ThreadConnection).begin()
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as ThreadConnection).commit()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as ThreadConnection).rollback()
  }
}

/** Kysely over one or more lines to SQLite threads. */
export function sqliteDialect(clients: SqliteClient[]): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ThreadDriver(clients),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}
