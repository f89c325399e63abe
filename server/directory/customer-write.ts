import type { Customer, CustomerInput, CustomerPatch } from '../../contract/customers.ts'
import { isTrue } from '../../contract/common.ts'
import { takePartyIds } from '../platform/database/engine.ts'
import { toFlag } from '../platform/database/json.ts'
import { notFound } from '../platform/errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { mergePhones, readPhoneFields, type WrittenPhones } from './customer-phones.ts'
import { categoryAfter, settleOnCall } from './customer-rules.ts'
import { toCustomer, type CustomerRow } from './customer-shape.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import type { Uniques } from '../platform/refusal.ts'
import { accountKey, fold } from './fold.ts'
import { hintColumns } from './hints.ts'
import { addPhones, readPhones, replacePhones } from './party-phones.ts'
import { differs, lockRow, type DirectoryDeps, type DirectoryTx } from './write.ts'

/** What a second customer with the same account or external id is told. */
export const CUSTOMER_UNIQUES: Uniques = {
  account: { field: 'customer_account', message: 'Another customer has this account.' },
  external_id: { field: 'external_id', message: 'Another customer has this external id.' },
}

/** Columns and numbers of a write; what it does not name stays undefined. */
function readFields(input: CustomerPatch, country: string | null) {
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

/** A write whose fields were looked at and found good: `validation_failed` comes before any transaction. */
export type CheckedCustomer<Input extends CustomerPatch = CustomerPatch> = ReturnType<typeof readFields> & {
  input: Input
}

/** The row of a new customer; columns that are not written stay undefined. */
export function newCustomerRow(
  { input, columns }: Pick<CheckedCustomer<CustomerInput>, 'input' | 'columns'>,
  {
    id,
    tenantId,
    category_id,
    now,
  }: { id: number; tenantId: number; category_id: number | null; now: number },
) {
  const { name = input.name, name_folded = fold(name), active = 1 } = columns
  const fresh = { id, tenant_id: tenantId, category_id, created_at: now, updated_at: now }
  return { ...columns, ...fresh, name, name_folded, active }
}

/**
 * The rules by which customers are written, inside a transaction of the caller's, which records the act. The change
 * feed is told.
 */
export type CustomerWrites = {
  check<Input extends CustomerPatch>(tenantId: number, input: Input): CheckedCustomer<Input>
  /** Answers the new one's id. */
  insert(tx: DirectoryTx, tenantId: number, written: CheckedCustomer<CustomerInput>): Promise<number>
  /** The customer as it now is, locked. HubError `not_found`. */
  load(tx: DirectoryTx, tenantId: number, id: number): Promise<Customer>
  /** The row, locked, and whether an update would, or might, change anything of it; null when it is not there. */
  compare(
    tx: DirectoryTx,
    tenantId: number,
    id: number,
    written: CheckedCustomer,
  ): Promise<{ row: CustomerRow; isChange: boolean } | null>
  update(
    tx: DirectoryTx,
    tenantId: number,
    id: number,
    written: CheckedCustomer,
    condition?: Condition,
  ): Promise<{ before: Customer; after: Customer }>
  /** Takes the customer's contacts, contracts and files along; answers what was there, with the contacts' ids. */
  remove(
    tx: DirectoryTx,
    tenantId: number,
    id: number,
    condition?: Condition,
  ): Promise<Customer & { contacts: number[] }>
}

export function openCustomerWrites({ clock, country, today }: DirectoryDeps): CustomerWrites {
  const load = async (tx: DirectoryTx, tenantId: number, id: number): Promise<Customer> => {
    const row = await lockRow(tx, 'customers', tenantId, id)
    if (!row) throw notFound('Customer')
    return toCustomer(tx, row, today(tenantId))
  }

  return {
    check: (tenantId, input) => ({ ...readFields(input, country(tenantId)), input }),
    async insert(tx, tenantId, { input, columns, phones }) {
      const now = clock.now()
      const category_id = await categoryAfter(tx, tenantId, { ...input, present: null }, now)
      const [id] = await takePartyIds(tx.engine, tx.db as never, 1)
      if (id === undefined) throw new Error('no party id was given')
      const row = newCustomerRow({ input, columns }, { id, tenantId, category_id, now })
      await tx.db.insertInto('customers').values(row).execute()
      await addPhones(tx, { tenantId, owner: 'customer_id', id }, mergePhones([], phones) ?? [])
      await settleOnCall(tx, tenantId, id, input.on_call_duty, { today: today(tenantId), now })
      tx.changed(tenantId, 'customer', id)
      return id
    },
    load,
    async compare(tx, tenantId, id, { input, columns, phones }) {
      const row = await lockRow(tx, 'customers', tenantId, id)
      if (!row) return null
      const { vip, on_call_duty, category_id } = input
      const isRuled = vip !== undefined || on_call_duty !== undefined
      if (isRuled || differs(row, { ...columns, category_id })) return { row, isChange: true }
      if (Object.values(phones).every((some) => some === undefined)) return { row, isChange: false }
      const present = await readPhones(tx, tenantId, 'customer_id', [id])
      return { row, isChange: mergePhones(present.get(id) ?? [], phones) !== null }
    },
    async update(tx, tenantId, id, { input, columns, phones }, condition = unconditional) {
      const now = clock.now()
      const before = await load(tx, tenantId, id)
      condition(before)
      const category_id = await categoryAfter(tx, tenantId, { ...input, present: before.category_id }, now)
      await tx.db
        .updateTable('customers')
        .set({ ...columns, category_id, updated_at: now })
        .where('tenant_id', '=', tenantId)
        .where('id', '=', id)
        .execute()
      await writePhones(tx, tenantId, id, phones)
      await settleOnCall(tx, tenantId, id, input.on_call_duty, { today: today(tenantId), now })
      tx.changed(tenantId, 'customer', id)
      return { before, after: await load(tx, tenantId, id) }
    },
    async remove(tx, tenantId, id, condition = unconditional) {
      const before = await load(tx, tenantId, id)
      condition(before)
      const gone = await tx.db
        .deleteFrom('contacts')
        .where('tenant_id', '=', tenantId)
        .where('customer_id', '=', id)
        .returning('id')
        .execute()
      const contacts = gone.map((row) => row.id)
      await tx.db.deleteFrom('customers').where('tenant_id', '=', tenantId).where('id', '=', id).execute()
      tx.changed(tenantId, 'contact', contacts)
      tx.changed(tenantId, 'customer', id)
      return { ...before, contacts }
    },
  }
}
