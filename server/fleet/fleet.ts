import { join } from 'node:path'
import type { Keyring } from '../platform/keyring.ts'
import type { Log } from '../platform/log.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { Work } from '../platform/work/work.ts'
import type { CallLogRow } from '../../xapi/xapi.ts'
import { openAudits, type PbxAudits } from './audits.ts'
import { openDestinations, type Destinations } from './destinations.ts'
import { registerSecrets } from './host-secrets.ts'
import { hostsWithCallLog, openHostFacts, type HostFacts } from './host-facts.ts'
import { openHosts, type Hosts } from './hosts.ts'
import type { Outbound } from './host-place.ts'
import { openHostTest, type TestHost } from './host-test.ts'
import { openInboundRules, type InboundRules } from './inbound-rules/inbound-rules.ts'
import { openMaps, type Maps } from './maps.ts'
import { openOrigins, type Origins } from './origins.ts'
import { openReveal, type Reveal } from './reveal.ts'
import type { FleetDeps, FleetStore, Reach } from './write.ts'
import { openRulePlans, type RulePlans } from './rules-as-code/plans.ts'
import { pruneRulePlans } from './rules-as-code/forgetting.ts'
import { openSnapshots, type Snapshots } from './snapshots/snapshots.ts'
import { planSnapshots } from './snapshots/schedule.ts'
import { pruneSnapshots } from './snapshots/forgetting.ts'
import { openTraces, type Traces } from './trace/traces.ts'
import { openXapiCache } from './xapi-cache.ts'
import { openXapiCalls, type XapiCalls } from './xapi-calls.ts'
import { openChangeTrail } from './xapi-changes.ts'
import { openXapiSessions, type XapiSessions } from './xapi-sessions.ts'
import { registerTokens } from './xapi-tokens.ts'

export { AUDIT_COLUMNS, type AuditFilters, type PbxAudits } from './audits.ts'
export { countries, listTag, type Destinations } from './destinations.ts'
export { numbersInDepartments } from './departments.ts'
export { eraseFromFleet } from './erase.ts'
export { HOST_COLUMNS, type HostFilters, type Hosts } from './hosts.ts'
export type { HostFacts } from './host-facts.ts'
export type { Outbound } from './host-place.ts'
export type { TestHost } from './host-test.ts'
export { isRaw, type InboundRules } from './inbound-rules/inbound-rules.ts'
export { readRule } from './inbound-rules/read-rule.ts'
export { rulesCsv } from './inbound-rules/rules-csv.ts'
export type { Maps } from './maps.ts'
export type { Origins } from './origins.ts'
export type { Reveal } from './reveal.ts'
export type { RuleFile, RulePlans } from './rules-as-code/plans.ts'
export type { Snapshots } from './snapshots/snapshots.ts'
export { isFresh, type Traces } from './trace/traces.ts'
export { drawTrace } from './trace/picture.ts'
export type { FleetTables } from './tables.ts'
export type { FleetDeps, Reach } from './write.ts'
export { asPbxError, isPassing } from './xapi-errors.ts'
export type { CallLogRow, Download } from '../../xapi/xapi.ts'
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

export type Fleet = {
  hosts: Hosts
  reveal: Reveal
  testHost: TestHost
  maps: Maps
  origins: Origins
  audits: PbxAudits
  destinations: Destinations
  xapi: XapiSessions
  xapiCalls: XapiCalls
  inboundRules: InboundRules
  rulePlans: RulePlans
  snapshots: Snapshots
  traces: Traces
  prune: { snapshots: PruneOne; rule_plans: PruneOne }
  /** Says how the PBXs are read on schedule, before the work starts. */
  plan(work: Work): void
  /**
   * PBXs whose live calls are to be watched, of all tenants; `settings` changes with whatever a connection depends on,
   * `isLogged` says whether its calls are taken from its log as well.
   */
  watchedHosts(): Promise<{ id: number; tenantId: number; settings: string; isLogged: boolean }[]>
  /** What the journal asks of a host within reach; null for none. */
  hostOfCalls(reach: Reach, id: number): Promise<HostFacts | null>
  /** Hosts of all tenants that name the profile their questions are answered by; as the feed has them. */
  hostProfiles(): Promise<{ hostId: number; tenantId: number; profileId: number }[]>
  /** Every host whose calls are to be synchronised from its own log. */
  hostsWithCallLog(): ReturnType<typeof hostsWithCallLog>
  /** The rows of a host's call log; throws what `xapi.open` and its client throw. */
  callLog(
    reach: Reach,
    hostId: number,
    period: { from: Date; to: Date },
    signal: AbortSignal,
  ): AsyncGenerator<CallLogRow, void, undefined>
  close(): Promise<void>
}

