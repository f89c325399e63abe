import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import type { SqliteAnswer, SqliteQuestion, SqliteThreadData } from './sqlite-protocol.ts'

/** An error of SQLite itself, with its extended result code. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError'
  readonly errcode: number | null
  constructor(message: string, errcode: number | null) {
    super(message)
    this.errcode = errcode
  }
}

type Result = NonNullable<SqliteAnswer['result']>
type Pending = { resolve: (result: Result) => void; reject: (error: Error) => void }
type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never

/** One client's line to a SQLite thread: questions are answered in the order they were asked. */
export class SqliteClient {
  readonly #post: (question: SqliteQuestion) => void
  readonly #hangUp: () => void
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #gone: Error | null = null

  constructor(port: MessagePort | Worker) {
    this.#post =
      port instanceof Worker
        ? (question) => port.postMessage(question)
        : (question) => port.postMessage(question)
    this.#hangUp = port instanceof Worker ? () => {} : () => port.close()
    port.on('message', (answer: SqliteAnswer) => this.#settle(answer))
    port.on('close', () => this.#fail(new SqliteError('the database is closed', null)))
    port.on('exit', () => this.#fail(new SqliteError('the database is closed', null)))
    port.on('error', (error: Error) => this.#fail(error))
  }

  ask(question: Unnumbered<SqliteQuestion>): Promise<Result> {
    if (this.#gone) return Promise.reject(this.#gone)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#post({ ...question, id })
    })
  }

  /** Gives up the line; the thread rolls back what this client had open. */
  disconnect(): void {
    this.#hangUp()
  }

  #settle(answer: SqliteAnswer): void {
    const pending = this.#pending.get(answer.id)
    if (!pending) return
    this.#pending.delete(answer.id)
    if (answer.error) pending.reject(new SqliteError(answer.error.message, answer.error.errcode))
    else pending.resolve(answer.result ?? { columns: [], rows: [], changes: 0 })
  }

  #fail(error: Error): void {
    this.#gone ??= error
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
  }
}

export type SqliteThread = {
  client: SqliteClient
  /** A further line to the same thread, to hand to another worker. */
  newPort(): MessagePort
  close(): Promise<void>
}

/** Starts a thread with the file open; rejects when the file cannot be opened. */
export async function startSqliteThread(data: SqliteThreadData): Promise<SqliteThread> {
  const worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), { workerData: data })
  const client = new SqliteClient(worker)
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', reject)
  })
  return {
    client,
    newPort() {
      const { port1, port2 } = new MessageChannel()
      worker.postMessage({ kind: 'connect', port: port1 }, [port1])
      return port2
    },
    async close() {
      await client.ask({ kind: 'close' }).catch(() => {})
      await worker.terminate()
    },
  }
}
