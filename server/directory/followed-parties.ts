import { isOneOf } from '../platform/database/engine.ts'
import type { PartyKind } from './merged-parties.ts'
import type { DirectoryStore } from './write.ts'

/** For rooms that keep ids of parties: which ones mean another party by now. */
export type FollowedParties = {
  /** Id → id of its survivor, for those of the ids that were merged away. */
  survivors(tenantId: number, ids: number[]): Promise<Map<number, number>>
  /** The id itself and all that were merged into it. */
  withMerged(kind: PartyKind, tenantId: number, id: number): Promise<number[]>
}

export function openFollowedParties(store: DirectoryStore): FollowedParties {
  return {
    async survivors(tenantId, ids) {
      if (ids.length === 0) return new Map()
      const rows = await store.read
        .selectFrom('merged_parties')
        .select(['from_id', 'customer_id', 'contact_id'])
        .where('tenant_id', '=', tenantId)
        .where(isOneOf(store.engine, 'from_id', ids, 'bigint'))
        .execute()
      return new Map(rows.map((row) => [row.from_id, (row.customer_id ?? row.contact_id)!]))
    },
    async withMerged(kind, tenantId, id) {
      const rows = await store.read
        .selectFrom('merged_parties')
        .select('from_id')
        .where('tenant_id', '=', tenantId)
        .where(`${kind}_id`, '=', id)
        .execute()
      return [id, ...rows.map((row) => row.from_id)]
    },
  }
}
