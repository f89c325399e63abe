import type {
  BulkContact,
  BulkContactRemoval,
  BulkCustomer,
  BulkCustomerRemoval,
  BulkLine,
} from '../../contract/bulk.ts'
import { isTrue } from '../../contract/common.ts'
import type { CustomerInput } from '../../contract/customers.ts'
import { takePartyIds } from '../platform/database/engine.ts'
import type { HubError } from '../platform/errors.ts'
import type { Done } from './bulk-apart.ts'
import type { BulkKeys, PartyKeys } from './bulk-keys.ts'
import { readPresent } from './bulk-present.ts'
import {
  CONTACT_CHANGES,
  CUSTOMER_CHANGES,
  insertTogether,
  NEW_CONTACTS,
  NEW_CUSTOMERS,
  NEW_PHONES,
  removeTogether,
  updateTogether,
} from './bulk-tables.ts'
import {
  checkNamed,
  checkNewContact,
  newContactRow,
  type CheckedContact,
  type ContactWrites,
} from './contact-write.ts'
import { mergePhones } from './customer-phones.ts'
import { BUILTIN, ruleCategory } from './customer-rules.ts'
import { newCustomerRow, type CustomerWrites } from './customer-write.ts'
import { fold } from './fold.ts'
import type { Owner, PhoneRow } from './party-phones.ts'
import type { PhoneValues } from './phones.ts'
import { contactName } from './records.ts'
import { differs, type DirectoryTx } from './write.ts'

type Taken = { status: Done['status']; id: number }

/** The lines of one transaction that need no look of their own: written with a statement a table, however many they are. */
export type BulkGroup = {
  /**
   * Takes a line in and answers what `write` will make of it; null = it is to be written by itself, behind those taken
   * in so far. Throws HubError for a line that is refused.
   */
  take(line: BulkLine, asNew: HubError | null): Promise<Taken | null>
  /** Writes what was taken in since the last time; answers the ids the feed must hear of. Throws when one cannot be. */
  write(): Promise<{ customer: number[]; contact: number[] }>
}

type BulkRemoval = BulkContactRemoval | BulkCustomerRemoval
type Rules = {
  now: number
  tenantId: number
  keys: BulkKeys
  customers: Pick<CustomerWrites, 'check'>
  contacts: Pick<ContactWrites, 'check'>
  /** ISO date in the tenant's zone. */
  today: string
}

/** What is shown of a contact's number. */
const shown = ({ kind, label, raw, e164 }: PhoneValues) => JSON.stringify([kind, label, raw, e164])
const isShownOtherwise = (before: PhoneRow[], after: PhoneValues[]) =>
  before.length !== after.length || after.some((phone, i) => shown(phone) !== shown(before[i]!))

/** Columns that are written, without those that are made of another one. */
function saidIn(columns: object): object {
  const made = ['name_folded', 'account_key']
  return Object.fromEntries(Object.entries(columns).filter(([name]) => !made.includes(name)))
}

/** A row after a write: undefined columns stay as they are. */
function rowAfter<Row extends object>(row: Row, columns: object): Row {
  return { ...row, ...Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)) }
}

/** Somebody found by other keys than before: those behind must be looked up anew. */
const isRenamed = (row: Record<string, unknown>, columns: Record<string, unknown>) =>
  ['account', 'external_id'].some((name) => columns[name] !== undefined && columns[name] !== row[name])

const byKey = (row: Partial<PartyKeys>) => row.account_key ?? row.external_id ?? ''
/** Two who push the same book wait for each other instead of ending in a deadlock. */
const inOrder = <Row extends Partial<PartyKeys>>(rows: Row[]) =>
  rows.toSorted((one, other) => (byKey(one) < byKey(other) ? -1 : 1))

