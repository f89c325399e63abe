import { sql } from 'kysely'
import type { BulkContact, BulkLine } from '../../contract/bulk.ts'
import type { ContactPatch } from '../../contract/contacts.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { invalid } from '../platform/errors.ts'
import { isStorable } from '../platform/field-check.ts'
import { accountKey } from './fold.ts'
import type { DirectoryTx } from './write.ts'

type Table = 'customers' | 'contacts'
type Column = 'account_key' | 'external_id'

/** The keys of a row as they are stored. */
export type PartyKeys = { account_key?: string | null; external_id: string | null }

/** How a line found its row, null = there is none. */
export type Target = {
  id: number | null
  /** Whether a row, now that it is locked, is still the one that was looked for. */
  isStill(row: PartyKeys): boolean
}

/** Which rows the lines of one transaction mean: looked up together, and kept right as lines are written. */
export type BulkKeys = {
  /** HubError `validation_failed` for a line that names nothing to find it by. */
  target(line: BulkLine): Promise<Target>
  /** A contact's fields, its customer named by id. */
  contactFields(line: BulkContact): Promise<ContactPatch>
  /** After a line was written: what its keys now lead to. */
  learn(line: BulkLine, id: number): void
  /** After a row went: its keys lead nowhere. */
  free(table: Table, row: PartyKeys): void
  /** Whether lines are still looked up by what was read at the beginning. */
  areKnown(): boolean
  /** From here on every look is a look into the store. */
  forget(): void
}

const given = (text: string | null | undefined) => text?.trim() || null
const keyOf = (account: string | null | undefined) => {
  const text = given(account)
  return text === null ? null : accountKey(text)
}

/** Every key that a line may be looked up by. */
function keysOf(line: BulkLine): [Table, Column, string | null][] {
  const account = 'customer_account' in line ? keyOf(line.customer_account) : null
  const table = line.type === 'customer' ? 'customers' : 'contacts'
  return [
    ['customers', 'account_key', account],
    [table, 'external_id', given(line.external_id)],
  ]
}

export async function openBulkKeys(tx: DirectoryTx, tenantId: number, lines: BulkLine[]): Promise<BulkKeys> {
  const nameOf = (table: Table, column: Column, value: string) => `${table} ${column} ${value}`
  let known: Map<string, number | null> | null = new Map()

  const look = async (table: Table, column: Column, values: string[]) => {
    const rows = tx.db.selectFrom<Table>(table).select(['id', sql.ref<string>(column).as('key')])
    const found = rows.where('tenant_id', '=', tenantId).where(isOneOf(tx.engine, column, values, 'text'))
    return values.length === 0 ? [] : found.execute()
  }
  const wanted = new Map<string, [Table, Column, Set<string>]>()
  for (const [table, column, value] of lines.flatMap(keysOf)) {
    if (value === null || !isStorable(value)) continue
    const group = wanted.get(`${table} ${column}`) ?? [table, column, new Set()]
    wanted.set(`${table} ${column}`, group)
    group[2].add(value)
  }
  for (const [table, column, values] of wanted.values()) {
    for (const value of values) known.set(nameOf(table, column, value), null)
    for (const { id, key } of await look(table, column, [...values]))
      known.set(nameOf(table, column, key), id)
  }

  const find = async (table: Table, column: Column, value: string): Promise<number | null> => {
    const id = known?.get(nameOf(table, column, value))
    if (id !== undefined) return id
    // No row has such a key; that nobody may write one is said of its field.
    if (!isStorable(value)) return null
    const [row] = await look(table, column, [value])
    return row?.id ?? null
  }

  const customer = async (account: string | null, external: string | null): Promise<Target> => {
    const byAccount = account === null ? null : await find('customers', 'account_key', account)
    if (byAccount !== null) return { id: byAccount, isStill: (row) => row.account_key === account }
    const id = external === null ? null : await find('customers', 'external_id', external)
    return { id, isStill: (row) => row.external_id === external }
  }

  return {
    async target(line) {
      const external = given(line.external_id)
      if (line.type === 'customer') {
        const account = keyOf(line.customer_account)
        if (account !== null || external !== null) return customer(account, external)
        throw invalid({
          customer_account: ['A customer is found by customer_account or external_id: give one.'],
        })
      }
      if (line.id !== undefined) return { id: line.id, isStill: () => true }
      if (external === null)
        throw invalid({ external_id: ['A contact is found by id or external_id: give one.'] })
      const id = await find('contacts', 'external_id', external)
      return { id, isStill: (row) => row.external_id === external }
    },
    async contactFields({ op: _op, type: _type, id: _id, customer_account: account, ...fields }) {
      if (account === undefined) return fields
      if (fields.customer_id !== undefined)
        throw invalid({ customer_account: ['The customer is named by customer_id already.'] })
      const key = keyOf(account)
      if (key === null) return { ...fields, customer_id: null }
      const customer_id = await find('customers', 'account_key', key)
      if (customer_id !== null) return { ...fields, customer_id }
      throw invalid({ customer_account: ['There is no customer with this account.'] })
    },
    learn(line, id) {
      for (const [table, column, value] of keysOf(line)) {
        // A contact's account is its customer's, and leads elsewhere.
        const isOwn = table === (line.type === 'customer' ? 'customers' : 'contacts')
        if (value !== null && isOwn) known?.set(nameOf(table, column, value), id)
      }
    },
    free(table, row) {
      for (const column of ['account_key', 'external_id'] as const) {
        const value = row[column] ?? null
        if (value !== null) known?.set(nameOf(table, column, value), null)
      }
    },
    areKnown: () => known !== null,
    forget() {
      known = null
    },
  }
}
