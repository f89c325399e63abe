import type { Phone } from '../../contract/users.ts'
import { isOneOf } from '../platform/database/engine.ts'
import type { Change, Store } from '../platform/database/store.ts'
import type { AccessTables, AgentPhonesTable } from './tables.ts'

type PhoneRow = Pick<AgentPhonesTable, 'tenant_id' | 'user_id' | 'host_id' | 'extension'>
export type PhoneImage = PhoneRow[]

/** Which phones are whose, in memory. */
export type PhoneMemory = {
  /** Of a user in a tenant, in the order they were named. */
  of(tenantId: number, userId: number): Phone[]
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  image(): PhoneImage
  load(image: PhoneImage): void
}

const COLUMNS = ['tenant_id', 'user_id', 'host_id', 'extension'] as const

export function openPhoneMemory(store: Store<AccessTables>): PhoneMemory {
  let byUser = new Map<number, PhoneRow[]>()
  const load = (rows: PhoneRow[]) => {
    byUser = Map.groupBy(rows, (row) => row.user_id)
  }
  const all = () => store.feed.selectFrom('agent_phones').select(COLUMNS).orderBy('id')
  return {
    of: (tenantId, userId) =>
      (byUser.get(userId) ?? [])
        .filter((row) => row.tenant_id === tenantId)
        .map(({ host_id, extension }) => ({ host_id, extension })),
    hydrate: async () => load(await all().execute()),
    image: () => [...byUser.values()].flat(),
    load,
    async apply(changes) {
      const idsOf = (entity: string) =>
        new Set(changes.filter((one) => one.entity === entity).flatMap((one) => one.ids))
      const hosts = idsOf('pbx_host')
      const users = idsOf('user')
      // Phones go with their host.
      for (const [user, rows] of byUser) if (rows.some((row) => hosts.has(row.host_id))) users.add(user)
      if (users.size === 0) return
      const found = await all()
        .where(isOneOf(store.engine, 'user_id', [...users], 'bigint'))
        .execute()
      const now = Map.groupBy(found, (row) => row.user_id)
      for (const user of users) {
        const rows = now.get(user)
        if (rows) byUser.set(user, rows)
        else byUser.delete(user)
      }
    },
  }
}
