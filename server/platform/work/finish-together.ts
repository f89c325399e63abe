import { sql } from 'kysely'
import { onlyFree } from '../database/claiming.ts'
import type { Store } from '../database/store.ts'
import { finishTask, type Lease } from './lease.ts'
import type { WorkTables } from './tables.ts'

type Waiting = { lease: Lease; resolve: () => void; reject: (error: unknown) => void }

/**
 * Completes tasks: those that end while a completion is being written are completed by the next one, together. Throws
 * LeaseLost for who lost it.
 */
export function openFinisher(store: Store<WorkTables>): (lease: Lease) => Promise<void> {
  let waiting: Waiting[] = []
  let writing = false

  /**
   * Answers the ids of those that are gone; what comes again, or is no longer ours, stays. So does what somebody is just adding
   * once more: waiting for one row while holding others, we could wait for each other.
   */
  const removeDone = async (leases: Lease[]): Promise<Set<number>> => {
    const pairs = leases.map(({ id, claims }) => sql`(cast(${id} as bigint), cast(${claims} as bigint))`)
    const done = store.write
      .selectFrom('work')
      .select('id')
      .where(sql<boolean>`(id, claims) in (values ${sql.join(pairs)})`)
      .where('lease_owner', '=', leases[0]?.lease_owner ?? '')
      .where('schedule', 'is', null)
      .where('again', '=', 0)
    const gone = await store.write
      .deleteFrom('work')
      .where('id', 'in', onlyFree(store.engine, done))
      .returning('id')
      .execute()
    return new Set(gone.map(({ id }) => id))
  }

  const write = async () => {
    writing = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        const gone = await removeDone(batch.map(({ lease }) => lease))
        for (const { lease, resolve, reject } of batch) {
          if (gone.has(lease.id)) resolve()
          else await store.transact((tx) => finishTask(tx, lease)).then(resolve, reject)
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    writing = false
  }

  return (lease) =>
    new Promise((resolve, reject) => {
      waiting.push({ lease, resolve, reject })
      if (!writing) void write()
    })
}
