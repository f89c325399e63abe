import { openBulkRows, type BulkRows } from '../platform/database/bulk-rows.ts'
import type { StoreAddress } from '../platform/database/store.ts'
import { dayOf } from './calendar-day.ts'
import { openCallerIndex, type CallerIndex } from './caller-index.ts'
import {
  NO_HINTS,
  type ContractRecord,
  type PartyRecord,
  type RoutingHints,
  type StoredNumber,
} from './party-record.ts'
import { readingOf } from './phones.ts'
import { PlainNumber } from './read-number.ts'
import { contactName } from './records.ts'

const HINTS = 'direct_line, queue_position, route_identifier, backend_link, outbound_number, language'
const CATEGORIES = 'select tenant_id, id, name, vip from categories order by tenant_id, id'
const CUSTOMERS = `select tenant_id, id, active, ${HINTS}, account, name, category_id, external_id from customers order by tenant_id, id`
const CONTACTS = `select tenant_id, id, active, ${HINTS}, customer_id, first_name, last_name,
  case when coalesce(first_name, '') = '' and coalesce(last_name, '') = '' then email end, external_id from contacts order by tenant_id, id`
const CONTRACTS = `select tenant_id, customer_id, id, kind, reference, start_date, end_date, suspended from contracts
  order by tenant_id, customer_id`
/** What a number's text is. */
const E164 = 1
const NATIONAL = 2
const EXACT = 3
const phonesOf = (owner: 'customer_id' | 'contact_id') =>
  `select tenant_id, ${owner}, position, kind,
  case when e164 is not null then ${E164} when national is not null then ${NATIONAL} else ${EXACT} end,
  coalesce(e164, national, exact, raw), extension from phones where ${owner} is not null order by tenant_id, ${owner}`

/** Asked of every party of the book: nothing is made for those without. */
function hintsOf(rows: BulkRows): RoutingHints {
  const direct_line = rows.text(3)
  const queue_position = rows.integer(4)
  const route_identifier = rows.text(5)
  const backend_link = rows.text(6)
  const outbound_number = rows.text(7)
  const language = rows.word(8)
  const isNone =
    direct_line === null &&
    queue_position === null &&
    route_identifier === null &&
    backend_link === null &&
    outbound_number === null &&
    language === null
  return isNone
    ? NO_HINTS
    : { direct_line, queue_position, route_identifier, backend_link, outbound_number, language }
}

function numberOf(rows: BulkRows): StoredNumber {
  const kind = rows.word(3) ?? ''
  const form = rows.integer(4)
  const extension = rows.text(6)
  const digits = form === E164 && extension === null ? rows.phoneDigits(5) : null
  if (digits !== null) return { kind, read: new PlainNumber(digits) }
  const text = rows.text(5) ?? ''
  const e164 = form === E164 ? text : null
  const national = form === NATIONAL ? text : null
  return { kind, read: readingOf({ e164, national, exact: null, raw: text, extension }) }
}

function contractOf(rows: BulkRows): ContractRecord {
  const [start, end] = [rows.text(5), rows.text(6)]
  return {
    id: rows.integer(2) ?? 0,
    kind: rows.word(3) ?? '',
    reference: rows.text(4),
    start_day: start === null ? null : dayOf(start),
    end_day: end === null ? null : dayOf(end),
    suspended: rows.integer(7) === 1,
  }
}

/** Rows that belong to parties, in the order of the parties: tenant in the first column, party in the second. */
class Belongings<One> {
  readonly #rows: BulkRows
  readonly #read: (rows: BulkRows) => One
  #isHeld = false
  #isOver = false
  #tenantId = 0
  #partyId = 0

  constructor(rows: BulkRows, read: (rows: BulkRows) => One) {
    this.#rows = rows
    this.#read = read
  }

