import { sql } from 'kysely'
import type { Customer } from '../../contract/customers.ts'
import type { CustomerMerge } from '../../contract/merge.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { invalid } from '../platform/errors.ts'
import type { ContactRow } from './contact-shape.ts'
import { mergePhones, sortPhones, valuesOf } from './customer-phones.ts'
import { toCustomer, type CustomerRow } from './customer-shape.ts'
import { accountKey, fold } from './fold.ts'
import { HINTS } from './hints.ts'
import { joinContacts, lockBoth, shareNumber } from './merge-contacts.ts'
import { lockCustomer, redirectParty } from './merged-parties.ts'
import { readPhones, replacePhones } from './party-phones.ts'
import { lockRow, write, type DirectoryDeps, type DirectoryStore, type DirectoryTx } from './write.ts'

type Pair = { into: CustomerRow; from: CustomerRow }

const FILLED = ['external_id', 'category_id', 'comment', ...HINTS] as const
/** Two rows that say the same in all of these are one. */
const SAME_CONTRACT = ['kind', 'reference', 'start_date', 'end_date', 'suspended', 'comment'] as const
const SAME_FILE = ['name_folded', 'site', 'external_id', 'comment'] as const

/** The account the survivor has. 422 on `account` when somebody has to choose, or chose one that neither has. */
function accountAfter({ into, from }: Pair, chosen: string | undefined) {
  const accounts = [into, from].filter((row) => row.account_key !== null)
  const [first, second] = accounts
  if (chosen !== undefined) {
    const row = accounts.find((one) => one.account_key === accountKey(chosen))
    if (!row) throw invalid({ account: ['Is the account of neither customer.'] })
    return { account: row.account, account_key: row.account_key }
  }
  if (first && second)
    throw invalid({
      account: [
        `Both customers have an account: say which one stays, "${first.account}" or "${second.account}".`,
      ],
    })
  return { account: first?.account ?? null, account_key: first?.account_key ?? null }
}

async function mergeNumbers(tx: DirectoryTx, { into, from }: Pair): Promise<void> {
  const tenantId = into.tenant_id
  const phones = await readPhones(tx, tenantId, 'customer_id', [into.id, from.id])
  const present = phones.get(into.id) ?? []
  const ours = sortPhones(present)
  const theirs = sortPhones(phones.get(from.id) ?? [])
  const merged = mergePhones(present, {
    others: [...ours.others, ...(theirs.main ? [theirs.main] : []), ...theirs.others].map(valuesOf),
    extensions: [...ours.extensions, ...theirs.extensions].map(valuesOf),
  })
  if (merged !== null) await replacePhones(tx, { tenantId, owner: 'customer_id', id: into.id }, merged)
}

/** Brings contracts and files over, without those that say the same as one that is there. */
async function moveRecords(tx: DirectoryTx, { into, from }: Pair): Promise<void> {
  for (const [table, columns] of [
    ['contracts', SAME_CONTRACT],
    ['customer_files', SAME_FILE],
  ] as const) {
    const same = columns.map((name) => {
      const [one, other] = [sql.ref(`${table}.${name}`), sql.ref(`theirs.${name}`)]
      return sql<boolean>`(${one} = ${other} or (${one} is null and ${other} is null))`
    })
    const double = sql<boolean>`exists (select 1 from ${sql.table(table)} as theirs
      where theirs.tenant_id = ${into.tenant_id} and theirs.customer_id = ${into.id} and ${sql.join(same, sql` and `)})`
    await tx.db
      .deleteFrom(table)
      .where('tenant_id', '=', from.tenant_id)
      .where('customer_id', '=', from.id)
      .where(double)
      .execute()
    await tx.db
      .updateTable(table)
      .set({ customer_id: into.id })
      .where('tenant_id', '=', from.tenant_id)
      .where('customer_id', '=', from.id)
      .execute()
  }
}

