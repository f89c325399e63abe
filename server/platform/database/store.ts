import { sql, Kysely, type Transaction } from 'kysely'
import type { MessagePort } from 'node:worker_threads'
import type { Committed } from '../committed.ts'
import { currentReceipt } from '../current-receipt.ts'
import { asHubError, isStoreAway } from './store-errors.ts'
import type { Engine } from './engine.ts'
import { openPostgresPool, postgresDialect } from './postgres-dialect.ts'
import { SqliteClient, startSqliteThread } from './sqlite-client.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { toJson } from './json.ts'

/** What happened to which rows, told to every follower in the order of commits. */
export type Change = { tenantId: number; entity: string; ids: number[] }

/** A write in progress: everything goes through `db`, and what memory must know goes through `changed`. */
export type Tx<Tables> = {
  db: Transaction<Tables>
  engine: Engine
  changed(tenantId: number, entity: string, ids: number | number[]): void
  /** Run once `work` is done, before what runs `atEnd`: for rows gathered meanwhile that other transactions write as well. */
  afterWork(work: () => Promise<void>): void
  /**
   * Run when everything else is written, just before the commit: for rows that are numbered in the order of commits, so
   * that whoever waits for the number waits as briefly as can be.
   */
  atEnd(work: () => Promise<void>): void
  /** Called once the transaction is durable, and never when it is rolled back. */
  afterCommit(listener: () => void): void
}

export type Store<Tables> = {
  engine: Engine
  /** Where the whole of it can be read by `openBulkRows`; null in a worker thread. */
  address: StoreAddress | null
  read: Kysely<Tables>
  write: Kysely<Tables>
  /** As `read`, kept apart for the change feed, so that memory never queues behind somebody's long list. */
  feed: Kysely<Tables>
  /** null while writes go through; otherwise since when (ms UTC) they have found the store away. */
  writesAwaySince(): number | null
  /**
   * Runs `work` in one transaction and appends its changes as the last statement. On return everything is
   * durable. Errors of the store come out as HubError `store_unavailable` or `store_full`.
   */
  transact<T>(work: (tx: Tx<Tables>) => Promise<T>): Promise<Committed<T>>
  /** Called after each commit of this process that changed something. */
  onCommit(listener: () => void): void
  /** What a worker thread needs to open its own handle on the same store. */
  share(): { handle: StoreHandle; transfer: MessagePort[] }
  close(): Promise<void>
}

export type StoreHandle = { kind: 'sqlite'; port: MessagePort } | { kind: 'postgres'; url: string }
export type StoreAddress = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string }
export type StoreOptions = {
  address: StoreAddress
  /** Connections the pool may open (PostgreSQL); default 10. */
  maxConnections?: number
  /** How long a statement waits for another process's lock (SQLite), ms; default 10 s. */
  busyTimeoutMs?: number
  /** Told of a connection or a thread that ended by itself; both are made anew. */
  onIdleError?: (error: Error) => void
}

// PostgreSQL commits out of order. Taken just before a change gets its number and held until commit, this
// transaction lock makes the order of numbers the order of commits.
const FEED_LOCK = 0x636f7264

type ChangesTable = { changes: { seq: number; at: number; tenant_id: number; entity: string; ids: string } }

async function appendChanges(engine: Engine, db: Transaction<unknown>, changes: Change[]): Promise<number> {
  if (engine === 'postgres') await sql`select pg_advisory_xact_lock(${sql.val(FEED_LOCK)})`.execute(db)
  const at = Date.now()
  const rows = changes.map((change) => ({
    at,
    tenant_id: change.tenantId,
    entity: change.entity,
    ids: toJson(change.ids),
  }))
  const feed = db as unknown as Transaction<ChangesTable>
  const inserted = await feed
    .insertInto('changes')
    .values(rows as never)
    .returning('seq')
    .execute()
  return Math.max(...inserted.map((row) => row.seq))
}

