import type { Readable } from 'node:stream'
import type { Worker } from 'node:worker_threads'
import type { Page } from '../../../contract/common.ts'
import type { Import, ImportQuery, ImportRemark } from '../../../contract/imports.ts'
import { recordAudit, type Actor } from '../../platform/audit.ts'
import type { Clock } from '../../platform/clock.ts'
import { fromJson, toJson } from '../../platform/database/json.ts'
import type { Store, Tx } from '../../platform/database/store.ts'
import { invalid, notFound } from '../../platform/errors.ts'
import { readListRequest, readPage } from '../../platform/listing.ts'
import type { Log } from '../../platform/log.ts'
import type { DirectoryTables } from '../tables.ts'
import { isOver, toImport, type ImportRow } from './import-shape.ts'
import type { ImportThreadAnswer } from './import-thread.ts'
import type { Job } from './job.ts'
import { readOptions } from './options.ts'
import { listRemarks, writeRejects } from './rejects.ts'
import { runImportThread } from './run-thread.ts'
import { openSpool } from './spool.ts'
import type { ImportTables, StoredOptions } from './tables.ts'

export type Imports = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Import>>
  get(tenantId: number, id: number): Promise<Import>
  /**
   * Takes a book in. Options are checked before the stream is read (HubError 422); when the import is answered, the
   * file is on the disk and the import survives the hub.
   */
  create(actor: Actor, body: Readable, query: ImportQuery): Promise<Import>
  /** The refused rows as CSV, header first. Bytes for rows that are no UTF-8. HubError `not_found`. */
  rejects(tenantId: number, id: number): Promise<AsyncIterable<string | Uint8Array>>
  /** What there is to say about rows: refused ones, and the first 10,000 warnings. */
  remarks(tenantId: number, id: number, query: Record<string, unknown>): Promise<Page<ImportRemark>>
  /** Waits until the import has ended, well or badly. */
  finished(tenantId: number, id: number): Promise<Import>
  /** Goes on with what a former run of the hub on this data directory left unfinished. */
  resume(): Promise<void>
  /** Stops between two batches; what was not done goes on at the next start. */
  close(): Promise<void>
}

export type ImportsOptions = {
  store: Store<DirectoryTables>
  dataDir: string
  clock: Clock
  /** ISO 3166-1 alpha-2; null until the tenant's country is named. */
  country(tenantId: number): string | null
  nameCountry(tx: Tx<never>, tenantId: number, country: string): Promise<void>
  log: Log
  /** Waits until lookups answer from everything committed so far; an import is not done before. */
  caughtUp?(): Promise<unknown>
  /** Told of every import that ended. */
  onEnd?(ended: Import): void
  /** Largest file taken, in bytes; default 2 GiB. */
  maxBytes?: number
}

type Row = ImportRow

const COLUMNS = { id: 'id', status: 'status', created_at: 'created_at' }
const LARGEST_FILE = 2 * 1024 ** 3
/** An unfinished import of another data directory that made no progress for so long has lost its hub. */
const ABANDONED_AFTER_MS = 24 * 3_600_000
const REPEAT = 'repeat it: rows that are already there are not written twice.'