/** Moves the contacts over; answers the ids of all that changed or went. Doubles become one. */
async function moveContacts(tx: DirectoryTx, { into, from }: Pair, now: number): Promise<number[]> {
  const tenantId = into.tenant_id
  const contactsOf = (customerId: number) =>
    tx.db
      .selectFrom('contacts')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('customer_id', '=', customerId)
      .orderBy('id')
      .execute()
  const ours = Map.groupBy(await contactsOf(into.id), (contact) => contact.name_folded)
  const moving = await contactsOf(from.id)
  const named = moving.filter((contact) => ours.has(contact.name_folded))
  const doubles = named.flatMap((contact) => ours.get(contact.name_folded) ?? [])
  const phones = await readPhones(
    tx,
    tenantId,
    'contact_id',
    [...named, ...doubles].map((contact) => contact.id),
  )
  const isSame = (one: ContactRow, other: ContactRow) => {
    const mails = [one, other].map((contact) => (contact.email === null ? null : fold(contact.email)))
    const apart = (some: string | null, others: string | null) =>
      some !== null && others !== null && some !== others
    if (one.name_folded === '' || apart(one.external_id, other.external_id)) return false
    return (
      !apart(mails[0] ?? null, mails[1] ?? null) ||
      shareNumber(phones.get(one.id) ?? [], phones.get(other.id) ?? [])
    )
  }
  const touched: number[] = []
  for (const contact of moving) {
    touched.push(contact.id)
    const group = ours.get(contact.name_folded) ?? []
    const double = group.findIndex((one) => isSame(one, contact))
    const survivor = group[double]
    if (survivor) {
      await joinContacts(tx, survivor, contact, now)
      group[double] = (await lockRow(tx, 'contacts', tenantId, survivor.id)) ?? survivor
      touched.push(survivor.id)
    }
  }
  const keys = [...ours.values()].flat().map((contact) => contact.import_key)
  for (const contact of moving) {
    // A key names one person within a customer: whom an import could mean must not become two.
    const import_key = keys.includes(contact.import_key) ? null : contact.import_key
    await tx.db
      .updateTable('contacts')
      .set({ customer_id: into.id, import_key, updated_at: now })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', contact.id)
      .execute()
  }
  return touched
}

/** Makes one customer of two; answers it. 422 on `from` for one that is not there or is the same, on `account` when it must be chosen. */
export function openCustomerMerge(
  store: DirectoryStore,
  { clock, today }: Pick<DirectoryDeps, 'clock' | 'today'>,
): (actor: Actor, id: number, input: CustomerMerge) => Promise<Committed<Customer>> {
  return (actor, id, { from: fromId, account }) => {
    const { tenantId } = actor
    return write(store, {}, async (tx) => {
      const now = clock.now()
      const [into, from] = await lockBoth<CustomerRow | undefined>([id, fromId], (one) =>
        one === id ? lockCustomer(tx, tenantId, one) : lockRow(tx, 'customers', tenantId, one),
      )
      if (!into || !from) throw invalid({ from: [`There is no customer ${fromId}.`] })
      if (into.id === from.id) throw invalid({ from: ['Is the same customer.'] })
      const pair = { into, from }
      const accounts = accountAfter(pair, account)
      const shown = (row: CustomerRow) => toCustomer(tx, row, today(tenantId))
      const before = { into: await shown(into), from: await shown(from) }
      await mergeNumbers(tx, pair)
      await moveRecords(tx, pair)
      const contacts = await moveContacts(tx, pair, now)
      await redirectParty(tx, 'customer', tenantId, { from: from.id, into: into.id, now })
      await tx.db
        .deleteFrom('customers')
        .where('tenant_id', '=', tenantId)
        .where('id', '=', from.id)
        .execute()
      const fields = Object.fromEntries(FILLED.map((name) => [name, into[name] ?? from[name]]))
      await tx.db
        .updateTable('customers')
        .set({ ...fields, ...accounts, updated_at: now })
        .where('tenant_id', '=', tenantId)
        .where('id', '=', into.id)
        .execute()
      const after = await shown(await lockCustomer(tx, tenantId, into.id))
      await recordAudit(tx, actor, {
        action: 'merge',
        entity: 'customer',
        entityId: into.id,
        before,
        after: { ...after, contacts },
      })
      tx.changed(tenantId, 'contact', contacts)
      tx.changed(tenantId, 'customer', [into.id, from.id])
      return after
    })
  }
}