function storeOver<Tables>(parts: {
  engine: Engine
  address: StoreAddress | null
  read: Kysely<Tables>
  write: Kysely<Tables>
  feed: Kysely<Tables>
  share: Store<Tables>['share']
  close(): Promise<void>
}): Store<Tables> {
  const listeners: (() => void)[] = []
  let awaySince: number | null = null
  return {
    ...parts,
    writesAwaySince: () => awaySince,
    async transact(work) {
      const receipt = currentReceipt()
      let committing = false
      const waiting: (() => void)[] = []
      try {
        const committed = await parts.write.transaction().execute(async (db) => {
          const changes: Change[] = []
          const gathered: (() => Promise<void>)[] = []
          const ending: (() => Promise<void>)[] = []
          const value = await work({
            db,
            engine: parts.engine,
            changed: (tenantId, entity, ids) =>
              changes.push({ tenantId, entity, ids: Array.isArray(ids) ? ids : [ids] }),
            afterWork: (more) => void gathered.push(more),
            atEnd: (last) => void ending.push(last),
            afterCommit: (listener) => void waiting.push(listener),
          })
          await receipt?.write(db, value)
          for (const last of [...gathered, ...ending]) await last()
          const told = changes.filter((change) => change.ids.length > 0)
          const position = told.length > 0 ? await appendChanges(parts.engine, db as never, told) : null
          committing = true
          return { value, position }
        })
        receipt?.spend()
        awaySince = null
        for (const listener of waiting) listener()
        if (committed.position !== null) for (const listener of listeners) listener()
        return committed
      } catch (error) {
        if (isStoreAway(error)) awaySince ??= Date.now()
        throw asHubError(error, committing)
      }
    },
    onCommit: (listener) => void listeners.push(listener),
  }
}

async function openSqlite<Tables>(
  file: string,
  busyTimeoutMs: number,
  onEnd: (error: Error) => void,
): Promise<Store<Tables>> {
  const writer = await startSqliteThread({ file, readOnly: false, busyTimeoutMs }, onEnd)
  const readers = await Promise.all(
    [1, 2, 3].map(() => startSqliteThread({ file, readOnly: true, busyTimeoutMs }, onEnd)),
  )
  const [forFeed, ...forLists] = readers.map((reader) => reader.client)
  const read = new Kysely<Tables>({ dialect: sqliteDialect(forLists) })
  const feed = new Kysely<Tables>({ dialect: sqliteDialect(forFeed ? [forFeed] : []) })
  const write = new Kysely<Tables>({ dialect: sqliteDialect([writer.client]) })
  return storeOver({
    engine: 'sqlite',
    address: { kind: 'sqlite', file },
    read,
    write,
    feed,
    share() {
      const port = writer.newPort()
      return { handle: { kind: 'sqlite', port }, transfer: [port] }
    },
    async close() {
      await Promise.all([read.destroy(), feed.destroy(), write.destroy()])
      // The writer closes last: the last connection checkpoints and removes the write-ahead log.
      await Promise.all(readers.map((reader) => reader.close()))
      await writer.close()
    },
  })
}

function openPostgres<Tables>(
  url: string,
  maxConnections: number,
  onIdleError: (error: Error) => void,
): Store<Tables> {
  const pool = openPostgresPool({ url, maxConnections, onIdleError })
  const db = new Kysely<Tables>({ dialect: postgresDialect(pool) })
  return storeOver({
    engine: 'postgres',
    address: { kind: 'postgres', url },
    read: db,
    write: db,
    feed: db,
    share: () => ({ handle: { kind: 'postgres', url }, transfer: [] }),
    close: () => db.destroy(),
  })
}

/** Opens the store. SQLite: rejects when the file cannot be opened. PostgreSQL: connects when first used. */
export async function openStore<Tables>(options: StoreOptions): Promise<Store<Tables>> {
  const { address, maxConnections = 10, busyTimeoutMs = 10_000, onIdleError = () => {} } = options
  return address.kind === 'sqlite'
    ? await openSqlite(address.file, busyTimeoutMs, onIdleError)
    : openPostgres(address.url, maxConnections, onIdleError)
}

/** The same store seen from a worker thread: writes only, on one connection. */
export function openSharedStore<Tables>(handle: StoreHandle): Store<Tables> {
  if (handle.kind === 'postgres') return openPostgres(handle.url, 1, () => {})
  const client = new SqliteClient(handle.port)
  const db = new Kysely<Tables>({ dialect: sqliteDialect([client]) })
  return storeOver({
    engine: 'sqlite',
    address: null,
    read: db,
    write: db,
    feed: db,
    share: () => {
      throw new Error('a shared store is not shared further')
    },
    close: async () => client.disconnect(),
  })
}

/** Narrows a store to the tables a room may touch: another room's table does not compile. */
export function pickTables<Tables, Picked extends Partial<Tables>>(store: Store<Tables>): Store<Picked> {
  return store as unknown as Store<Picked>
}