  /** Adds what belongs to a party; false when `more` rows are needed to know all of it. */
  take(tenantId: number, partyId: number, into: One[]): boolean {
    const rows = this.#rows
    while (!this.#isOver) {
      if (!this.#isHeld) {
        if (!rows.next()) return false
        this.#isHeld = true
        this.#tenantId = rows.integer(0)!
        this.#partyId = rows.integer(1)!
      }
      if (this.#tenantId > tenantId || (this.#tenantId === tenantId && this.#partyId > partyId)) return true
      this.#isHeld = false
      if (this.#partyId === partyId && this.#tenantId === tenantId) into.push(this.#read(rows))
    }
    return true
  }

  async more(): Promise<void> {
    this.#isOver = !(await this.#rows.more())
  }

  close(): Promise<void> {
    return this.#rows.close()
  }
}

type Filling = { index: CallerIndex } & ReturnType<CallerIndex['fill']>
type Placed = { position: number; number: StoredNumber }

/** In the order of their positions, which is nearly always the one they come in. */
function inOrder(placed: Placed[]): StoredNumber[] {
  const numbers: StoredNumber[] = []
  let former = -1
  for (const { position, number } of placed) {
    if (position < former) return placed.toSorted((a, b) => a.position - b.position).map((one) => one.number)
    former = position
    numbers.push(number)
  }
  return numbers
}

/**
 * Every tenant's index, filled from the store in the order its tables lie in. It keeps its thread busy all the while.
 * Rows of different tables are not of one moment: the change feed brings together what was written meanwhile.
 */
export async function fillIndexes(address: StoreAddress): Promise<Map<number, CallerIndex>> {
  const filling = new Map<number, Filling>()
  const fillingOf = (tenantId: number): Filling => {
    const found = filling.get(tenantId)
    if (found) return found
    const index = openCallerIndex()
    const made = { index, ...index.fill() }
    filling.set(tenantId, made)
    return made
  }

  const fillParties = async (
    query: string,
    owner: 'customer_id' | 'contact_id',
    toRecord: (rows: BulkRows, contracts: ContractRecord[], numbers: StoredNumber[]) => PartyRecord,
  ) => {
    const opened: { close(): Promise<void> }[] = []
    const open = async (text: string) => {
      const rows = await openBulkRows(address, text)
      opened.push(rows)
      return rows
    }
    try {
      const parties = await open(query)
      const phones = new Belongings(await open(phonesOf(owner)), (rows): Placed => {
        return { position: rows.integer(2) ?? 0, number: numberOf(rows) }
      })
      const contracts = owner === 'customer_id' ? new Belongings(await open(CONTRACTS), contractOf) : null
      let tenantId = 0
      let into: Filling | null = null
      while (await parties.more()) {
        while (parties.next()) {
          const ofTenant = parties.integer(0)!
          if (into === null || ofTenant !== tenantId) into = fillingOf(ofTenant)
          tenantId = ofTenant
          const id = parties.integer(1)!
          const placed: Placed[] = []
          while (!phones.take(tenantId, id, placed)) await phones.more()
          const own: ContractRecord[] = []
          if (contracts !== null) while (!contracts.take(tenantId, id, own)) await contracts.more()
          into.put(toRecord(parties, own, inOrder(placed)))
        }
      }
    } finally {
      await Promise.all(opened.map((rows) => rows.close()))
    }
  }

  await fillParties(CUSTOMERS, 'customer_id', (rows, contracts, numbers) => ({
    party: 'customer',
    id: rows.integer(1)!,
    account: rows.text(9),
    name: rows.text(10) ?? '',
    category_id: rows.integer(11),
    external_id: rows.text(12),
    active: rows.integer(2) === 1,
    hints: hintsOf(rows),
    contracts,
    numbers,
  }))
  await fillParties(CONTACTS, 'contact_id', (rows, _none, numbers) => ({
    party: 'contact',
    id: rows.integer(1)!,
    customer_id: rows.integer(9),
    name: contactName({ first_name: rows.text(10), last_name: rows.text(11), email: rows.text(12) }),
    external_id: rows.text(13),
    active: rows.integer(2) === 1,
    hints: hintsOf(rows),
    numbers,
  }))

  const categories = await openBulkRows(address, CATEGORIES)
  while (await categories.more()) {
    while (categories.next()) {
      const [id, name] = [categories.integer(1)!, categories.text(2) ?? '']
      fillingOf(categories.integer(0)!).index.putCategory({ id, name, vip: categories.integer(3) === 1 })
    }
  }
  await categories.close()
  for (const { end } of filling.values()) end()
  return new Map([...filling].map(([tenantId, { index }]) => [tenantId, index]))
}
