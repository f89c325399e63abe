import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Contract, ContractInput, ContractPatch } from '../../contract/contracts.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { toFlag } from '../platform/database/json.ts'
import type { Committed } from '../platform/committed.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { readPage } from '../platform/listing.ts'
import { contractInForce } from './on-call.ts'
import { dateOf } from './calendar-day.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { readFilteredList } from './filters.ts'
import type { ContractsTable } from './tables.ts'
import { customerAsked, customerMeant } from './merged-parties.ts'
import { isoTime, lockRow, write, type DirectoryDeps, type DirectoryStore } from './write.ts'

/** What `/api/v1/contracts` does; the actor's tenant is the one written to. */
export type Contracts = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Contract>>
  get(tenantId: number, id: number): Promise<Contract>
  create(actor: Actor, input: ContractInput): Promise<Committed<Contract>>
  update(actor: Actor, id: number, patch: ContractPatch, condition?: Condition): Promise<Committed<Contract>>
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
}

type Row = Selectable<ContractsTable>
const COLUMNS = {
  id: 'id',
  customer_id: 'customer_id',
  kind: 'kind',
  created_at: 'created_at',
  updated_at: 'updated_at',
}
const FILTERS = ['customer_id', 'kind', 'active', 'suspended']

function toColumns(input: ContractPatch) {
  const check = openFieldCheck()
  const columns = {
    customer_id: input.customer_id,
    kind: input.kind,
    reference: check.text('reference', input.reference),
    start_date: input.start_date,
    end_date: input.end_date,
    suspended: input.suspended === undefined ? undefined : toFlag(input.suspended),
    comment: check.text('comment', input.comment),
  }
  check.done()
  return columns
}

/** Dates in ISO form compare as text. */
function checkDays(start: string | null, end: string | null): void {
  if (start !== null && end !== null && end < start)
    throw invalid({ end_date: [`Lies before the start, ${start}.`] })
}

/**
 * What customers are entitled to. A contract is in force by its days, so it begins and ends without a write.
 */
export function openContracts(
  store: DirectoryStore,
  { clock, today }: Pick<DirectoryDeps, 'clock' | 'today'>,
): Contracts {
  const own = (tenantId: number) =>
    store.read.selectFrom('contracts').selectAll().where('tenant_id', '=', tenantId)

  const toContract = (row: Row): Contract => {
    const date = dateOf(today(row.tenant_id))
    return {
      id: row.id,
      customer_id: row.customer_id,
      kind: row.kind,
      reference: row.reference,
      start_date: row.start_date,
      end_date: row.end_date,
      suspended: row.suspended === 1,
      active: row.suspended === 0 && (row.start_date ?? date) <= date && date <= (row.end_date ?? date),
      comment: row.comment,
      created_at: isoTime(row.created_at),
      updated_at: isoTime(row.updated_at),
    }
  }

  return {
    async list(tenantId, query) {
      const { request, filters } = readFilteredList(query, { sort: Object.keys(COLUMNS), filters: FILTERS })
      const customer = filters.id('customer_id')
      const kind = filters.text('kind')
      const active = filters.flag('active')
      const suspended = filters.flag('suspended')
      let rows = own(tenantId)
      if (customer !== null)
        rows = rows.where('customer_id', '=', await customerAsked(store.read, tenantId, customer))
      if (kind !== null) rows = rows.where('kind', '=', kind)
      if (suspended !== null) rows = rows.where('suspended', '=', toFlag(suspended))
      if (active !== null) {
        const inForce = contractInForce(dateOf(today(tenantId)))
        rows = rows.where((is) => (active ? inForce : is.not(inForce)))
      }
      return readPage(rows, request, COLUMNS, (found) => found.map(toContract))
    },
    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Contract')
      return toContract(row)
    },
    async create(actor, input) {
      const columns = toColumns(input)
      checkDays(columns.start_date ?? null, columns.end_date ?? null)
      return write(store, {}, async (tx) => {
        const customer_id = await customerMeant(tx, actor.tenantId, input.customer_id)
        const now = clock.now()
        const { kind } = input
        const row = await tx.db
          .insertInto('contracts')
          .values({
            ...columns,
            customer_id,
            kind,
            suspended: columns.suspended ?? 0,
            tenant_id: actor.tenantId,
            from_import: 0,
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await recordAudit(tx, actor, {
          action: 'create',
          entity: 'contract',
          entityId: row.id,
          after: toContract(row),
        })
        tx.changed(actor.tenantId, 'customer', row.customer_id)
        return toContract(row)
      })
    },
    async update(actor, id, patch, condition = unconditional) {
      const columns = toColumns(patch)
      return write(store, {}, async (tx) => {
        const before = await lockRow(tx, 'contracts', actor.tenantId, id)
        if (!before) throw notFound('Contract')
        condition(toContract(before))
        if (columns.customer_id !== undefined)
          columns.customer_id = await customerMeant(tx, actor.tenantId, columns.customer_id)
        const row = await tx.db
          .updateTable('contracts')
          .set({ ...columns, updated_at: clock.now() })
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        checkDays(row.start_date, row.end_date)
        const act = { before: toContract(before), after: toContract(row) }
        await recordAudit(tx, actor, { action: 'update', entity: 'contract', entityId: id, ...act })
        tx.changed(actor.tenantId, 'customer', [...new Set([before.customer_id, row.customer_id])])
        return toContract(row)
      })
    },
    async remove(actor, id, condition = unconditional) {
      return write(store, {}, async (tx) => {
        const before = await lockRow(tx, 'contracts', actor.tenantId, id)
        if (!before) throw notFound('Contract')
        condition(toContract(before))
        await tx.db
          .deleteFrom('contracts')
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .execute()
        await recordAudit(tx, actor, {
          action: 'delete',
          entity: 'contract',
          entityId: id,
          before: toContract(before),
        })
        tx.changed(actor.tenantId, 'customer', before.customer_id)
        return null
      })
    },
  }
}
