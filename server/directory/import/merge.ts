import type { Selectable } from 'kysely'
import { fold } from '../fold.ts'
import { contactName } from '../records.ts'
import type { CategoriesTable, ContactsTable, CustomersTable } from '../tables.ts'
import { namePhones, newPhoneList, type PhoneList } from './phone-list.ts'
import type { Hints } from './hint-cells.ts'
import type { ContactRow, CustomerRow, OnCall, Remark, Row } from './row.ts'

type HintValues = Pick<
  CustomersTable,
  'direct_line' | 'queue_position' | 'route_identifier' | 'backend_link' | 'outbound_number' | 'language'
>
export type CustomerValues = HintValues &
  Pick<CustomersTable, 'account' | 'account_key' | 'name' | 'name_folded' | 'category_id'>
export type ContactValues = HintValues &
  Pick<ContactsTable, 'external_id' | 'import_key' | 'first_name' | 'last_name' | 'name_folded' | 'email'>

/** The on-call contract that imports own. Dates are ISO, null = open. */
export type ContractValues = { start_date: string | null; end_date: string | null; suspended: 0 | 1 }
export type ContractState = { id: number | null; stored: ContractValues | null; next: ContractValues }

/** One customer while a batch is merged into it; `id` null until a new one is given its id. */
export type CustomerState = {
  id: number | null
  stored: CustomerValues | null
  next: CustomerValues
  phones: PhoneList | null
  contract: ContractState | null
  /** On-call contracts made by hand: never touched, and not said a second time. */
  byHand: ContractValues[]
}

export type ContactState = {
  id: number | null
  stored: (ContactValues & { customer_id: number | null }) | null
  next: ContactValues
  customer: CustomerState | null
  phones: PhoneList | null
}

export type CategoryState = Pick<Selectable<CategoriesTable>, 'id' | 'name' | 'vip' | 'builtin'>
export type Categories = {
  byName: Map<string, CategoryState>
  byId: Map<number, CategoryState>
  builtin: CategoryState | null
}

/** Everything the store already has of what the batch names; merging puts new parties in as well. */
export type Found = {
  customers: Map<string, CustomerState>
  contactsById: Map<string, ContactState>
  /** By `contactKey`. */
  contactsByKey: Map<string, ContactState>
  categories: Categories
}

export type Merged = {
  customers: Iterable<CustomerState>
  contacts: Iterable<ContactState>
  warnings: Remark[]
}

const NO_HINTS: HintValues = {
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
}

/** A person is known by key within one customer, or among those of no customer. */
export function contactKey(accountKey: string | null, key: string): string {
  return `${accountKey ?? ''}\n${key}`
}

function mergeHints(next: HintValues, hints: Hints | undefined): void {
  if (hints === undefined) return
  if (hints.direct_line !== undefined) next.direct_line = hints.direct_line
  if (hints.queue_position !== undefined) next.queue_position = hints.queue_position
  if (hints.route_identifier !== undefined) next.route_identifier = hints.route_identifier
  if (hints.backend_link !== undefined) next.backend_link = hints.backend_link
  if (hints.outbound_number !== undefined) next.outbound_number = hints.outbound_number
  if (hints.language !== undefined) next.language = hints.language
}

function newCustomer(row: CustomerRow): CustomerState {
  const name = row.name ?? row.account
  const next = {
    account: row.account,
    account_key: row.key,
    name,
    name_folded: fold(name),
    category_id: null,
    ...NO_HINTS,
  }
  return { id: null, stored: null, next, phones: null, contract: null, byHand: [] }
}

function mergeContract(state: CustomerState, { duty, from, to }: OnCall): void {
  const dated = typeof from === 'string' || typeof to === 'string'
  const current = state.contract
  if (duty === true || (duty === false && dated)) {
    const next: ContractValues = { start_date: from ?? null, end_date: to ?? null, suspended: duty ? 0 : 1 }
    state.contract = { id: current?.id ?? null, stored: current?.stored ?? null, next }
    return
  }
  if (current === null) {
    // Dates in a book that has no flag mean the duty of those days.
    if (dated)
      state.contract = {
        id: null,
        stored: null,
        next: { start_date: from ?? null, end_date: to ?? null, suspended: 0 },
      }
    return
  }
  const { next } = current
  if (duty === false) next.suspended = 1
  if (from !== undefined) next.start_date = from
  if (to !== undefined) next.end_date = to
  // One date alone may pass the other one that was there: then it stands alone.
  if (next.start_date !== null && next.end_date !== null && next.end_date < next.start_date) {
    if (to === undefined) next.end_date = null
    else next.start_date = null
  }
}

