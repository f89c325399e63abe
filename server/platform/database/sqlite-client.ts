import { setTimeout as wait } from 'node:timers/promises'
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

/** The thread ended under a question: whether what it was doing became durable, nobody can say. */
export class SqliteGone extends SqliteError {
  constructor() {
    super('the thread of the database has ended', null)
  }
}

type Result = NonNullable<SqliteAnswer['result']>
type Pending = { resolve: (result: Result) => void; reject: (error: Error) => void }
type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never
type Line = MessagePort | Worker

/** One client's line to a SQLite thread: questions are answered in the order they were asked. */
export class SqliteClient {
  readonly #pending = new Map<number, Pending>()
  #line: Line | null = null
  #lastId = 0
  /** Counts the threads this client has had: a transaction lives and dies with its own. */
  #thread = 0

  constructor(line: Line) {
    this.attach(line)
  }

  /** The thread that answers from here on. */
  attach(line: Line): void {
    this.#line = line
    const thread = ++this.#thread
    const gone = () => thread === this.#thread && this.#fail()
    line.on('message', (answer: SqliteAnswer) => thread === this.#thread && this.#settle(answer))
    line.on('close', gone)
    line.on('exit', gone)
    line.on('error', gone)
  }

  /** Which of its threads would answer now; null while there is none. */
  thread(): number | null {
    return this.#line === null ? null : this.#thread
  }

  ask(question: Unnumbered<SqliteQuestion>): Promise<Result> {
    const line = this.#line
    if (line === null) return Promise.reject(new SqliteError('the database is closed', null))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      const numbered: SqliteQuestion = { ...question, id }
      if (line instanceof Worker) line.postMessage(numbered)
      else line.postMessage(numbered)
    })
  }

  /** Gives up the line; the thread rolls back what this client had open. */
  disconnect(): void {
    if (this.#line !== null && !(this.#line instanceof Worker)) this.#line.close()
  }

  #settle(answer: SqliteAnswer): void {
    const pending = this.#pending.get(answer.id)
    if (!pending) return
    this.#pending.delete(answer.id)
    if (answer.error) pending.reject(new SqliteError(answer.error.message, answer.error.errcode))
    else pending.resolve(answer.result ?? { columns: [], rows: [], changes: 0 })
  }

  #fail(): void {
    this.#line = null
    for (const pending of this.#pending.values()) pending.reject(new SqliteGone())
    this.#pending.clear()
  }
}

export type SqliteThread = {
  client: SqliteClient
  /** A further line to the same thread, to hand to another worker. It ends with the thread. */
  newPort(): MessagePort
  close(): Promise<void>
}

async function launch(data: SqliteThreadData): Promise<Worker> {
  const worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), { workerData: data })
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the thread of the database ended with code ${code}`)))
  })
  return worker
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000

/**
 * Starts a thread with the file open; rejects when the file cannot be opened. With `onEnd` a thread that ends by itself
 * is told of and started again, as often as it takes; what it was asked fails, and so does what is asked meanwhile.
 */
export async function startSqliteThread(
  data: SqliteThreadData,
  onEnd?: (error: Error) => void,
): Promise<SqliteThread> {
  let worker = await launch(data)
  const client = new SqliteClient(worker)
  const closing = new AbortController()
  let revived: Promise<void> = Promise.resolve()

  const revive = async () => {
    for (let pause = FIRST_PAUSE_MS; !closing.signal.aborted; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
      try {
        worker = await launch(data)
        client.attach(worker)
        return watch()
      } catch (error) {
        onEnd?.(error instanceof Error ? error : new Error(String(error)))
        await wait(pause, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
  }
  const watch = () => {
    let reason: Error = new SqliteGone()
    worker.once('error', (error) => (reason = error instanceof Error ? error : reason))
    worker.once('exit', () => {
      if (closing.signal.aborted || !onEnd) return
      onEnd(reason)
      revived = revive()
    })
  }
  watch()

  return {
    client,
    newPort() {
      const { port1, port2 } = new MessageChannel()
      if (client.thread() === null) port1.close()
      else worker.postMessage({ kind: 'connect', port: port1 }, [port1])
      return port2
    },
    async close() {
      closing.abort()
      await revived
      await client.ask({ kind: 'close' }).catch(() => {})
      await worker.terminate()
    },
  }
}
