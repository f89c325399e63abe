import type { Keyring } from '../platform/keyring.ts'
import { openAudits, type PbxAudits } from './audits.ts'
import { openDestinations, type Destinations } from './destinations.ts'
import { registerSecrets } from './host-secrets.ts'
import { openHostFacts, type HostFacts } from './host-facts.ts'
import { openHosts, type Hosts } from './hosts.ts'
import { openHostTest, type Outbound, type TestHost } from './host-test.ts'
import { openReveal, type Reveal } from './reveal.ts'
import type { FleetDeps, FleetStore, Reach } from './write.ts'

export { AUDIT_COLUMNS, type AuditFilters, type PbxAudits } from './audits.ts'
export { countries, listTag, type Destinations } from './destinations.ts'
export { numbersInDepartments } from './departments.ts'
export { eraseFromFleet } from './erase.ts'
export { HOST_COLUMNS, type HostFilters, type Hosts } from './hosts.ts'
export type { HostFacts } from './host-facts.ts'
export type { Outbound, TestHost } from './host-test.ts'
export type { Reveal } from './reveal.ts'
export type { FleetTables } from './tables.ts'
export type { FleetDeps, Reach } from './write.ts'

export type Fleet = {
  hosts: Hosts
  reveal: Reveal
  testHost: TestHost
  audits: PbxAudits
  destinations: Destinations
  /** What the journal asks of a host within reach; null for none. */
  hostOfCalls(reach: Reach, id: number): Promise<HostFacts | null>
}

/** The PBXs of the tenants. Its secrets are the keyring's, which is therefore opened before and started after. */
export function openFleet({
  store,
  keyring,
  outbound,
  ...deps
}: FleetDeps & { store: FleetStore; keyring: Keyring; outbound: Outbound }): Fleet {
  registerSecrets(keyring)
  return {
    hosts: openHosts(store, deps, keyring),
    reveal: openReveal(store, keyring),
    testHost: openHostTest(store, deps, keyring, outbound),
    audits: openAudits(store, deps),
    destinations: openDestinations(store, deps),
    hostOfCalls: openHostFacts(store, deps),
  }
}
