import type { Selectable } from 'kysely'
import { isOneOf } from '../platform/database/engine.ts'
import { fulfilled, together } from '../platform/together.ts'
import type { PbxHostsTable } from './tables.ts'
import type { FleetDeps, FleetStore, Reach } from './write.ts'

/** A host as the journal needs it. */
export type HostFacts = {
  id: number
  /** IANA name of the zone its clocks show. */
  timeZone: string
  /** The source with the last word on its calls; null: any has. */
  authoritative: string | null
  /** Whether the hub may read its call log from the PBX. */
  readsCallLog: boolean
}

const COLUMNS = [
  'id',
  'tenant_id',
  'time_zone',
  'cdr_source',
  'active',
  'xapi_client_id',
  'xapi_client_secret',
] as const
type Row = Pick<Selectable<PbxHostsTable>, (typeof COLUMNS)[number]>
type Deps = Pick<FleetDeps, 'tenant'>

/** Settings of `cdr_source` that name no source, and those with which the log is read from the PBX. */
const SILENT_SOURCES = new Set(['auto', 'none'])
const OVER_XAPI = new Set(['auto', 'xapi'])
const MOST_TOGETHER = 200

const factsOf = (row: Row, { tenant }: Deps): HostFacts => ({
  id: row.id,
  timeZone: row.time_zone ?? tenant(row.tenant_id)?.timeZone ?? 'UTC',
  authoritative: SILENT_SOURCES.has(row.cdr_source) ? null : row.cdr_source,
  readsCallLog:
    row.active === 1 &&
    row.xapi_client_id !== null &&
    row.xapi_client_secret !== null &&
    OVER_XAPI.has(row.cdr_source),
})

/** What the journal asks of hosts, read from the store for all who ask at the same time. null for none within reach. */
export function openHostFacts(
  store: FleetStore,
  deps: Deps,
): (reach: Reach, id: number) => Promise<HostFacts | null> {
  const readRows = (ids: number[]): Promise<Row[]> =>
    store.read
      .selectFrom('pbx_hosts')
      .select(COLUMNS)
      .where(isOneOf(store.engine, 'id', ids, 'bigint'))
      .execute()
  const readRow = together<number, Row | null>(async (ids) => {
    const rows = new Map((await readRows([...new Set(ids)])).map((row) => [row.id, row]))
    return fulfilled(ids.map((id) => rows.get(id) ?? null))
  }, MOST_TOGETHER)

  return async ({ tenantId, hostId }, id) => {
    if (!Number.isSafeInteger(id) || (hostId !== null && hostId !== id)) return null
    const row = await readRow(id)
    return row?.tenant_id === tenantId ? factsOf(row, deps) : null
  }
}

/** Every host whose calls are to be synchronised from its own log, and how often, ms. */
export async function hostsWithCallLog(
  store: FleetStore,
  deps: Deps,
): Promise<{ tenantId: number; host: HostFacts; everyMs: number }[]> {
  const rows = await store.read
    .selectFrom('pbx_hosts')
    .select([...COLUMNS, 'cdr_frequency'])
    .where('cl_calls_is_sync', '=', 1)
    .where('active', '=', 1)
    .execute()
  return rows
    .map((row) => ({
      tenantId: row.tenant_id,
      host: factsOf(row, deps),
      everyMs: row.cdr_frequency * 60_000,
    }))
    .filter(({ host }) => host.readsCallLog)
}
