import { join } from 'node:path'
import type { Keyring } from '../platform/keyring.ts'
import type { Log } from '../platform/log.ts'
import { openAudits, type PbxAudits } from './audits.ts'
import { openDestinations, type Destinations } from './destinations.ts'
import { registerSecrets } from './host-secrets.ts'
import { openHosts, type Hosts } from './hosts.ts'
import type { Outbound } from './host-place.ts'
import { openHostTest, type TestHost } from './host-test.ts'
import { openReveal, type Reveal } from './reveal.ts'
import type { FleetDeps, FleetStore, Reach } from './write.ts'
import { openXapiCache } from './xapi-cache.ts'
import { openXapiCalls, type XapiCalls } from './xapi-calls.ts'
import { openChangeTrail } from './xapi-changes.ts'
import { openXapiSessions, type XapiSessions } from './xapi-sessions.ts'
import { registerTokens } from './xapi-tokens.ts'

export { AUDIT_COLUMNS, type AuditFilters, type PbxAudits } from './audits.ts'
export { countries, listTag, type Destinations } from './destinations.ts'
export { eraseFromFleet } from './erase.ts'
export { HOST_COLUMNS, type HostFilters, type Hosts } from './hosts.ts'
export type { Outbound } from './host-place.ts'
export type { TestHost } from './host-test.ts'
export type { Reveal } from './reveal.ts'
export type { FleetTables } from './tables.ts'
export type { FleetDeps, Reach } from './write.ts'
export { asPbxError } from './xapi-errors.ts'
export type { XapiCalls } from './xapi-calls.ts'
export type { XapiSessions } from './xapi-sessions.ts'

const OF_A_CONNECTION = [
  'host_name',
  'xapi_url',
  'xapi_client_id',
  'xapi_client_secret',
  'tls_mode',
  'tls_fingerprint',
] as const

/** Settings of `cdr_source` that name no source. */
const SILENT_SOURCES = new Set(['auto', 'none'])

export type Fleet = {
  hosts: Hosts
  reveal: Reveal
  testHost: TestHost
  audits: PbxAudits
  destinations: Destinations
  xapi: XapiSessions
  xapiCalls: XapiCalls
  /** What the journal asks of a host within reach: its zone, and the source with the last word on its calls (null: any has). */
  hostOfCalls(
    reach: Reach,
    id: number,
  ): Promise<{ id: number; timeZone: string; authoritative: string | null } | null>
  /** PBXs whose live calls are to be watched, of all tenants; `settings` changes with whatever a connection depends on. */
  watchedHosts(): Promise<{ id: number; tenantId: number; settings: string }[]>
  close(): Promise<void>
}

export type FleetOptions = {
  store: FleetStore
  keyring: Keyring
  outbound: Outbound
  /** Where descriptions of PBXs are kept. */
  dataDir: string
  log: Log
}

/** The PBXs of the tenants. Its secrets are the keyring's, which is therefore opened before and started after. */
export function openFleet({
  store,
  keyring,
  outbound,
  dataDir,
  log,
  ...deps
}: FleetDeps & FleetOptions): Fleet {
  registerSecrets(keyring)
  registerTokens(keyring)
  const cache = openXapiCache(join(dataDir, 'xapi-descriptions'), log)
  const xapi = openXapiSessions({ store, keyring, outbound, cache, log })
  return {
    hosts: openHosts(store, deps, keyring),
    reveal: openReveal(store, keyring),
    testHost: openHostTest(store, deps, keyring, outbound),
    audits: openAudits(store, deps),
    destinations: openDestinations(store, deps),
    xapi,
    xapiCalls: openXapiCalls(store, xapi, openChangeTrail(store, deps.clock, log)),
    close: xapi.close,
    async watchedHosts() {
      const rows = await store.read
        .selectFrom('pbx_hosts')
        .select(['id', 'tenant_id', ...OF_A_CONNECTION])
        .where('watch_calls', '=', 1)
        .where('active', '=', 1)
        .where('xapi_client_id', 'is not', null)
        .where('xapi_client_secret', 'is not', null)
        .orderBy('id')
        .execute()
      return rows.map(({ id, tenant_id: tenantId, ...settings }) => {
        return { id, tenantId, settings: JSON.stringify(settings) }
      })
    },
    async hostOfCalls({ tenantId, hostId }, id) {
      if (hostId !== null && hostId !== id) return null
      const row = await store.read
        .selectFrom('pbx_hosts')
        .select(['time_zone', 'cdr_source'])
        .where('tenant_id', '=', tenantId)
        .where('id', '=', id)
        .executeTakeFirst()
      if (!row) return null
      const timeZone = row.time_zone ?? deps.tenant(tenantId)?.timeZone ?? 'UTC'
      return { id, timeZone, authoritative: SILENT_SOURCES.has(row.cdr_source) ? null : row.cdr_source }
    },
  }
}
