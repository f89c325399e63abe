import type { Page } from '../../contract/common.ts'
import { isTrue } from '../../contract/common.ts'
import type { Customer, CustomerInput, CustomerPatch } from '../../contract/customers.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { takePartyIds } from '../platform/database/engine.ts'
import { toFlag } from '../platform/database/json.ts'
import type { Committed } from '../platform/committed.ts'
import { notFound } from '../platform/errors.ts'
import { listCustomers } from './customer-list.ts'
import { mergePhones, readPhoneFields, type WrittenPhones } from './customer-phones.ts'
import { categoryAfter, settleOnCall } from './customer-rules.ts'
import { toCustomer } from './customer-shape.ts'
import { openFieldCheck } from './field-check.ts'
import { accountKey, fold } from './fold.ts'
import { hintColumns } from './hints.ts'
import { lockCustomer, survivorOf } from './merged-parties.ts'
import { readPhones, replacePhones } from './party-phones.ts'
import { lockRow, write, type DirectoryDeps, type DirectoryStore, type DirectoryTx } from './write.ts'

/** What `/api/v1/customers` does; the actor's tenant is the one written to. */
export type Customers = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Customer>>
  /** An id that was merged away reaches the survivor, here and in `update`. */
  get(tenantId: number, id: number): Promise<Customer>
  create(actor: Actor, input: CustomerInput): Promise<Committed<Customer>>
  update(actor: Actor, id: number, patch: CustomerPatch): Promise<Committed<Customer>>
  /** Takes the customer's contacts, contracts and files along. */
  remove(actor: Actor, id: number): Promise<Committed<null>>
}

const UNIQUES = {
  account: { field: 'customer_account', message: 'Another customer has this account.' },
  external_id: { field: 'external_id', message: 'Another customer has this external id.' },
}

/** Columns and numbers of a write; what it does not name stays undefined. */
function read(input: CustomerPatch, country: string | null) {
  const check = openFieldCheck()
  const name = check.required('name', input.name)
  const account = check.text('customer_account', input.customer_account)
  const columns = {
    name,
    name_folded: name === undefined ? undefined : fold(name),
    account,
    account_key: account ? accountKey(account) : account,
    external_id: check.text('external_id', input.external_id),
    ...hintColumns(check, input),
    active: input.active === undefined ? undefined : toFlag(isTrue(input.active)),
    comment: check.text('comment', input.comment),
  }
  const phones = readPhoneFields(check, input, country)
  check.done()
  return { columns, phones }
}

async function writePhones(
  tx: DirectoryTx,
  tenantId: number,
  id: number,
  written: WrittenPhones,
): Promise<void> {
  const present = await readPhones(tx, tenantId, 'customer_id', [id])
  const phones = mergePhones(present.get(id) ?? [], written)
  if (phones !== null) await replacePhones(tx, { tenantId, owner: 'customer_id', id }, phones)
}

/** Customers, as clients of `/api/v1` read and write them. */
export function openCustomers(store: DirectoryStore, deps: DirectoryDeps): Customers {
  const { clock, country, today } = deps
  const reading = { db: store.read, engine: store.engine }

  const load = async (tx: DirectoryTx, tenantId: number, id: number): Promise<Customer> => {
    const row = await lockRow(tx, 'customers', tenantId, id)
    if (!row) throw notFound('Customer')
    return toCustomer(tx, row, today(tenantId))
  }
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
      const { columns, phones } = read(input, country(tenantId))
      const { name = input.name, name_folded = fold(name), active = 1 } = columns
      return write(store, UNIQUES, async (tx) => {
        const now = clock.now()
        const category_id = await categoryAfter(tx, tenantId, { ...input, present: null }, now)
        const [id] = await takePartyIds(tx.engine, tx.db as never, 1)
        if (id === undefined) throw new Error('no party id was given')
        await tx.db
          .insertInto('customers')
          .values({
            ...columns,
            id,
            tenant_id: tenantId,
            name,
            name_folded,
            active,
            category_id,
            created_at: now,
            updated_at: now,
          })
          .execute()
        await writePhones(tx, tenantId, id, phones)
        await settleOnCall(tx, tenantId, id, input.on_call_duty, { today: today(tenantId), now })
        const after = await load(tx, tenantId, id)
        await recordAudit(tx, actor, { action: 'create', entity: 'customer', entityId: id, after })
        tx.changed(tenantId, 'customer', id)
        return after
      })
    },
    async update(actor, asked, patch) {
      const { tenantId } = actor
      const { columns, phones } = read(patch, country(tenantId))
      return write(store, UNIQUES, async (tx) => {
        const now = clock.now()
        const { id } = await lockCustomer(tx, tenantId, asked)
        const before = await load(tx, tenantId, id)
        const category_id = await categoryAfter(tx, tenantId, { ...patch, present: before.category_id }, now)
        await tx.db
          .updateTable('customers')
          .set({ ...columns, category_id, updated_at: now })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .execute()
        await writePhones(tx, tenantId, id, phones)
        await settleOnCall(tx, tenantId, id, patch.on_call_duty, { today: today(tenantId), now })
        const after = await load(tx, tenantId, id)
        await recordAudit(tx, actor, { action: 'update', entity: 'customer', entityId: id, before, after })
        tx.changed(tenantId, 'customer', id)
        return after
      })
    },
    async remove(actor, id) {
      const { tenantId } = actor
      return write(store, {}, async (tx) => {
        const before = await load(tx, tenantId, id)
        const gone = await tx.db
          .deleteFrom('contacts')
          .where('tenant_id', '=', tenantId)
          .where('customer_id', '=', id)
          .returning('id')
          .execute()
        const contacts = gone.map((row) => row.id)
        await tx.db.deleteFrom('customers').where('tenant_id', '=', tenantId).where('id', '=', id).execute()
        await recordAudit(tx, actor, {
          action: 'delete',
          entity: 'customer',
          entityId: id,
          before: { ...before, contacts },
        })
        tx.changed(tenantId, 'contact', contacts)
        tx.changed(tenantId, 'customer', id)
        return null
      })
    },
  }
}
