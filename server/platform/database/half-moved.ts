import { sql, type Kysely } from 'kysely'
import { HubError } from '../errors.ts'

/** The row of `meta` that a store has from the first row moved into it until everything was compared. */
export const HALF_MOVED = 'half_moved'

/** How far a move into this store has come, as it noted it; null for every other store. `meta` must be there. */
export async function halfMoved(db: Kysely<unknown>): Promise<string | null> {
  const row = await sql<{
    value: string
  }>`select value from meta where name = ${sql.val(HALF_MOVED)}`.execute(db)
  return row.rows[0]?.value ?? null
}

/** A hub on half of the rows would answer wrongly and write between those still to come. */
export async function refuseHalfMoved(db: Kysely<unknown>): Promise<void> {
  if ((await halfMoved(db)) === null) return
  throw new HubError(
    'conflict',
    'This store is half moved: `cordboard move-to` was interrupted. Run it again to finish it, or start on another database.',
  )
}