/** Imports of customer books: one at a time, in a thread of their own. */
export function openImports(deps: ImportsOptions): Imports {
  const { dataDir, clock, country, nameCountry, log, maxBytes = LARGEST_FILE } = deps
  const store = deps.store as unknown as Store<ImportTables>
  const spool = openSpool(dataDir, maxBytes)
  const queue: { tenantId: number; id: number }[] = []
  const waiting = new Map<number, (() => void)[]>()
  let working: Promise<void> | null = null
  let thread: Worker | null = null
  let closed = false

  const find = (tenantId: number, id: number) =>
    store.read
      .selectFrom('imports')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .executeTakeFirst()
  const get = async (tenantId: number, id: number): Promise<Row> => {
    const row = await find(tenantId, id)
    if (!row) throw notFound('Import')
    return row
  }

  /** The first transaction of a run: whatever a former run noted is forgotten, the rows it stored are found again. */
  const begin = async (row: Row, options: StoredOptions): Promise<void> => {
    await store.transact(async (tx) => {
      const now = clock.now()
      await tx.db
        .deleteFrom('import_remarks')
        .where('tenant_id', '=', row.tenant_id)
        .where('import_id', '=', row.id)
        .execute()
      await tx.db
        .updateTable('imports')
        .set({
          status: 'running',
          bytes_read: 0,
          rows_read: 0,
          accepted: 0,
          rejected: 0,
          warnings: 0,
          updated_at: now,
        })
        .set({ started_at: row.started_at ?? now })
        .where('id', '=', row.id)
        .execute()
      if (options.namesCountry && !options.dryRun)
        await nameCountry(tx as unknown as Tx<never>, row.tenant_id, options.country)
    })
  }

  const end = async (row: Row, actor: Actor, error: string | null): Promise<void> => {
    const { value: ended } = await store.transact(async (tx) => {
      const now = clock.now()
      const values = await tx.db
        .updateTable('imports')
        .set({ status: error === null ? 'done' : 'failed', error, finished_at: now, updated_at: now })
        .set((of) => ({ bytes_read: error === null ? of.ref('bytes_total') : of.ref('bytes_read') }))
        .where('id', '=', row.id)
        .returningAll()
        .executeTakeFirstOrThrow()
      await recordAudit(tx, actor, {
        action: 'import',
        entity: 'import',
        entityId: row.id,
        after: toImport(values),
      })
      return values
    })
    await spool.remove(row.id)
    deps.onEnd?.(toImport(ended))
  }

  const runJob = (job: Job): Promise<ImportThreadAnswer> =>
    runImportThread(store, clock, job, (worker) => {
      thread = worker
      if (closed) worker?.postMessage('stop')
    })

  const runOne = async (tenantId: number, id: number): Promise<void> => {
    const row = await find(tenantId, id)
    if (!row || isOver(row)) return
    const options = fromJson<StoredOptions>(row.options)
    await begin(row, options)
    const answer = await runJob({
      importId: id,
      tenantId,
      path: spool.path(id),
      bytesTotal: row.bytes_total,
      options,
    })
    if (answer.outcome === 'done') {
      await deps.caughtUp?.()
      return end(row, options.actor, null)
    }
    if (answer.outcome === 'stopped' || closed) return
    const { reason, expected } = answer
    if (!expected) log.error('an import failed', { import_id: id, reason })
    await end(row, options.actor, reason)
  }

  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !closed; next = queue.shift()) {
      const { tenantId, id } = next
      try {
        await runOne(tenantId, id)
      } catch (error) {
        // The store is away: the import stays as it is and goes on at the next start.
        log.error('an import was interrupted', { import_id: id, error })
      }
      const told = waiting.get(id) ?? []
      waiting.delete(id)
      for (const tell of told) tell()
    }
    working = null
  }
  const enqueue = (tenantId: number, id: number) => {
    queue.push({ tenantId, id })
    working ??= work()
  }

  return {
    async list(tenantId, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: ['status'] })
      const { status } = request.filters
      const rows = store.read.selectFrom('imports').selectAll().where('tenant_id', '=', tenantId)
      const found = status === undefined ? rows : rows.where('status', '=', status as Row['status'])
      const newest =
        request.sort.length > 0 ? request : { ...request, sort: [{ name: 'id', descending: true }] }
      return readPage(found, newest, COLUMNS, (page) => page.map(toImport))
    },
    get: async (tenantId, id) => toImport(await get(tenantId, id)),
    async create(actor, body, query) {
      const { fileName, ...options } = readOptions(query, country(actor.tenantId))
      const stored: StoredOptions = { ...options, actor, place: await spool.place(), header: null }
      const received = await spool.receive(body)
      let kept: number | null = null
      try {
        if (received.bytes === 0) throw invalid({ body: ['The body is empty: send the file itself.'] })
        const { value } = await store.transact(async ({ db }) => {
          const now = clock.now()
          const none = {
            bytes_read: 0,
            rows_read: 0,
            accepted: 0,
            rejected: 0,
            warnings: 0,
            error: null,
            started_at: null,
            finished_at: null,
          }
          const row = await db
            .insertInto('imports')
            .values({
              tenant_id: actor.tenantId,
              status: 'queued',
              file_name: fileName,
              options: toJson(stored),
              bytes_total: received.bytes,
              token_id: actor.kind === 'token' ? actor.id : null,
              ...none,
              created_at: now,
              updated_at: now,
            })
            .returningAll()
            .executeTakeFirstOrThrow()
          kept = row.id
          await received.keepAs(row.id)
          return toImport(row)
        })
        enqueue(actor.tenantId, value.id)
        return value
      } catch (error) {
        await received.discard()
        if (kept !== null) await spool.remove(kept)
        throw error
      }
    },
    async rejects(tenantId, id) {
      const { header, delimiter } = fromJson<StoredOptions>((await get(tenantId, id)).options)
      return writeRejects(store, tenantId, id, { header: header ?? [], delimiter: delimiter ?? ',' })
    },
    async remarks(tenantId, id, query) {
      await get(tenantId, id)
      return listRemarks(store, tenantId, id, query)
    },
    async finished(tenantId, id) {
      await get(tenantId, id)
      const told = new Promise<void>((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve]))
      if (!isOver(await get(tenantId, id)) && !closed) await told
      return toImport(await get(tenantId, id))
    },
    async resume() {
      const place = await spool.place()
      const rows = await store.read
        .selectFrom('imports')
        .selectAll()
        .where('status', 'in', ['queued', 'running'])
        .orderBy('id')
        .execute()
      const live = new Set<number>()
      for (const row of rows) {
        const options = fromJson<StoredOptions>(row.options)
        if (options.place === place && (await spool.has(row.id))) {
          live.add(row.id)
          enqueue(row.tenant_id, row.id)
        } else if (options.place === place) {
          await end(row, options.actor, `The hub was stopped before the file was safe; ${REPEAT}`)
        } else if (row.updated_at < clock.now() - ABANDONED_AFTER_MS) {
          await end(row, options.actor, `The data directory that held the file is gone; ${REPEAT}`)
        }
      }
      await spool.sweep(live)
    },
    async close() {
      closed = true
      thread?.postMessage('stop')
      await working
      for (const told of waiting.values()) for (const tell of told) tell()
    },
  }
}
