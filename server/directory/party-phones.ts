import type { Selectable } from 'kysely'
import { isOneOf } from '../platform/database/engine.ts'
import type { FieldCheck } from '../platform/field-check.ts'
import { toPhoneRow, type PhoneValues } from './phones.ts'
import type { PhonesTable } from './tables.ts'
import type { DirectoryDb, DirectoryTx } from './write.ts'

/** The column that says whose a number is. */
export type Owner = 'customer_id' | 'contact_id'
/** A number as it is stored. */
export type PhoneRow = Selectable<PhonesTable>

/** All numbers of these parties, in their order. One query, however many parties. */
export async function readPhones(
  { db, engine }: Pick<DirectoryTx, 'engine'> & { db: DirectoryDb },
  tenantId: number,
  owner: Owner,
  ids: number[],
): Promise<Map<number, PhoneRow[]>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('phones')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, owner, ids, 'bigint'))
    .orderBy('position')
    .orderBy('id')
    .execute()
  return Map.groupBy(rows, (row) => row[owner] as number)
}

/** One number read for storing; refused, with what to do, when it is no number at all. */
export function checkPhone(
  check: FieldCheck,
  field: string,
  input: { raw: string; kind: string; label: string | null; position: number },
  country: string | null,
): PhoneValues | null {
  const raw = check.text(field, input.raw)
  const row = raw ? toPhoneRow({ ...input, raw }, country) : null
  if (row === null) check.refuse(field, 'Is empty or stands for a withheld number: leave it out.')
  return row
}

/** Puts these numbers in the place of all the party's numbers. */
export async function replacePhones(
  tx: DirectoryTx,
  party: { tenantId: number; owner: Owner; id: number },
  phones: PhoneValues[],
): Promise<void> {
  const { tenantId, owner, id } = party
  await tx.db.deleteFrom('phones').where('tenant_id', '=', tenantId).where(owner, '=', id).execute()
  await addPhones(tx, party, phones)
}

/** Gives a party its first numbers. */
export async function addPhones(
  tx: DirectoryTx,
  { tenantId, owner, id }: { tenantId: number; owner: Owner; id: number },
  phones: PhoneValues[],
): Promise<void> {
  if (phones.length === 0) return
  const whose = { tenant_id: tenantId, customer_id: null, contact_id: null, [owner]: id }
  await tx.db
    .insertInto('phones')
    .values(phones.map((phone) => ({ ...phone, ...whose })))
    .execute()
}
