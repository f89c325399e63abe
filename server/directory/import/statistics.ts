import { sql, type Kysely } from 'kysely'
import type { Engine } from '../../platform/database/engine.ts'

const TABLES = ['customers', 'contacts', 'phones', 'contracts']

/**
 * Tells PostgreSQL how large the directory has become: plans made while it was empty, those of the foreign keys among
 * them, walk whole tables until the server's own statistics catch up. SQLite's plans do not depend on size.
 */
export async function refreshStatistics(engine: Engine, db: Kysely<unknown>): Promise<void> {
  if (engine !== 'postgres') return
  for (const table of TABLES) await sql`analyze ${sql.table(table)}`.execute(db)
}

/** After how many rows statistics are worth refreshing: 1,000, then at every tenfold. */
export function isMilestone(before: number, after: number): boolean {
  for (let milestone = 1_000; milestone <= after; milestone *= 10) if (before < milestone) return true
  return false
}
