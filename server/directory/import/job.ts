import type { Kysely, Transaction } from 'kysely'
import { open } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import { bulkInsert, isOneOf, type BulkTable } from '../../platform/database/engine.ts'
import { toJson } from '../../platform/database/json.ts'
import type { Store, Tx } from '../../platform/database/store.ts'
import { isUniqueViolation } from '../../platform/database/store-errors.ts'
import { HubError } from '../../platform/errors.ts'
import { builtinVipCategory } from '../categories.ts'
import { applyMerged, remember } from './apply.ts'
import { openBook, type Batch } from './batches.ts'
import type { ImportScope } from './bulk-rows.ts'
import { findStored, readCategories } from './found.ts'
import { openImportMemory, type Unnamed } from './memory.ts'
import { mergeBatch, missingCategories, needsBuiltin, type Categories, type Merged } from './merge.ts'
import type { Remark, Row } from './row.ts'
import { isMilestone, refreshStatistics } from './statistics.ts'
import type { ImportTables, RejectedRow, StoredOptions } from './tables.ts'

export type Job = {
  importId: number
  tenantId: number
  path: string
  bytesTotal: number
  options: StoredOptions
}

export type Counts = {
  bytes_read: number
  rows_read: number
  accepted: number
  rejected: number
  warnings: number
}

/** Rows a transaction at the most: docs/decisions/005-import-batches.md. */
const BATCH_ROWS = 3_000
/** Beyond this many, warnings are counted but not kept. */
const WARNINGS_KEPT = 10_000
/** Parties a transaction whose numbers go at the end. */
const REMOVALS = 500
const ATTEMPTS = 8
const REMARKS: BulkTable = {
  table: 'import_remarks',
  columns: {
    tenant_id: 'bigint',
    import_id: 'bigint',
    line: 'bigint',
    severity: 'text',
    code: 'text',
    reason: 'text',
    row: 'text',
  },
}
const NO_CATEGORIES: Categories = { byName: new Map(), byId: new Map(), builtin: null }

type ImportTx = Tx<ImportTables>

/** Errors that another attempt gets over: the store is away for a moment, or somebody else wrote the same thing first. */
function isPassing(error: unknown): boolean {
  if (error instanceof HubError) return error.code === 'store_unavailable'
  const code = (error as { code?: unknown }).code
  return code === '40001' || code === '40P01' || isUniqueViolation(error)
}

async function categoriesFor(
  tx: ImportTx,
  { tenantId, now }: ImportScope,
  rows: Row[],
  dryRun: boolean,
): Promise<Categories> {
  if (
    !rows.some(
      ({ customer }) => customer !== null && (customer.category !== undefined || customer.vip !== undefined),
    )
  )
    return NO_CATEGORIES
  const known = await readCategories(tx, tenantId)
  const missing = missingCategories(rows, known)
  if (missing.length === 0 && !needsBuiltin(rows, known)) return known
  if (dryRun) {
    for (const [i, { name, folded, vip }] of missing.entries()) {
      known.byName.set(folded, { id: -1 - i, name, vip: vip ? 1 : 0, builtin: null })
    }
    return known
  }
  for (const { name, folded, vip } of missing) {
    const made = await tx.db
      .insertInto('categories')
      .values({
        tenant_id: tenantId,
        name,
        name_folded: folded,
        vip: vip ? 1 : 0,
        created_at: now,
        updated_at: now,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    tx.changed(tenantId, 'category', made.id)
  }
  if (needsBuiltin(rows, known)) await builtinVipCategory(tx, tenantId, now)
  return readCategories(tx, tenantId)
}

async function writeRemarks(
  tx: ImportTx,
  { tenantId, importId }: ImportScope,
  batch: Batch,
  warnings: Remark[],
): Promise<void> {
  const row = (severity: string, remark: Remark, rejected: RejectedRow | null) => [
    tenantId,
    importId,
    remark.line,
    severity,
    remark.code,
    remark.reason,
    rejected === null ? null : toJson(rejected),
  ]
  await bulkInsert(tx.engine, tx.db as unknown as Transaction<unknown>, REMARKS, [
    ...batch.rejected.flatMap((remark) => row('reject', remark, remark.row)),
    ...warnings.flatMap((remark) => row('warning', remark, null)),
  ])
}

/** Takes away the numbers that no row of the file named, of parties whose numbers the file gives. */
async function removeUnnamed(
  tx: ImportTx,
  { tenantId, importId, now }: ImportScope,
  parties: [number, Unnamed][],
): Promise<void> {
  const { db, engine } = tx
  const phoneIds = parties.flatMap(([, { phoneIds: ids }]) => ids)
  await db
    .deleteFrom('phones')
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, 'id', phoneIds, 'bigint'))
    .execute()
  for (const party of ['customer', 'contact'] as const) {
    const ids = parties.filter(([, unnamed]) => unnamed.party === party).map(([id]) => id)
    if (ids.length === 0) continue
    await db
      .updateTable(party === 'customer' ? 'customers' : 'contacts')
      .set({ import_id: importId, updated_at: now })
      .where('tenant_id', '=', tenantId)
      .where(isOneOf(engine, 'id', ids, 'bigint'))
      .execute()
    tx.changed(tenantId, party, ids)
  }
}

