import type { TestContext } from 'node:test'
import pg from 'pg'
import type { StoreAddress } from '../server/platform/database/store.ts'

/** A transaction of somebody else's on the hub's PostgreSQL, for others to wait for. */
export type OtherTransaction = {
  /** Begins, and holds what the statement touches. */
  begin(statement: string, values: unknown[]): Promise<void>
  /** Until so many connections wait for a lock. */
  waitedFor(by: number): Promise<void>
  commit(): Promise<void>
}

export async function newOtherTransaction(t: TestContext, address: StoreAddress): Promise<OtherTransaction> {
  if (address.kind !== 'postgres') throw new Error('only PostgreSQL has transactions beside each other')
  const open = async () => {
    const client = new pg.Client({ connectionString: address.url })
    await client.connect()
    // The database goes first, and takes its connections along.
    client.on('error', () => {})
    t.after(() => client.end())
    return client
  }
  const [holding, looking] = [await open(), await open()]
  const WAITING = `select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  return {
    async begin(statement, values) {
      await holding.query('begin')
      await holding.query(statement, values)
    },
    async waitedFor(by) {
      while ((await looking.query(WAITING)).rows[0].n < by) continue
    },
    commit: async () => void (await holding.query('commit')),
  }
}
