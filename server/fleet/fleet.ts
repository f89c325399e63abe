import type { Keyring } from '../platform/keyring.ts'
import { openAudits, type PbxAudits } from './audits.ts'
import { openDestinations, type Destinations } from './destinations.ts'
import { registerSecrets } from './host-secrets.ts'
import { openHosts, type Hosts } from './hosts.ts'
import { openReveal, type Reveal } from './reveal.ts'
import type { FleetDeps, FleetStore } from './write.ts'

export { AUDIT_COLUMNS, type AuditFilters, type PbxAudits } from './audits.ts'
export { countries, listTag, type Destinations } from './destinations.ts'
export { eraseFromFleet } from './erase.ts'
export { HOST_COLUMNS, type HostFilters, type Hosts } from './hosts.ts'
export type { Reveal } from './reveal.ts'
export type { FleetTables } from './tables.ts'
export type { FleetDeps, Reach } from './write.ts'

export type Fleet = {
  hosts: Hosts
  reveal: Reveal
  audits: PbxAudits
  destinations: Destinations
}

/** The PBXs of the tenants. Its secrets are the keyring's, which is therefore opened before and started after. */
export function openFleet({
  store,
  keyring,
  ...deps
}: FleetDeps & { store: FleetStore; keyring: Keyring }): Fleet {
  registerSecrets(keyring)
  return {
    hosts: openHosts(store, deps, keyring),
    reveal: openReveal(store, keyring),
    audits: openAudits(store, deps),
    destinations: openDestinations(store, deps),
  }
}