/**
 * Imports one book in batches, each with its progress in one transaction. Answers `stopped` as soon as a batch is
 * committed after `stopped()` turned true; running the job again then ends in the same state. BookError when the file
 * is no book.
 */
export async function runJob(
  deps: { store: Store<ImportTables>; clock: Clock; stopped(): boolean },
  job: Job,
): Promise<'done' | 'stopped'> {
  const { store, clock, stopped } = deps
  const { tenantId, importId, options } = job
  const memory = openImportMemory()
  const counts: Counts = { bytes_read: 0, rows_read: 0, accepted: 0, rejected: 0, warnings: 0 }

  const attempt = async (work: (tx: ImportTx) => Promise<void>) => {
    for (let n = 1; ; n++) {
      try {
        await store.transact(work)
        return
      } catch (error) {
        if (n === ATTEMPTS || stopped() || !isPassing(error)) throw error
        await setTimeout(Math.min(30_000, 100 * 4 ** (n - 1)))
      }
    }
  }
  const setProgress = (tx: ImportTx, values: Counts & { options?: string }) =>
    tx.db
      .updateTable('imports')
      .set({ ...values, updated_at: clock.now() })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', importId)
      .execute()
  const isBehind = async (tx: ImportTx, rowsRead: number) => {
    const row = await tx.db
      .selectFrom('imports')
      .select('rows_read')
      .where('tenant_id', '=', tenantId)
      .where('id', '=', importId)
      .executeTakeFirstOrThrow()
    return row.rows_read < rowsRead
  }

  const storeBatch = async (batch: Batch) => {
    const { rows, rejected, warnings, bytes } = batch
    let merged: Merged = { customers: [], contacts: [], warnings: [] }
    let tried = false
    const next = { ...counts, bytes_read: Math.max(bytes, counts.bytes_read) }
    next.rows_read += rows.length + rejected.length
    next.accepted += rows.length
    next.rejected += rejected.length
    await attempt(async (tx) => {
      // The commit of a first attempt may have gone through although its answer was lost.
      if (tried && next.rows_read > counts.rows_read && !(await isBehind(tx, next.rows_read))) return
      tried = true
      const scope = { tenantId, importId, now: clock.now() }
      const categories = await categoriesFor(tx, scope, rows, options.dryRun)
      merged = mergeBatch(rows, await findStored(tx, tenantId, rows, memory, categories))
      const all = [...warnings, ...merged.warnings]
      if (!options.dryRun) await applyMerged(tx, scope, merged)
      await writeRemarks(tx, scope, batch, all.slice(0, Math.max(0, WARNINGS_KEPT - counts.warnings)))
      next.warnings = counts.warnings + all.length
      await setProgress(tx, next)
    })
    const before = counts.rows_read
    Object.assign(counts, next)
    remember(merged, memory)
    if (options.dryRun || !isMilestone(before, counts.rows_read)) return
    // An account that may not analyse imports slowly, but it imports.
    await refreshStatistics(store.engine, store.write as unknown as Kysely<unknown>).catch(() => {})
  }

  const file = await open(job.path, 'r')
  try {
    const book = await openBook(file, options, BATCH_ROWS)
    const known = { ...options, header: book.header, delimiter: book.delimiter }
    await attempt(async (tx) => void (await setProgress(tx, { ...counts, options: toJson(known) })))
    // The next rows are read while the store writes these.
    for (let upcoming = book.batches.next(); ;) {
      const { value, done } = await upcoming
      if (stopped()) return 'stopped'
      if (done) break
      upcoming = book.batches.next()
      // A failure of the store comes out first; the reader's own then has nobody to tell.
      upcoming.catch(() => {})
      await storeBatch(value)
    }
  } finally {
    await file.close()
  }
  const leaving = [...memory.unnamed()]
  for (let from = 0; from < leaving.length && !options.dryRun; from += REMOVALS) {
    if (stopped()) return 'stopped'
    const some = leaving.slice(from, from + REMOVALS)
    await attempt((tx) => removeUnnamed(tx, { tenantId, importId, now: clock.now() }, some))
  }
  return 'done'
}
