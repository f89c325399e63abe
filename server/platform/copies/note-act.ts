import { sql, type Kysely } from 'kysely'
import { recordAudit, type Act, type Actor } from '../audit.ts'
import { openStore, type StoreAddress, type Tx } from '../database/store.ts'

/** Whom an act on the whole store is told of: the tenant of the operator. null in a store that no hub has begun yet. */
async function operatorOf(db: Kysely<unknown>, command: string): Promise<Actor | null> {
  const row = await sql<{
    id: number
  }>`select id from tenants where parent_id is null order by id limit 1`.execute(db)
  const tenantId = row.rows[0]?.id
  if (tenantId === undefined) return null
  return { kind: 'system', id: null, name: `cordboard ${command}`, tenantId, requestId: null, address: null }
}

/** Leaves in the audit trail, in a transaction under way, that this command has acted on the whole store. */
export async function noteAct(
  tx: Tx<unknown>,
  command: string,
  act: Pick<Act, 'action' | 'after'>,
): Promise<void> {
  const actor = await operatorOf(tx.db, command)
  if (actor !== null) await recordAudit(tx as never, actor, { ...act, entity: 'store', entityId: null })
}

/** As `noteAct`, in a transaction of its own, while a hub may be running on the store. */
export async function noteActOn(
  address: StoreAddress,
  command: string,
  act: Pick<Act, 'action' | 'after'>,
): Promise<void> {
  const store = await openStore<unknown>({ address, maxConnections: 1 })
  try {
    await store.transact((tx) => noteAct(tx, command, act))
  } finally {
    await store.close()
  }
}
