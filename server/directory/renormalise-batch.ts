import { bulkUpdate, isOneOf, type BulkTable } from '../platform/database/engine.ts'
import { numberKey } from './customer-phones.ts'
import { phoneKey } from './import/phone-cell.ts'
import type { PhoneRow } from './party-phones.ts'
import { toPhoneRow, type PhoneValues } from './phones.ts'
import type { DirectoryTx } from './write.ts'

type Reread = { row: PhoneRow; next: PhoneValues }

const READING: BulkTable = {
  table: 'phones',
  columns: {
    id: 'bigint',
    e164: 'text',
    national: 'text',
    exact: 'text',
    extension: 'text',
    country: 'text',
    normaliser: 'bigint',
  },
}

const isOther = ({ row, next }: Reread) => numberKey(row) !== numberKey(next)

/** A person known to imports by nothing but a number is known by its new reading. */
async function followKeys(tx: DirectoryTx, tenantId: number, others: Reread[]): Promise<void> {
  const keyed = new Map(others.map((one) => [`${one.row.contact_id} phone ${phoneKey(one.row)}`, one.next]))
  const contacts = others.flatMap(({ row }) => row.contact_id ?? [])
  if (contacts.length === 0) return
  const rows = await tx.db
    .selectFrom('contacts')
    .select(['id', 'import_key'])
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(tx.engine, 'id', contacts, 'bigint'))
    .where('import_key', 'like', 'phone %')
    .execute()
  for (const { id, import_key } of rows) {
    const next = keyed.get(`${id} ${import_key}`)
    if (!next) continue
    await tx.db
      .updateTable('contacts')
      .set({ import_key: `phone ${phoneKey(next)}` })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .execute()
  }
}

/**
 * Reads the next `limit` stored numbers behind the id `after` again. Writes what differs, tells the feed whose numbers are now
 * others. Answers how many were read, how many are others, and the last id; null when there are no more.
 */
export async function rereadNumbers(
  tx: DirectoryTx,
  tenantId: number,
  countryOf: (written: string | null) => string | null,
  { after, limit }: { after: number; limit: number },
): Promise<{ read: number; changed: number; last: number } | null> {
  const rows = await tx.db
    .selectFrom('phones')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  const last = rows.at(-1)
  if (!last) return null
  const reread = rows.flatMap((row) => {
    const next = toPhoneRow(row, countryOf(row.country))
    // A text that today says "withheld" stays as it is: taking it away is for a person to decide.
    return next === null ? [] : [{ row, next }]
  })
  const others = reread.filter(isOther)
  const written = reread.filter(
    (one) =>
      isOther(one) || one.row.country !== one.next.country || one.row.normaliser !== one.next.normaliser,
  )
  await bulkUpdate(
    tx.engine,
    tx.db as never,
    READING,
    written.flatMap(({ row, next }) => [
      row.id,
      next.e164,
      next.national,
      next.exact,
      next.extension,
      next.country,
      next.normaliser,
    ]),
  )
  await followKeys(tx, tenantId, others)
  const owners = (column: 'customer_id' | 'contact_id') => [
    ...new Set(others.flatMap(({ row }) => row[column] ?? [])),
  ]
  tx.changed(tenantId, 'customer', owners('customer_id'))
  tx.changed(tenantId, 'contact', owners('contact_id'))
  return { read: rows.length, changed: others.length, last: last.id }
}
