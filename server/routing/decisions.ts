import type { Insertable, Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Destination } from '../../contract/profiles.ts'
import type { Decision } from '../../contract/route.ts'
import { bulkInsert, type BulkTable } from '../platform/database/engine.ts'
import { fromJson } from '../platform/database/json.ts'
import type { Store } from '../platform/database/store.ts'
import { invalid, notFound } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import type { Reading } from './profile-views.ts'
import type { DecisionsTable, RoutingTables } from './tables.ts'

export type NewDecision = Required<Omit<Insertable<DecisionsTable>, 'id'>>

/** Decisions on their way to the store, and in it. No call waits for either. */
export type Decisions = {
  /** Keeps it in memory until it is written; the oldest goes when there are too many. */
  note(decision: NewDecision): void
  /** Writes what waits; resolves when there is nothing left or the store did not take it. */
  flush(): Promise<void>
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Decision>>
  get(tenantId: number, id: number): Promise<Decision>
  close(): Promise<void>
}

const TABLE: BulkTable = {
  table: 'decisions',
  columns: {
    tenant_id: 'bigint',
    decided_at: 'bigint',
    source: 'text',
    token_id: 'bigint',
    number_raw: 'text',
    e164: 'text',
    number_key: 'text',
    account: 'text',
    dnid: 'text',
    call: 'text',
    at: 'bigint',
    customer_id: 'bigint',
    contact_id: 'bigint',
    profile_id: 'bigint',
    known: 'integer',
    vip: 'integer',
    on_call: 'integer',
    open: 'integer',
    destination: 'text',
    rule: 'text',
    reasons: 'text',
  },
}
const NAMES = Object.keys(TABLE.columns) as (keyof NewDecision)[]
const WRITTEN_AFTER_MS = 250
const RETRY_MS = 2_000
const BATCH = 500
const MOST_WAITING = 20_000
const COLUMNS = { id: 'id', decided_at: 'decided_at' }
const FILTERS = ['number', 'call', 'dnid', 'profile_id', 'rule']

const iso = (at: number) => new Date(at).toISOString()

const toDecision = (row: Selectable<DecisionsTable>): Decision => ({
  id: row.id,
  decided_at: iso(row.decided_at),
  source: row.source,
  number: row.number_raw,
  e164: row.e164,
  account: row.account,
  dnid: row.dnid,
  call: row.call,
  at: iso(row.at),
  customer_id: row.customer_id,
  contact_id: row.contact_id,
  profile_id: row.profile_id,
  known: row.known === 1,
  vip: row.vip === 1,
  on_call: row.on_call === 1,
  open: row.open === 1,
  destination: row.destination === null ? null : fromJson<Destination>(row.destination),
  rule: row.rule,
  reasons: fromJson<string[]>(row.reasons),
})

export function openDecisions(
  store: Store<RoutingTables>,
  { keyOf, log }: { log: Log } & Pick<Reading, 'keyOf'>,
): Decisions {
  let waiting: NewDecision[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<boolean> = Promise.resolve(true)

  /** Writes everything that waits, some rows a transaction; false when the store did not take it. */
  const writeAll = async (): Promise<boolean> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH)
      try {
        const values = batch.flatMap((row) => NAMES.map((name) => row[name]))
        await store.transact(({ db, engine }) => bulkInsert(engine, db as never, TABLE, values))
      } catch (error) {
        log.warn('decisions wait for the store', { error, waiting: waiting.length, dropped })
        return false
      }
      // What was noted meanwhile stands behind the batch, unless the oldest had to go.
      const written = new Set(batch)
      waiting = waiting.filter((row) => !written.has(row))
    }
    return true
  }
  const schedule = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = null
      void flush()
    }, ms)
    timer.unref()
  }
  const flush = async () => {
    writing = writing.then(writeAll)
    if (!(await writing)) schedule(RETRY_MS)
  }
  const own = (tenantId: number) =>
    store.read.selectFrom('decisions').selectAll().where('tenant_id', '=', tenantId)

  return {
    note(decision) {
      if (waiting.length >= MOST_WAITING) {
        waiting.shift()
        dropped += 1
      }
      waiting.push(decision)
      schedule(WRITTEN_AFTER_MS)
    },
    flush,
    async list(tenantId, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: FILTERS })
      const { number, call, dnid, profile_id, rule } = request.filters
      if (profile_id !== undefined && !/^\d{1,15}$/.test(profile_id))
        throw invalid({ 'filter[profile_id]': ['Is an id: a whole number.'] })
      let rows = own(tenantId)
      if (number !== undefined) {
        const key = keyOf(tenantId, number)
        rows = key === null ? rows.where('number_key', 'is', null) : rows.where('number_key', '=', key)
      }
      if (call !== undefined) rows = rows.where('call', '=', call)
      if (dnid !== undefined) rows = rows.where('dnid', '=', dnid)
      if (profile_id !== undefined) rows = rows.where('profile_id', '=', Number(profile_id))
      if (rule !== undefined) rows = rows.where('rule', '=', rule)
      return await readPage(rows, request, COLUMNS, (found) => found.map(toDecision))
    },
    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Decision')
      return toDecision(row)
    },
    async close() {
      if (timer) clearTimeout(timer)
      await flush()
      if (timer) clearTimeout(timer)
    },
  }
}