export async function openBulkGroup(tx: DirectoryTx, lines: BulkLine[], rules: Rules): Promise<BulkGroup> {
  const { now, tenantId, keys, customers, contacts, today } = rules
  const present = await readPresent(tx, lines, { tenantId, keys, today })
  /** Parties that a line has touched: what was read of them is no longer what is there. */
  const touched = new Set<number>()
  /** Lines behind the one that is being taken in. */
  let left = lines.filter((line) => line.op === 'upsert').length
  const ids: number[] = []
  const newId = async (): Promise<number> => {
    if (ids.length === 0) ids.push(...(await takePartyIds(tx.engine, tx.db as never, left + 1)))
    const id = ids.shift()
    if (id === undefined) throw new Error('no party id was given')
    return id
  }

  const nothing = () => ({
    newCustomers: [] as ReturnType<typeof newCustomerRow>[],
    newContacts: [] as ReturnType<typeof newContactRow>[],
    customers: [] as { id: number }[],
    contacts: [] as { id: number; name_folded: string }[],
    renumbered: { customer_id: [] as number[], contact_id: [] as number[] },
    phones: [] as object[],
    goneCustomers: [] as number[],
    goneContacts: [] as number[],
  })
  let taken = nothing()
  const givePhones = (owner: Owner, id: number, phones: PhoneValues[]) => {
    const whose = { tenant_id: tenantId, customer_id: null, contact_id: null, [owner]: id }
    taken.phones.push(...phones.map((phone) => ({ ...phone, ...whose })))
  }

  const takeCustomer = async (line: BulkCustomer, asNew: HubError | null): Promise<Taken | null> => {
    const { id, isStill } = await keys.target(line)
    if (id === null && asNew) throw asNew
    const { op: _op, type: _type, ...fields } = line
    const row = id === null ? null : present.customers.get(id)
    if (row === undefined || (row && (touched.has(row.id) || !isStill(row)))) return null
    const checked = customers.check(tenantId, fields as CustomerInput)
    const { columns, input } = checked
    if (row && isRenamed(row, columns)) return null
    const onCall = row !== null && present.onCall.has(row.id)
    if (input.on_call_duty !== undefined && isTrue(input.on_call_duty) !== onCall) return null

    const wanted = { ...input, present: row?.category_id ?? null }
    const named = wanted.category_id === undefined ? wanted.present : wanted.category_id
    const ruled = ruleCategory(wanted, named === null ? null : present.categories.get(named))
    const category_id = ruled === BUILTIN ? present.builtin : ruled
    if (ruled === BUILTIN && category_id === null) return null

    if (row === null) {
      const made = await newId()
      taken.newCustomers.push(newCustomerRow(checked, { id: made, tenantId, category_id, now }))
      givePhones('customer_id', made, mergePhones([], checked.phones) ?? [])
      keys.learn(line, made)
      touched.add(made)
      return { status: 'created', id: made }
    }
    const phones = mergePhones(present.phones.customer_id.get(row.id) ?? [], checked.phones)
    if (phones === null && !differs(row, { ...saidIn(columns), category_id }))
      return { status: 'unchanged', id: row.id }
    taken.customers.push(rowAfter(row, { ...columns, category_id, updated_at: now }))
    if (phones !== null) {
      taken.renumbered.customer_id.push(row.id)
      givePhones('customer_id', row.id, phones)
    }
    touched.add(row.id)
    return { status: 'updated', id: row.id }
  }

  const insertContact = async (line: BulkContact, checked: CheckedContact): Promise<Taken> => {
    checkNewContact(checked)
    const id = await newId()
    taken.newContacts.push(newContactRow(checked, { id, tenantId, now }))
    givePhones('contact_id', id, checked.phones ?? [])
    keys.learn(line, id)
    touched.add(id)
    return { status: 'created', id }
  }

  const takeContact = async (line: BulkContact): Promise<Taken | null> => {
    const { id, isStill } = await keys.target(line)
    const row = id === null ? null : present.contacts.get(id)
    if (row === undefined || (row && (touched.has(row.id) || !isStill(row)))) return null
    const checked = contacts.check(tenantId, await keys.contactFields(line))
    // By an account it was found a moment ago, or made by a line before.
    if (typeof line.customer_id === 'number' && !present.named.has(line.customer_id)) return null
    if (row === null) return insertContact(line, checked)
    const { columns, phones } = checked
    if (isRenamed(row, columns)) return null
    const before = present.phones.contact_id.get(row.id) ?? []
    if (!differs(row, saidIn(columns)) && !(phones && isShownOtherwise(before, phones)))
      return { status: 'unchanged', id: row.id }
    const after = rowAfter(row, { ...columns, updated_at: now })
    checkNamed({ ...after, phones: phones ?? before })
    taken.contacts.push({ ...after, name_folded: fold(contactName(after)) })
    if (phones) {
      taken.renumbered.contact_id.push(row.id)
      givePhones('contact_id', row.id, phones)
    }
    touched.add(row.id)
    return { status: 'updated', id: row.id }
  }

  const takeRemoval = async (line: BulkRemoval): Promise<Taken | null> => {
    const { id, isStill } = await keys.target(line)
    const table = line.type === 'customer' ? 'customers' : 'contacts'
    const row = id === null ? undefined : present[table].get(id)
    if (!row || touched.has(row.id) || !isStill(row)) return null
    keys.free(table, row)
    touched.add(row.id)
    if (table === 'contacts') taken.goneContacts.push(row.id)
    else {
      taken.goneCustomers.push(row.id)
      present.named.delete(row.id)
      for (const contact of present.contacts.values())
        if (contact.customer_id === row.id) touched.add(contact.id)
    }
    return { status: 'deleted', id: row.id }
  }

  const takeLine = (line: BulkLine, asNew: HubError | null): Promise<Taken | null> => {
    if (line.op === 'delete') return takeRemoval(line)
    return line.type === 'customer' ? takeCustomer(line, asNew) : takeContact(line)
  }

  return {
    async take(line, asNew) {
      if (line.op === 'upsert') left--
      // What lines before have moved is in the store alone.
      if (!keys.areKnown()) return null
      const done = await takeLine(line, asNew)
      if (done === null) {
        const { id } = await keys.target(line)
        if (id !== null) touched.add(id)
      }
      return done
    },
    async write() {
      const mine = taken
      taken = nothing()
      // A customer takes its contacts along.
      const orphans = await removeTogether(tx, tenantId, 'contacts', 'customer_id', mine.goneCustomers)
      await removeTogether(tx, tenantId, 'contacts', 'id', mine.goneContacts)
      await removeTogether(tx, tenantId, 'customers', 'id', mine.goneCustomers)
      await insertTogether(tx, NEW_CUSTOMERS, inOrder(mine.newCustomers))
      await updateTogether(tx, CUSTOMER_CHANGES, mine.customers)
      await insertTogether(tx, NEW_CONTACTS, inOrder(mine.newContacts))
      await updateTogether(tx, CONTACT_CHANGES, mine.contacts)
      for (const owner of ['customer_id', 'contact_id'] as const)
        await removeTogether(tx, tenantId, 'phones', owner, mine.renumbered[owner])
      await insertTogether(tx, NEW_PHONES, mine.phones)
      const idsOf = (...rows: { id: number }[][]) => rows.flat().map(({ id }) => id)
      return {
        customer: [...idsOf(mine.newCustomers, mine.customers), ...mine.goneCustomers],
        contact: [...idsOf(mine.newContacts, mine.contacts), ...mine.goneContacts, ...orphans],
      }
    },
  }
}
