import type { Clock } from '../platform/clock.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { Change, Store, Tx } from '../platform/database/store.ts'
import { openAccessMemory, type AccessImage, type TenantSettings } from './access-memory.ts'
import { openAuthentication, type Authentication } from './authentication.ts'
import { bootstrap, type Bootstrapped } from './bootstrap.ts'
import type { AccessTables } from './tables.ts'
import { openPeople, type People } from './people.ts'
import { openTenants, type Tenants } from './tenants.ts'
import { openTokens, type Tokens } from './tokens.ts'
import { openUsageNotes } from './usage-notes.ts'
import { zoneOf } from './zones.ts'

export { actorOf, mayDo, type Principal } from './principal.ts'
export type { Credentials } from './authentication.ts'
export type { AccessImage } from './access-memory.ts'
export type { AccessTables } from './tables.ts'
export type { CreatedToken } from './tokens.ts'
export { csrfTokenOf, isCsrfToken, isSessionSecret } from './session-secret.ts'
export { pruneSessions } from './sessions.ts'
export type { Origin, SignedIn } from './sign-in.ts'
export type { Self } from './own-account.ts'
export type { Reach } from './sessions.ts'

/** What other rooms need to know of a tenant to answer its callers. */
export type TenantView = Pick<TenantSettings, 'country' | 'matchTail' | 'matchSwitchboard'> & {
  timeZone: string
}

export type Access = Authentication &
  People & {
    /** Makes sure that there is an operator's tenant and a first token. Idempotent; needs the store. */
    bootstrap(): Promise<Bootstrapped>
    /** From memory; null before any tenant is known. */
    operatorTenantId(): number | null
    tenants: Tenants
    tokens: Tokens
    /** From memory; null for a tenant that does not exist or was closed. */
    tenant(id: number): TenantView | null
    /** See Tenants.nameCountry. */
    nameCountry(tx: Tx<never>, tenantId: number, country: string): Promise<void>
    hydrate(): Promise<void>
    apply(changes: Change[]): Promise<void>
    image(): AccessImage
    load(image: AccessImage): void
    close(): Promise<void>
  }

export type AccessOptions = {
  store: Store<AccessTables>
  clock: Clock
  dataDir: string
  adminToken: string | null
  keyring: Keyring
  publicUrl: string | null
  /** `CORDBOARD_COUNTRY` and `CORDBOARD_TIME_ZONE`: for tenants that name none of their own. */
  country: string | null
  timeZone: string | null
  onTrouble(error: unknown): void
}

/** Who may do what: tenants, tokens, and the answer to "who is asking", which is given from memory. */
export function openAccess(options: AccessOptions): Access {
  const { store, clock, country, timeZone, onTrouble } = options
  const memory = openAccessMemory(store, clock)
  const usage = openUsageNotes(store, clock, memory.users, onTrouble)
  const people = openPeople(options, memory)
  const tenants = openTenants(store, clock, timeZone)
  const views = new WeakMap<TenantSettings, TenantView>()
  return {
    bootstrap: () => bootstrap(options),
    operatorTenantId: memory.operatorTenantId,
    ...openAuthentication(memory, clock, usage.used),
    tenants,
    tokens: openTokens(store, clock),
    ...people,
    tenant(id) {
      const found = memory.tenant(id)
      if (!found?.active) return null
      const kept = views.get(found)
      if (kept) return kept
      const { matchTail, matchSwitchboard } = found
      const ofTenant = found.country ?? country
      const view = {
        country: ofTenant,
        timeZone: zoneOf(found.timeZone, ofTenant, timeZone),
        matchTail,
        matchSwitchboard,
      }
      views.set(found, view)
      return view
    },
    nameCountry: tenants.nameCountry,
    hydrate: memory.hydrate,
    apply: memory.apply,
    image: memory.image,
    load: memory.load,
    close: usage.close,
  }
}
