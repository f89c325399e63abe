import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { readKeyCheck, type KeyCheck } from '../examine-key.ts'
import type { StoreAddress } from '../database/store.ts'
import { halfMoved } from '../database/half-moved.ts'
import { checkIntegrity } from './backup.ts'
import { migrationsNamed, schemaOf } from './layout.ts'
import { inSnapshot } from './snapshot.ts'

/** What a look at the store found; it is only read. `clockAheadMs`: our clock against the database's. */
export type Examined = {
  schema: string[]
  unknown: string[]
  isHalfMoved: boolean
  clockAheadMs: number | null
  /** What proves the key that secrets of this store are kept under; null while none was ever stored. */
  keyCheck: KeyCheck | null
}

/** Looks whether the store answers, is whole and of a version this one knows. Throws what keeps it from being read. */
export async function examineStore(
  address: StoreAddress,
  migrations: Record<string, Migration>,
): Promise<Examined> {
  return await inSnapshot(address, async (side) => {
    const schema = await schemaOf(side.db)
    await checkIntegrity(side, 'quick_check')
    let clockAheadMs: number | null = null
    if (side.engine === 'postgres') {
      const { rows } = await sql<{ now: number }>`select
        (extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(side.db)
      clockAheadMs = Date.now() - (rows[0]?.now ?? 0)
    }
    const isHalfMoved = schema.length > 0 && (await halfMoved(side.db)) !== null
    const keyCheck = schema.includes('002-keyring') ? await readKeyCheck(side.db) : null
    return {
      schema,
      keyCheck,
      unknown: migrationsNamed(migrations, schema).unknown,
      isHalfMoved,
      clockAheadMs,
    }
  })
}
