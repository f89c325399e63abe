import { isOneOf } from '../platform/database/engine.ts'
import { fulfilled, together } from '../platform/together.ts'
import type { FleetDeps, FleetStore, Reach } from './write.ts'

/** A host as the journal needs it. */
export type HostFacts = {
  id: number
  timeZone: string
  /** The source with the last word on its calls; null: any has. */
  authoritative: string | null
  /** Whether the hub may read its call log from the PBX. */
  readsCallLog: boolean
}

/** Settings of `cdr_source` that name no source. */
const SILENT_SOURCES = new Set(['auto', 'none'])
const OVER_XAPI = new Set(['auto', 'xapi'])
const MOST_TOGETHER = 200

/** What the journal asks of hosts, read from the store for all who ask at the same time. null for none within reach. */
export function openHostFacts(
  store: FleetStore,
  { tenant }: Pick<FleetDeps, 'tenant'>,
): (reach: Reach, id: number) => Promise<HostFacts | null> {
  const readRow = together<number, Awaited<ReturnType<typeof readRows>>[number] | null>(async (ids) => {
    const rows = new Map((await readRows([...new Set(ids)])).map((row) => [row.id, row]))
    return fulfilled(ids.map((id) => rows.get(id) ?? null))
  }, MOST_TOGETHER)
  const readRows = (ids: number[]) =>
    store.read
      .selectFrom('pbx_hosts')
      .select([
        'id',
        'tenant_id',
        'time_zone',
        'cdr_source',
        'active',
        'xapi_client_id',
        'xapi_client_secret',
      ])
      .where(isOneOf(store.engine, 'id', ids, 'bigint'))
      .execute()

  return async ({ tenantId, hostId }, id) => {
    if (!Number.isSafeInteger(id) || (hostId !== null && hostId !== id)) return null
    const row = await readRow(id)
    if (row?.tenant_id !== tenantId) return null
    const { cdr_source, active, xapi_client_id, xapi_client_secret } = row
    return {
      id,
      timeZone: row.time_zone ?? tenant(tenantId)?.timeZone ?? 'UTC',
      authoritative: SILENT_SOURCES.has(cdr_source) ? null : cdr_source,
      readsCallLog:
        active === 1 && xapi_client_id !== null && xapi_client_secret !== null && OVER_XAPI.has(cdr_source),
    }
  }
}
