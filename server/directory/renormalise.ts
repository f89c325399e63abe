import type { Selectable } from 'kysely'
import { setTimeout as wait } from 'node:timers/promises'
import type { Renormalisation, RenormaliseInput } from '../../contract/renormalise.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { fromJson, toJson } from '../platform/database/json.ts'
import { isUniqueViolation } from '../platform/database/store-errors.ts'
import { HubError, notFound } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { rereadNumbers } from './renormalise-batch.ts'
import type { RenormalisationsTable } from './tables.ts'
import { isoTime, type DirectoryStore } from './write.ts'

/** Reads all stored numbers of a tenant again, with the rules and countries of today. One run at a time per tenant. */
export type Renormalise = {
  /** HubError `conflict` while one runs; `country_required` when the tenant's country is wanted and not named. */
  start(actor: Actor, input: RenormaliseInput): Promise<Renormalisation>
  /** The tenant's last run. HubError `not_found` when there never was one. */
  last(tenantId: number): Promise<Renormalisation>
  /** Waits until the runs of this hub have ended. */
  finished(): Promise<void>
  /** Goes on with what a former run of the hub left unfinished. */
  resume(): Promise<void>
  /** Stops between two batches; what was not done goes on at the next start. */
  close(): Promise<void>
}

export type RenormaliseOptions = {
  store: DirectoryStore
  clock: Clock
  log: Log
  /** ISO 3166-1 alpha-2; null until the tenant's country is named. */
  country(tenantId: number): string | null
  /** Waits until lookups answer from everything committed so far; a run is not done before. */
  caughtUp?(): Promise<unknown>
  /** Numbers a transaction; default 1,000. */
  batch?: number
  /** Told after every batch. */
  onBatch?(): void
}

type Row = Selectable<RenormalisationsTable>

const ATTEMPTS = 8

function toRenormalisation(row: Row): Renormalisation {
  const { id, status, country_from, numbers_total, numbers_read, changed, error } = row
  return {
    id,
    status,
    country: country_from,
    numbers_total,
    numbers_read,
    changed,
    error,
    created_at: isoTime(row.created_at),
    finished_at: row.finished_at === null ? null : isoTime(row.finished_at),
  }
}

const underWay = () => new HubError('conflict', 'The numbers are being read again already: wait for its end.')

export function openRenormalise(options: RenormaliseOptions): Renormalise {
  const { store, clock, log, country, caughtUp, batch = 1_000, onBatch } = options
  const working = new Set<Promise<void>>()
  let closed = false

  const countryOf = (row: Row) => (written: string | null) =>
    row.country_from === 'tenant' ? country(row.tenant_id) : (written ?? country(row.tenant_id))

  /** The next batch with its progress in one transaction; null at the end, or when another hub is ahead of us. */
  const step = async (row: Row): Promise<Row | null> => {
    const { value } = await store.transact(async (tx) => {
      const now = clock.now()
      const done = await rereadNumbers(tx, row.tenant_id, countryOf(row), {
        after: row.position,
        limit: batch,
      })
      if (done === null) return null
      const next = await tx.db
        .updateTable('renormalisations')
        .set({
          position: done.last,
          numbers_read: row.numbers_read + done.read,
          changed: row.changed + done.changed,
          updated_at: now,
        })
        .where('id', '=', row.id)
        .where('position', '=', row.position)
        .where('status', '=', 'running')
        .returningAll()
        .executeTakeFirst()
      // Another hub works on it: nothing of this batch is ours to write.
      if (!next) throw underWay()
      return next
    })
    return value
  }

  const end = async (row: Row, error: string | null): Promise<void> => {
    await store.transact(async (tx) => {
      const now = clock.now()
      const ended = await tx.db
        .updateTable('renormalisations')
        .set({ status: error === null ? 'done' : 'failed', error, finished_at: now, updated_at: now })
        .where('id', '=', row.id)
        .where('status', '=', 'running')
        .returningAll()
        .executeTakeFirst()
      if (!ended) return
      const after = toRenormalisation(ended)
      const actor = fromJson<Actor>(row.actor)
      await recordAudit(tx, actor, { action: 'renormalise', entity: 'phones', entityId: row.id, after })
    })
  }

  const run = async (begun: Row): Promise<void> => {
    let row = begun
    for (let failures = 0; !closed;) {
      try {
        const next = await step(row)
        if (next === null) {
          await caughtUp?.()
          return await end(row, null)
        }
        row = next
        failures = 0
        onBatch?.()
      } catch (error) {
        if (error instanceof HubError && error.code === 'conflict') return
        failures += 1
        const passing = error instanceof HubError && error.code === 'store_unavailable'
        if (!passing || failures === ATTEMPTS) {
          log.error('reading the numbers again failed', { renormalisation_id: row.id, error })
          return await end(row, 'It failed; the log says why. What was read stays: start it again.')
        }
        await wait(Math.min(30_000, 100 * 4 ** failures))
      }
    }
  }

  const launch = (row: Row) => {
    const running: Promise<void> = run(row)
      // The store is away: the run stays as it is and goes on at the next start.
      .catch((error: unknown) => log.error('reading the numbers again was interrupted', { error }))
      .finally(() => working.delete(running))
    working.add(running)
  }

  return {
    async start(actor, { country: from = 'written' }) {
      const { tenantId } = actor
      if (from === 'tenant' && country(tenantId) === null)
        throw new HubError(
          'country_required',
          "Name the tenant's country before its numbers are read with it.",
        )
      const now = clock.now()
      try {
        const { value } = await store.transact(async ({ db }) => {
          const counted = await db
            .selectFrom('phones')
            .select((of) => of.fn.countAll<number>().as('total'))
            .where('tenant_id', '=', tenantId)
            .executeTakeFirstOrThrow()
          return db
            .insertInto('renormalisations')
            .values({
              tenant_id: tenantId,
              status: 'running',
              country_from: from,
              actor: toJson(actor),
              position: 0,
              numbers_total: Number(counted.total),
              numbers_read: 0,
              changed: 0,
              error: null,
              created_at: now,
              updated_at: now,
              finished_at: null,
            })
            .returningAll()
            .executeTakeFirstOrThrow()
        })
        launch(value)
        return toRenormalisation(value)
      } catch (error) {
        if (isUniqueViolation(error)) throw underWay()
        throw error
      }
    },
    async last(tenantId) {
      const row = await store.read
        .selectFrom('renormalisations')
        .selectAll()
        .where('tenant_id', '=', tenantId)
        .orderBy('id', 'desc')
        .executeTakeFirst()
      if (!row) throw notFound('Renormalisation')
      return toRenormalisation(row)
    },
    async finished() {
      while (working.size > 0) await Promise.all(working)
    },
    async resume() {
      const rows = store.read.selectFrom('renormalisations').selectAll().where('status', '=', 'running')
      for (const row of await rows.orderBy('id').execute()) launch(row)
    },
    async close() {
      closed = true
      await Promise.all(working)
    },
  }
}
