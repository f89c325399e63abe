import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { CustomerFile, CustomerFileInput, CustomerFilePatch } from '../../contract/customer-files.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { notFound } from '../platform/errors.ts'
import { readPage } from '../platform/listing.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { occursIn, readFilteredList } from './filters.ts'
import { fold } from './fold.ts'
import type { CustomerFilesTable } from './tables.ts'
import { customerAsked, customerMeant } from './merged-parties.ts'
import { isoTime, lockRow, write, type DirectoryDeps, type DirectoryStore } from './write.ts'

/** What `/api/v1/customer-files` does; the actor's tenant is the one written to. */
export type CustomerFiles = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<CustomerFile>>
  get(tenantId: number, id: number): Promise<CustomerFile>
  create(actor: Actor, input: CustomerFileInput): Promise<Committed<CustomerFile>>
  update(
    actor: Actor,
    id: number,
    patch: CustomerFilePatch,
    condition?: Condition,
  ): Promise<Committed<CustomerFile>>
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
  /** Ids of a customer's files. */
  idsOfCustomer(tenantId: number, customerId: number): Promise<number[]>
  has(tenantId: number, id: number): Promise<boolean>
}

const COLUMNS = { id: 'id', name: 'name_folded', created_at: 'created_at' }

function toCustomerFile(row: Selectable<CustomerFilesTable>): CustomerFile {
  const { id, customer_id, name, site, external_id, comment } = row
  return {
    id,
    customer_id,
    name,
    site,
    external_id,
    comment,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  }
}

function toColumns(input: CustomerFilePatch) {
  const check = openFieldCheck()
  const name = check.required('name', input.name)
  const columns = {
    customer_id: input.customer_id,
    name,
    name_folded: name === undefined ? undefined : fold(name),
    site: check.text('site', input.site),
    external_id: check.text('external_id', input.external_id),
    comment: check.text('comment', input.comment),
  }
  check.done()
  return columns
}

/** Customer files: what a customer's PBXs are provisioned for. Callers are not identified by them. */
export function openCustomerFiles(
  store: DirectoryStore,
  { clock }: Pick<DirectoryDeps, 'clock'>,
): CustomerFiles {
  const own = (tenantId: number) =>
    store.read.selectFrom('customer_files').selectAll().where('tenant_id', '=', tenantId)

  return {
    async list(tenantId, query) {
      const known = { sort: Object.keys(COLUMNS), filters: ['customer_id', 'external_id', 'term_match'] }
      const { request, filters } = readFilteredList(query, known)
      const customer = filters.id('customer_id')
      const external = filters.text('external_id')
      let rows = own(tenantId)
      if (customer !== null)
        rows = rows.where('customer_id', '=', await customerAsked(store.read, tenantId, customer))
      if (external !== null) rows = rows.where('external_id', '=', external)
      for (const word of filters.words('term_match'))
        rows = rows.where(occursIn(word, { folded: ['name_folded'] }))
      return readPage(rows, request, COLUMNS, (found) => found.map(toCustomerFile))
    },
    async idsOfCustomer(tenantId, customerId) {
      const rows = await own(tenantId)
        .clearSelect()
        .select('id')
        .where('customer_id', '=', await customerAsked(store.read, tenantId, customerId))
        .execute()
      return rows.map((row) => row.id)
    },
    has: async (tenantId, id) => (await own(tenantId).where('id', '=', id).executeTakeFirst()) !== undefined,
    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Customer file')
      return toCustomerFile(row)
    },
    async create(actor, input) {
      const columns = toColumns(input)
      const { name = input.name, name_folded = fold(name) } = columns
      return write(store, {}, async (tx) => {
        const customer_id = await customerMeant(tx, actor.tenantId, input.customer_id)
        const now = clock.now()
        const row = await tx.db
          .insertInto('customer_files')
          .values({
            ...columns,
            customer_id,
            name,
            name_folded,
            tenant_id: actor.tenantId,
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        const after = toCustomerFile(row)
        await recordAudit(tx, actor, { action: 'create', entity: 'customer_file', entityId: row.id, after })
        return after
      })
    },
    async update(actor, id, patch, condition = unconditional) {
      const columns = toColumns(patch)
      return write(store, {}, async (tx) => {
        const before = await lockRow(tx, 'customer_files', actor.tenantId, id)
        if (!before) throw notFound('Customer file')
        condition(toCustomerFile(before))
        if (columns.customer_id !== undefined)
          columns.customer_id = await customerMeant(tx, actor.tenantId, columns.customer_id)
        const row = await tx.db
          .updateTable('customer_files')
          .set({ ...columns, updated_at: clock.now() })
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        const act = { before: toCustomerFile(before), after: toCustomerFile(row) }
        await recordAudit(tx, actor, { action: 'update', entity: 'customer_file', entityId: id, ...act })
        return act.after
      })
    },
    async remove(actor, id, condition = unconditional) {
      return write(store, {}, async (tx) => {
        const before = await lockRow(tx, 'customer_files', actor.tenantId, id)
        if (!before) throw notFound('Customer file')
        condition(toCustomerFile(before))
        await tx.db
          .deleteFrom('customer_files')
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .execute()
        await recordAudit(tx, actor, {
          action: 'delete',
          entity: 'customer_file',
          entityId: id,
          before: toCustomerFile(before),
        })
        return null
      })
    },
  }
}
