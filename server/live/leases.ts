import { sql } from 'kysely'
import { databaseNow, held } from '../platform/database/claiming.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import type { HostWatchesTable, LiveTables } from './tables.ts'

/** A PBX that is ours to watch, as long as the row says so. */
export type Claim = { hostId: number; tenantId: number; claims: number }

/** Another hub watches the host by now: nothing of what this one saw may count. */
export class WatchLost extends Error {
  override readonly name = 'WatchLost'
  constructor() {
    super('another hub watches this PBX')
  }
}

/** What is noted of a watch. */
export type WatchState = Partial<
  Pick<HostWatchesTable, 'status' | 'source' | 'since' | 'last_error' | 'failed_at'>
>

/** Who watches which PBX, by leases on the database's clock. */
export type Leases = {
  /** Makes ours of these what nobody has, so many at most; answers those. */
  claim(hosts: readonly { id: number; tenantId: number }[], most: number): Promise<Claim[]>
  /** All of ours run on from now; host → claims of those we still have. */
  renew(): Promise<Map<number, number>>
  /** Throws WatchLost unless the host is still ours, and keeps it ours until the transaction ends. */
  hold(tx: Tx<LiveTables>, claim: Claim): Promise<void>
  note(claim: Claim, state: WatchState): Promise<void>
  /** Gives it up: the next hub that looks takes it. */
  release(claim: Claim): Promise<void>
}

export function openLeases(store: Store<LiveTables>, owner: string, leaseMs: number): Leases {
  const { engine } = store
  const now = databaseNow(engine)
  const until = sql<number>`${now} + ${sql.lit(leaseMs)}`
  const change = ({ hostId, claims }: Claim, columns: WatchState & { lease_until?: number }) =>
    store.write
      .updateTable('host_watches')
      .set(columns)
      .where('host_id', '=', hostId)
      .where('owner', '=', owner)
      .where('claims', '=', claims)
      .execute()

  return {
    async claim(hosts, most) {
      const claims: Claim[] = []
      if (hosts.length === 0) return claims
      const taken = await store.read
        .selectFrom('host_watches')
        .select('host_id')
        .where('lease_until', '>', now)
        .execute()
      const busy = new Set(taken.map((row) => row.host_id))
      for (const { id, tenantId } of hosts.filter((host) => !busy.has(host.id)).slice(0, most)) {
        const values = sql`${id}, ${tenantId}, ${owner}, 1, ${until}, 'starting'`
        const made = await sql<{ claims: number }>`
          insert into host_watches (host_id, tenant_id, owner, claims, lease_until, status) values (${values})
          on conflict (host_id) do update set owner = excluded.owner, claims = host_watches.claims + 1,
            lease_until = excluded.lease_until, status = 'starting', source = null, since = null
          where host_watches.lease_until <= ${now} returning claims`.execute(store.write)
        const row = made.rows[0]
        if (row) claims.push({ hostId: id, tenantId, claims: row.claims })
      }
      return claims
    },
    async renew() {
      const renewed = await store.write
        .updateTable('host_watches')
        .set({ lease_until: until })
        .where('owner', '=', owner)
        .where('lease_until', '>', 0)
        .returning(['host_id', 'claims'])
        .execute()
      return new Map(renewed.map(({ host_id, claims }) => [host_id, claims]))
    },
    async hold({ db }, { hostId, claims }) {
      const row = await held(
        engine,
        db
          .selectFrom('host_watches')
          .select('host_id')
          .where('host_id', '=', hostId)
          .where('owner', '=', owner)
          .where('claims', '=', claims),
      ).executeTakeFirst()
      if (!row) throw new WatchLost()
    },
    async note(claim, state) {
      await change(claim, state)
    },
    async release(claim) {
      await change(claim, { lease_until: 0, status: 'idle', source: null, since: null })
    },
  }
}
