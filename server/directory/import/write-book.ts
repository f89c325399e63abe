import type { Selectable } from 'kysely'
import { isOneOf } from '../../platform/database/engine.ts'
import type { Store } from '../../platform/database/store.ts'
import { ON_CALL_DUTY } from '../on-call.ts'
import { EXTENSION, MAIN } from '../phones.ts'
import type {
  CategoriesTable,
  ContactsTable,
  ContractsTable,
  CustomersTable,
  DirectoryTables,
  PhonesTable,
} from '../tables.ts'
import { COLUMNS, type Column } from './columns.ts'
import { writeExtensionCell, writePhoneCells } from './write-phones.ts'

type Cells = Partial<Record<Column, string | number | null>>
type Customer = Selectable<CustomersTable>
type Contact = Selectable<ContactsTable>
type Phone = Selectable<PhonesTable>
type Contract = Selectable<ContractsTable>
type Reading = { store: Store<DirectoryTables>; tenantId: number; country: string | null }

const PAGE = 200
const HEADER = Object.keys(COLUMNS) as Column[]

/** Its text is not altered: a cell is quoted where any reader could take it for something else. */
function cellText(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? '' : String(value)
  return /[",;\t\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}

const lineOf = (cells: Cells): string => `${HEADER.map((column) => cellText(cells[column])).join(',')}\r\n`

/**
 * A tenant's active customers and contacts as a book in the columns of an import: a row per contact with its customer,
 * a row of its own for a customer that has none or has routing hints, and at the end contacts of no customer. Read in
 * pages by id, some rows at a time; `country` is the one in whose form the book's numbers will be read again.
 */
export async function* writeBook(reading: Reading): AsyncGenerator<string> {
  yield `${HEADER.join(',')}\r\n`
  const { store, tenantId } = reading
  const rows = await store.read
    .selectFrom('categories')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .execute()
  const categories = new Map(rows.map((row) => [row.id, row]))
  for (let after = 0; ;) {
    const customers = await store.read
      .selectFrom('customers')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('active', '=', 1)
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute()
    const last = customers.at(-1)
    if (last === undefined) break
    yield await linesOfCustomers(reading, customers, categories)
    after = last.id
  }
  for (let after = 0; ;) {
    const contacts = await store.read
      .selectFrom('contacts')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('customer_id', 'is', null)
      .where('active', '=', 1)
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute()
    const last = contacts.at(-1)
    if (last === undefined) return
    const phones = await phonesOf(reading, 'contact_id', contacts)
    yield contacts.map((contact) => linesOfContact(reading, {}, contact, phones)).join('')
    after = last.id
  }
}

async function linesOfCustomers(
  reading: Reading,
  customers: Customer[],
  categories: Map<number, Selectable<CategoriesTable>>,
): Promise<string> {
  const { store, tenantId, country } = reading
  const ids = customers.map(({ id }) => id)
  const contacts = await store.read
    .selectFrom('contacts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(store.engine, 'customer_id', ids, 'bigint'))
    .where('active', '=', 1)
    .execute()
  contacts.sort((one, other) => one.id - other.id)
  const byCustomer = Map.groupBy(contacts, (contact) => contact.customer_id ?? 0)
  const contracts = await contractsOf(reading, ids)
  const phones = await phonesOf(reading, 'customer_id', customers)
  const contactPhones = await phonesOf(reading, 'contact_id', contacts)
  const lines: string[] = []
  for (const customer of customers) {
    const numbers = phones.get(customer.id) ?? []
    const [first = '', ...more] = writePhoneCells(
      numbers.filter(({ kind }) => kind !== EXTENSION),
      MAIN,
      country,
    )
    const extensions = numbers.filter(({ kind }) => kind === EXTENSION)
    const cells: Cells = {
      customer_account: customer.account,
      customer_name: customer.name,
      customer_phone: first,
      extensions: writeExtensionCell(extensions),
      ...categoryCells(customer.category_id === null ? null : (categories.get(customer.category_id) ?? null)),
      ...onCallCells(contracts.get(customer.id) ?? []),
    }
    const persons = byCustomer.get(customer.id) ?? []
    const hints = hintCells(customer)
    // A row with a contact gives its hints to the contact.
    const needsItsOwn = Object.values(hints).some((hint) => hint !== null) || more.length > 0
    const ofPersons = persons
      .map((contact) => linesOfContact(reading, cells, contact, contactPhones))
      .join('')
    if (ofPersons === '' || needsItsOwn)
      for (const cell of [first, ...more]) lines.push(lineOf({ ...cells, ...hints, customer_phone: cell }))
    lines.push(ofPersons)
  }
  return lines.join('')
}

/** Nothing for somebody whom no import could tell from others: without id, name, address and number. */
function linesOfContact(
  { country }: Reading,
  ofCustomer: Cells,
  contact: Contact,
  phones: Map<number, Phone[]>,
): string {
  const { external_id, first_name, last_name, email } = contact
  const isNamed = [external_id, first_name, last_name].some((text) => text !== null && text !== '')
  const numbers = phones.get(contact.id) ?? []
  if (!isNamed && !email && numbers.length === 0) return ''
  const cells = writePhoneCells(numbers, 'phone', country)
  return cells
    .map((cell) =>
      lineOf({
        ...ofCustomer,
        contact_id: external_id,
        first_name,
        last_name,
        contact_phones: cell,
        email,
        ...hintCells(contact),
      }),
    )
    .join('')
}

function hintCells(of: Customer | Contact) {
  const { direct_line, queue_position, route_identifier, backend_link, outbound_number, language } = of
  return {
    direct_line,
    queue_position,
    route_identifier,
    backend_link,
    outbound_number,
    language,
  } satisfies Cells
}

/** The category that the hub makes for VIPs is named by `vip` alone: so the import makes it as well. */
function categoryCells(category: Selectable<CategoriesTable> | null): Cells {
  if (category === null) return { vip: 0 }
  const isBuiltin = category.builtin === 'vip' && category.vip === 1
  return { category: isBuiltin ? null : category.name, vip: category.vip }
}

/** The contract that imports own, else the first made by hand: a book has room for one. */
function onCallCells(contracts: Contract[]): Cells {
  const contract = contracts.find(({ from_import }) => from_import === 1) ?? contracts[0]
  if (contract === undefined) return { on_call_duty: 0 }
  const { suspended, start_date, end_date } = contract
  return { on_call_duty: suspended === 1 ? 0 : 1, on_call_from: start_date, on_call_to: end_date }
}

async function contractsOf({ store, tenantId }: Reading, ids: number[]): Promise<Map<number, Contract[]>> {
  const rows = await store.read
    .selectFrom('contracts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(store.engine, 'customer_id', ids, 'bigint'))
    .where('kind', '=', ON_CALL_DUTY)
    .execute()
  return Map.groupBy(
    rows.sort((one, other) => one.id - other.id),
    (row) => row.customer_id,
  )
}

async function phonesOf(
  { store, tenantId }: Reading,
  owner: 'customer_id' | 'contact_id',
  parties: { id: number }[],
): Promise<Map<number, Phone[]>> {
  const ids = parties.map(({ id }) => id)
  const rows = await store.read
    .selectFrom('phones')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(store.engine, owner, ids, 'bigint'))
    .execute()
  rows.sort((one, other) => one.position - other.position || one.id - other.id)
  return Map.groupBy(rows, (row) => row[owner] ?? 0)
}
