import { sql, type RawBuilder } from 'kysely'
import { isOneOf } from '../platform/database/engine.ts'
import type { DirectoryDb, DirectoryTx } from './write.ts'

/** The kind of contract that makes a customer one with on-call duty. */
export const ON_CALL_DUTY = 'on_call_duty'

/**
 * Whether a row of `contracts` is in force on a date (`YYYY-MM-DD`): not suspended, both its days included.
 */
export function contractInForce(date: string): RawBuilder<boolean> {
  const on = sql.val(date)
  return sql<boolean>`(contracts.suspended = 0
    and (contracts.start_date is null or contracts.start_date <= ${on})
    and (contracts.end_date is null or contracts.end_date >= ${on}))`
}

/** Which of these customers have on-call duty on a date. */
export async function customersOnCall(
  { db, engine }: Pick<DirectoryTx, 'engine'> & { db: DirectoryDb },
  tenantId: number,
  customerIds: number[],
  date: string,
): Promise<Set<number>> {
  if (customerIds.length === 0) return new Set()
  const rows = await db
    .selectFrom('contracts')
    .select('customer_id')
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(engine, 'customer_id', customerIds, 'bigint'))
    .where('kind', '=', ON_CALL_DUTY)
    .where(contractInForce(date))
    .execute()
  return new Set(rows.map((row) => row.customer_id))
}

/** Gives a customer on-call duty by a contract with open ends; answers its id. The caller tells the feed. */
export async function addOnCallContract(
  tx: DirectoryTx,
  tenantId: number,
  customerId: number,
  now: number,
): Promise<number> {
  const row = await tx.db
    .insertInto('contracts')
    .values({
      tenant_id: tenantId,
      customer_id: customerId,
      kind: ON_CALL_DUTY,
      start_date: null,
      end_date: null,
      suspended: 0,
      from_import: 0,
      created_at: now,
      updated_at: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}