/** A category's own flag says who is a VIP; a `vip` cell chooses a category only where none is given. */
function mergeCategory(
  next: CustomerValues,
  row: CustomerRow,
  categories: Categories,
  warn: (reason: string) => void,
): void {
  if (typeof row.category === 'string') {
    const category = categories.byName.get(fold(row.category))
    if (category === undefined) throw new Error(`the category ${row.category} was not made`)
    next.category_id = category.id
    if (typeof row.vip === 'boolean' && row.vip !== (category.vip === 1)) {
      warn(
        `vip is ${row.vip ? 1 : 0}, but the category "${category.name}" ${category.vip === 1 ? 'is' : 'is not'} one of VIPs, and it decides.`,
      )
    }
    return
  }
  if (row.category === null) next.category_id = null
  if (row.vip === undefined) return
  const current = next.category_id === null ? null : (categories.byId.get(next.category_id) ?? null)
  if (row.vip === true) {
    if (current?.vip !== 1) next.category_id = categories.builtin?.id ?? null
  } else if (current?.builtin === 'vip') next.category_id = null
  else if (current?.vip === 1 && row.vip === false)
    warn(`vip is 0, but the customer's category "${current.name}" is one of VIPs, and it decides.`)
}

function mergeCustomer(
  state: CustomerState,
  row: CustomerRow,
  categories: Categories,
  warn: (reason: string) => void,
): void {
  const { next } = state
  if (row.name !== undefined && row.name !== next.name) {
    next.name = row.name
    next.name_folded = fold(row.name)
  }
  mergeHints(next, row.hints)
  mergeCategory(next, row, categories, warn)
  if (row.onCall !== undefined) mergeContract(state, row.onCall)
  if (row.phones !== undefined) namePhones((state.phones ??= newPhoneList()), 'numbers', row.phones)
  if (row.extensions !== undefined)
    namePhones((state.phones ??= newPhoneList()), 'extensions', row.extensions)
}

function mergeContact(state: ContactState, row: ContactRow): void {
  const { next } = state
  if (row.externalId !== null) next.external_id = row.externalId
  if (row.firstName !== undefined) next.first_name = row.firstName
  if (row.lastName !== undefined) next.last_name = row.lastName
  if (row.email !== undefined) next.email = row.email
  if (row.key !== null && (next.import_key === null || row.key.startsWith('name '))) next.import_key = row.key
  const name = contactName(next)
  next.name_folded = name === row.name ? row.nameFolded : fold(name)
  mergeHints(next, row.hints)
  if (row.phones !== undefined) namePhones((state.phones ??= newPhoneList()), 'numbers', row.phones)
}

/** Whom the row means: by id first; by key when neither side's id says that it is somebody else. */
function contactOf(found: Found, row: ContactRow, customer: CustomerState | null): ContactState | null {
  const byId = row.externalId === null ? undefined : found.contactsById.get(row.externalId)
  if (byId) return byId
  if (row.key === null) return null
  const byKey = found.contactsByKey.get(contactKey(customer?.next.account_key ?? null, row.key))
  if (!byKey) return null
  return row.externalId === null || byKey.next.external_id === null ? byKey : null
}

/** Merges the rows of one batch, in order, into what was found. Pure but for `found`, which it fills. */
export function mergeBatch(rows: Row[], found: Found): Merged {
  const customers = new Set<CustomerState>()
  const contacts = new Set<ContactState>()
  const warnings: Remark[] = []
  for (const row of rows) {
    let customer: CustomerState | null = null
    if (row.customer !== null) {
      const { key } = row.customer
      customer = found.customers.get(key) ?? newCustomer(row.customer)
      found.customers.set(key, customer)
      customers.add(customer)
      mergeCustomer(customer, row.customer, found.categories, (reason) =>
        warnings.push({ line: row.line, code: 'category_decides', reason }),
      )
    }
    if (row.contact === null) continue
    let contact = contactOf(found, row.contact, customer)
    if (contact === null) {
      const next = {
        external_id: null,
        import_key: null,
        first_name: null,
        last_name: null,
        name_folded: '',
        email: null,
        ...NO_HINTS,
      }
      contact = { id: null, stored: null, next, customer, phones: null }
    } else if (customer !== null) contact.customer = customer
    contacts.add(contact)
    mergeContact(contact, row.contact)
    if (contact.next.external_id !== null) found.contactsById.set(contact.next.external_id, contact)
    if (contact.next.import_key !== null) {
      found.contactsByKey.set(
        contactKey(contact.customer?.next.account_key ?? null, contact.next.import_key),
        contact,
      )
    }
  }
  return { customers, contacts, warnings }
}

/** Categories that rows name and nobody has made yet; one is of VIPs when the first row that names it says vip = 1. */
export function missingCategories(
  rows: Row[],
  known: Categories,
): { name: string; folded: string; vip: boolean }[] {
  const missing = new Map<string, { name: string; folded: string; vip: boolean }>()
  let last: string | null = null
  for (const { customer } of rows) {
    // Rows of one customer repeat its category.
    if (customer === null || typeof customer.category !== 'string' || customer.category === last) continue
    last = customer.category
    const folded = fold(customer.category)
    if (known.byName.has(folded) || missing.has(folded)) continue
    missing.set(folded, { name: customer.category, folded, vip: customer.vip === true })
  }
  return [...missing.values()]
}

/** Whether some row needs the category the hub itself makes for VIPs. */
export function needsBuiltin(rows: Row[], known: Categories): boolean {
  return (
    known.builtin === null &&
    rows.some(({ customer }) => customer?.vip === true && typeof customer.category !== 'string')
  )
}
