import type { EraseInput } from '../../contract/erase.ts'
import { sql, type RawBuilder } from 'kysely'
import { isOneOf, type Engine } from '../platform/database/engine.ts'
import { mayHold, type Erasure } from '../platform/erasure.ts'
import { invalid } from '../platform/errors.ts'
import { accountKey, fold } from './fold.ts'
import { lockContact, lockCustomer } from './merged-parties.ts'
import { openScrub, tracesOf, type NumberTraces } from './number-traces.ts'
import { aliasKeys, readNumber } from './phone-number.ts'
import { readPhones, type PhoneRow } from './party-phones.ts'
import { toStoredNumber } from './phones.ts'
import type { ReadNumber } from './read-number.ts'
import type { DirectoryTx } from './write.ts'

/** What is erased, with the numbers it is about. */
export type Subject = {
  kind: 'number' | 'customer' | 'contact'
  erasure: Erasure
  numbers: ReadNumber[]
  /** Ids of the stored numbers that were compared with theirs, whoever has them. */
  holders: number[]
}

const NOBODY: Erasure['parties'] = { customer: [], contact: [] }

/** Cells are compared without regard to case, accents and blanks around them. */
const foldCell = (cell: string) => fold(cell)

function literally(text: string): NumberTraces {
  return { needle: text, pattern: new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`), 'gi') }
}

function tracesOfAll(numbers: ReadNumber[]): NumberTraces[] {
  return numbers
    .flatMap((read) => [
      tracesOf(read) ?? [],
      read.kind === 'external'
        ? aliasKeys(read.digits).map((digits) => tracesOf({ ...read, e164: `+${digits}`, digits }) ?? [])
        : [],
    ])
    .flat(2)
}

function erasureOf(
  tenantId: number,
  traces: NumberTraces[],
  more: Partial<Pick<Erasure, 'parties' | 'belongings' | 'cells'>> = {},
): Erasure {
  return {
    tenantId,
    parties: NOBODY,
    belongings: {},
    cells: [],
    ...more,
    needles: [...new Set(traces.map(({ needle }) => needle))],
    scrub: openScrub(traces),
    foldCell,
  }
}

/** Those of the numbers that nobody else has: what others are called by is not theirs to be forgotten. */
async function onlyTheirs(
  tx: DirectoryTx,
  tenantId: number,
  phones: PhoneRow[],
  { customer, contact }: Erasure['parties'],
  among: RawBuilder<boolean> | null,
): Promise<{ phones: PhoneRow[]; holders: number[] }> {
  const holders: number[] = []
  const shared = new Set<string>()
  for (const column of ['e164', 'national', 'exact'] as const) {
    const values = phones.map((phone) => phone[column]).filter((value) => value !== null)
    if (values.length === 0) continue
    const held = tx.db
      .selectFrom('phones')
      .select(['id', column, 'customer_id', 'contact_id'])
      .where('tenant_id', '=', tenantId)
      .where(isOneOf(tx.engine, column, values, 'text'))
    const rows = await (among === null ? held : held.where(among)).execute()
    for (const row of rows) {
      holders.push(row.id)
      const theirs = customer.includes(row.customer_id ?? 0) || contact.includes(row.contact_id ?? 0)
      if (!theirs) shared.add(`${column} ${row[column]}`)
    }
  }
  const isShared = (column: 'e164' | 'national' | 'exact', phone: PhoneRow) =>
    shared.has(`${column} ${phone[column]}`)
  const own = phones.filter(
    (phone) => !isShared('e164', phone) && !isShared('national', phone) && !isShared('exact', phone),
  )
  return { phones: own, holders }
}

async function mergedInto(
  tx: DirectoryTx,
  tenantId: number,
  column: 'customer_id' | 'contact_id',
  ids: number[],
) {
  const rows = await tx.db
    .selectFrom('merged_parties')
    .select('from_id')
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(tx.engine, column, ids, 'bigint'))
    .execute()
  return [...ids, ...rows.map((row) => row.from_id)]
}

async function idsOf(
  tx: DirectoryTx,
  table: 'contracts' | 'customer_files',
  tenantId: number,
  customers: number[],
) {
  const rows = await tx.db
    .selectFrom(table)
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(tx.engine, 'customer_id', customers, 'bigint'))
    .execute()
  return rows.map((row) => row.id)
}

/** Everything about parties that go, found before they do. */
async function partySubject(
  tx: DirectoryTx,
  tenantId: number,
  kind: 'customer' | 'contact',
  id: number,
  among: RawBuilder<boolean> | null,
): Promise<Subject> {
  const customer = kind === 'customer' ? await lockCustomer(tx, tenantId, id) : null
  const contacts =
    customer === null
      ? [await lockContact(tx, tenantId, id)]
      : await tx.db
          .selectFrom('contacts')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('customer_id', '=', customer.id)
          .execute()
  const customers = customer === null ? [] : [customer.id]
  const contactIds = contacts.map((contact) => contact.id)
  const parties = {
    customer: await mergedInto(tx, tenantId, 'customer_id', customers),
    contact: await mergedInto(tx, tenantId, 'contact_id', contactIds),
  }
  const phones = [
    ...(await readPhones(tx, tenantId, 'customer_id', customers)).values(),
    ...(await readPhones(tx, tenantId, 'contact_id', contactIds)).values(),
  ].flat()
  const theirs = await onlyTheirs(tx, tenantId, phones, parties, among)
  const numbers = theirs.phones.map((row) => toStoredNumber(row).read)
  const emails = contacts.flatMap(({ email }) => email ?? [])
  const cells = contacts.map(({ first_name, last_name }) => [first_name ?? '', last_name ?? ''])
  const single = [customer?.account_key, customer?.external_id, ...contacts.map((one) => one.external_id)]
  return {
    kind,
    numbers,
    holders: theirs.holders,
    erasure: erasureOf(tenantId, [...tracesOfAll(numbers), ...emails.map(literally)], {
      parties,
      belongings: {
        contract: await idsOf(tx, 'contracts', tenantId, customers),
        customer_file: await idsOf(tx, 'customer_files', tenantId, customers),
      },
      cells: [
        ...cells.filter((cell) => cell.every((part) => part !== '')),
        ...single.flatMap((cell) => (cell ? [[accountKey(cell)]] : [])),
      ].map((cell) => cell.map(foldCell)),
    }),
  }
}

/** Whose number it is: stored ones that may spell one of the needles, in SQL. */
export function numbersHeld(engine: Engine, needles: string[]): RawBuilder<boolean> {
  const zeros = needles.flatMap((needle) => [needle, `0${needle}`])
  return sql<boolean>`(${isOneOf(engine, 'national', zeros, 'text')} or ${mayHold(['raw', 'e164'], needles)})`
}

/** What a request means; `among`: the only stored numbers that others may have in common with them. 422 on `number` for one that names nobody; HubError `not_found` for a party that is not there. */
export async function subjectOf(
  tx: DirectoryTx,
  tenantId: number,
  { number, customer_id, contact_id }: EraseInput,
  country: string | null,
  among: RawBuilder<boolean> | null = null,
): Promise<Subject> {
  if (customer_id !== undefined) return partySubject(tx, tenantId, 'customer', customer_id, among)
  if (contact_id !== undefined) return partySubject(tx, tenantId, 'contact', contact_id, among)
  const read = readNumber(number ?? '', country)
  const traces = tracesOfAll([read])
  if (traces.length === 0)
    throw invalid({ number: ['Names nobody: give a whole number, or take an extension off its customer.'] })
  return { kind: 'number', numbers: [read], holders: [], erasure: erasureOf(tenantId, traces) }
}
