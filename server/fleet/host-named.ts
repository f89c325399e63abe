import type { Selectable } from 'kysely'
import { notFound } from '../platform/errors.ts'
import { readHost } from './hosts.ts'
import type { PbxHostsTable } from './tables.ts'
import type { FleetStore, Reach } from './write.ts'

/** The row of a host within reach by its id or its code; HubError `not_found`. */
export async function hostNamed(
  store: FleetStore,
  reach: Reach,
  reference: string,
): Promise<Selectable<PbxHostsTable>> {
  if (/^[1-9]\d{0,14}$/.test(reference)) return readHost(store, reach, Number(reference))
  const row = /^PBX-[0-9A-Z]{1,30}$/i.test(reference)
    ? await store.read
        .selectFrom('pbx_hosts')
        .selectAll()
        .where('tenant_id', '=', reach.tenantId)
        .where('code', '=', reference.toUpperCase())
        .executeTakeFirst()
    : undefined
  if (!row || (reach.hostId !== null && reach.hostId !== row.id)) throw notFound('PBX host')
  return row
}