export type FleetOptions = {
  store: FleetStore
  keyring: Keyring
  outbound: Outbound
  /** Where descriptions of PBXs are kept. */
  dataDir: string
  /** By which plans are applied; started later. */
  work: Work
  log: Log
}

/** The PBXs of the tenants. Its secrets are the keyring's, which is therefore opened before and started after. */
export function openFleet({
  store,
  keyring,
  outbound,
  dataDir,
  work,
  log,
  ...deps
}: FleetDeps & FleetOptions): Fleet {
  registerSecrets(keyring)
  registerTokens(keyring)
  const cache = openXapiCache(join(dataDir, 'xapi-descriptions'), log)
  const xapi = openXapiSessions({ store, keyring, outbound, cache, log })
  const snapshots = openSnapshots(store, deps, xapi)
  const maps = openMaps(store, deps, xapi)
  const trail = openChangeTrail(store, deps.clock, log)
  return {
    hosts: openHosts(store, deps, keyring),
    reveal: openReveal(store, keyring),
    testHost: openHostTest(store, deps, { outbound, sessions: xapi, maps }),
    maps,
    origins: openOrigins(store, deps, xapi),
    audits: openAudits(store, deps),
    destinations: openDestinations(store, deps),
    xapi,
    xapiCalls: openXapiCalls(store, xapi, trail),
    inboundRules: openInboundRules({ store, xapi, snapshots, clock: deps.clock, trail }),
    rulePlans: openRulePlans({ store, xapi, trail, snapshots, work, log }, deps),
    snapshots,
    traces: openTraces(store, deps, xapi, snapshots),
    prune: { snapshots: pruneSnapshots(store), rule_plans: pruneRulePlans(store) },
    plan: (work) => planSnapshots(work, { store, clock: deps.clock, log, take: snapshots.takeById }),
    close: xapi.close,
    async watchedHosts() {
      const rows = await store.read
        .selectFrom('pbx_hosts')
        .select(['id', 'tenant_id', 'cl_calls_is_sync', ...OF_A_CONNECTION])
        .where('watch_calls', '=', 1)
        .where('active', '=', 1)
        .where('xapi_client_id', 'is not', null)
        .where('xapi_client_secret', 'is not', null)
        .orderBy('id')
        .execute()
      return rows.map(({ id, tenant_id: tenantId, cl_calls_is_sync, ...settings }) => {
        return { id, tenantId, settings: JSON.stringify(settings), isLogged: cl_calls_is_sync === 1 }
      })
    },
    hostOfCalls: openHostFacts(store, deps),
    async hostProfiles() {
      const rows = await store.feed
        .selectFrom('pbx_hosts')
        .select(['id', 'tenant_id', 'profile_id'])
        .where('profile_id', 'is not', null)
        .execute()
      return rows.map((row) => ({
        hostId: row.id,
        tenantId: row.tenant_id,
        profileId: row.profile_id ?? 0,
      }))
    },
    hostsWithCallLog: () => hostsWithCallLog(store, deps),
    async *callLog(reach, hostId, period, signal) {
      const pbx = await xapi.open(reach, hostId)
      yield* pbx.callLog.rows(period, { signal })
    },
  }
}
