import type { Page } from '../../contract/common.ts'
import type { Customer, CustomerInput, CustomerPatch } from '../../contract/customers.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { notFound } from '../platform/errors.ts'
import type { Condition } from '../platform/etag.ts'
import { listCustomers } from './customer-list.ts'
import { toCustomer } from './customer-shape.ts'
import { CUSTOMER_UNIQUES, openCustomerWrites } from './customer-write.ts'
import { lockCustomer, survivorOf } from './merged-parties.ts'
import { write, type DirectoryDeps, type DirectoryStore } from './write.ts'

/** What `/api/v1/customers` does; the actor's tenant is the one written to. */
export type Customers = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Customer>>
  /** An id that was merged away reaches the survivor, here and in `update`. */
  get(tenantId: number, id: number): Promise<Customer>
  create(actor: Actor, input: CustomerInput): Promise<Committed<Customer>>
  update(actor: Actor, id: number, patch: CustomerPatch, condition?: Condition): Promise<Committed<Customer>>
  /** Takes the customer's contacts, contracts and files along. */
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
}

/** Customers, as clients of `/api/v1` read and write them. */
export function openCustomers(store: DirectoryStore, deps: DirectoryDeps): Customers {
  const { today } = deps
  const reading = { db: store.read, engine: store.engine }
  const writes = openCustomerWrites(deps)
  const find = (tenantId: number, id: number) => {
    const rows = store.read.selectFrom('customers').selectAll().where('tenant_id', '=', tenantId)
    return rows.where('id', '=', id).executeTakeFirst()
  }

  return {
    async list(tenantId, query) {
      return listCustomers(store, deps, tenantId, query)
    },
    async get(tenantId, id) {
      const row =
        (await find(tenantId, id)) ??
        (await find(tenantId, (await survivorOf(store.read, 'customer', tenantId, id)) ?? 0))
      if (!row) throw notFound('Customer')
      return toCustomer(reading, row, today(tenantId))
    },
    async create(actor, input) {
      const { tenantId } = actor
      const checked = writes.check(tenantId, input)
      return write(store, CUSTOMER_UNIQUES, async (tx) => {
        const id = await writes.insert(tx, tenantId, checked)
        const after = await writes.load(tx, tenantId, id)
        await recordAudit(tx, actor, { action: 'create', entity: 'customer', entityId: id, after })
        return after
      })
    },
    async update(actor, asked, patch, condition) {
      const { tenantId } = actor
      const checked = writes.check(tenantId, patch)
      return write(store, CUSTOMER_UNIQUES, async (tx) => {
        const { id } = await lockCustomer(tx, tenantId, asked)
        const { before, after } = await writes.update(tx, tenantId, id, checked, condition)
        await recordAudit(tx, actor, { action: 'update', entity: 'customer', entityId: id, before, after })
        return after
      })
    },
    async remove(actor, id, condition) {
      return write(store, {}, async (tx) => {
        const before = await writes.remove(tx, actor.tenantId, id, condition)
        await recordAudit(tx, actor, { action: 'delete', entity: 'customer', entityId: id, before })
        return null
      })
    },
  }
}
