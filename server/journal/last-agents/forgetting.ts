import { isOneOf } from '../../platform/database/engine.ts'
import type { Store, Tx } from '../../platform/database/store.ts'
import { mayHold, type Eraser } from '../../platform/erasure.ts'
import type { PruneOne } from '../../platform/retention.ts'
import type { LastAgentTables } from './tables.ts'

async function remove(
  { db, engine, changed }: Tx<LastAgentTables>,
  rows: { id: number; tenant_id: number }[],
): Promise<void> {
  const ids = rows.map((row) => row.id)
  if (ids.length === 0) return
  await db
    .deleteFrom('last_agents')
    .where(isOneOf(engine, 'id', ids, 'bigint'))
    .execute()
  for (const [tenantId, of] of Map.groupBy(rows, (row) => row.tenant_id))
    changed(
      tenantId,
      'last_agent',
      of.map((row) => row.id),
    )
}

/** Who talked with those who go is forgotten, in memory as in the store. */
export const eraseFromLastAgents: Eraser = async (erasing, { tenantId, parties, needles, scrub }) => {
  const tx = erasing as unknown as Tx<LastAgentTables>
  const ids = [...parties.customer, ...parties.contact]
  const may = await tx.db
    .selectFrom('last_agents')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where((is) =>
      is.or([
        isOneOf(tx.engine, 'party_id', ids, 'bigint'),
        isOneOf(tx.engine, 'customer_id', parties.customer, 'bigint'),
        isOneOf(tx.engine, 'contact_id', parties.contact, 'bigint'),
        mayHold(['e164'], needles),
      ]),
    )
    .execute()
  const isTheirs = (id: number | null) => id !== null && ids.includes(id)
  const gone = may.filter(
    (row) =>
      isTheirs(row.party_id) ||
      isTheirs(row.customer_id) ||
      isTheirs(row.contact_id) ||
      (row.e164 !== null && scrub(row.e164) !== null),
  )
  await remove(tx, gone)
  return { last_agents: gone.length }
}

/** An extension that a PBX does not have (any more) rings nowhere: nobody is sent back to it. */
export async function forgetOtherExtensions(
  anyTx: Tx<never>,
  { tenantId, hostId }: { tenantId: number; hostId: number },
  numbers: string[],
): Promise<void> {
  const tx = anyTx as unknown as Tx<LastAgentTables>
  const rows = await tx.db
    .selectFrom('last_agents')
    .select(['id', 'tenant_id', 'extension'])
    .where('tenant_id', '=', tenantId)
    .where('host_id', '=', hostId)
    .where((is) => is.not(isOneOf(tx.engine, 'extension', numbers, 'text')))
    .execute()
  await remove(tx, rows)
}

/** Talks of long ago. */
export function pruneLastAgents(store: Store<LastAgentTables>): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('last_agents')
      .select(['id', 'tenant_id'])
      .where('talked_at', '<', olderThan)
      .limit(limit)
      .execute()
    if (old.length > 0) await store.transact((tx) => remove(tx, old))
    return old.length
  }
}
