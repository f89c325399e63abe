import { sql } from 'kysely'
import { databaseNow } from '../database/claiming.ts'
import type { Store } from '../database/store.ts'
import type { WorkTables } from './tables.ts'

/** What there is to do on this store, for all hubs together. */
export type WorkCounts = {
  due: number
  running: number
  dead: number
  /** How long the oldest due task has been due, s. */
  oldestDueSeconds: number
}

export const NO_WORK: WorkCounts = { due: 0, running: 0, dead: 0, oldestDueSeconds: 0 }

/** Counts by state; a lease that ran out counts as due. */
export async function countWork({ engine, read }: Store<WorkTables>): Promise<WorkCounts> {
  const now = databaseNow(engine)
  const isDue = sql<boolean>`ready_at <= ${now}`
  const found = await read
    .selectFrom('work')
    .select([
      sql<number>`sum(case when ${isDue} then 1 else 0 end)`.as('due'),
      sql<number>`sum(case when lease_owner is not null and ready_at > ${now} then 1 else 0 end)`.as(
        'running',
      ),
      sql<number>`sum(case when dead_at is not null then 1 else 0 end)`.as('dead'),
      sql<number | null>`max(case when ${isDue} then ${now} - ready_at end)`.as('age'),
    ])
    .executeTakeFirstOrThrow()
  return {
    due: Number(found.due ?? 0),
    running: Number(found.running ?? 0),
    dead: Number(found.dead ?? 0),
    oldestDueSeconds: Number(found.age ?? 0) / 1000,
  }
}
