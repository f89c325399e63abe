import type { Clock } from '../platform/clock.ts'
import type { Change, Store, Tx } from '../platform/database/store.ts'
import { openPeople, type People } from './people.ts'
import { openPhoneMemory, type PhoneImage, type PhoneMemory } from './phones.ts'
import { openUserMemory, type UserImage } from './user-memory.ts'
import type { Keyring } from '../platform/keyring.ts'
import { openAccessMemory, type AccessImage, type AccessMemory } from './access-memory.ts'
import { openAuthentication, type Authentication } from './authentication.ts'
import { bootstrap, type Bootstrapped } from './bootstrap.ts'
import type { AccessTables } from './tables.ts'
import { openTenants, type Tenants } from './tenants.ts'
import { openTokens, type Tokens } from './tokens.ts'
import { openTenantViews, type TenantView } from './tenant-views.ts'
import { openUsageNotes } from './usage-notes.ts'

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
export type { TenantView } from './tenant-views.ts'

/** What a snapshot holds of access. */
export type AccessSnapshot = AccessImage & { users: UserImage; phones: PhoneImage }

export type Access = Authentication &
  People & {
    /** Makes sure that there is an operator's tenant and a first token. Idempotent; needs the store. */
    bootstrap(): Promise<Bootstrapped>
    /** From memory; null before any tenant is known. */
    operatorTenantId(): number | null
    tenants: Tenants
    tokens: Tokens
    /** A user's phones in a tenant; from memory. */
    phonesOf: PhoneMemory['of']
    /** From memory; null for a tenant that does not exist or was closed. */
    tenant(id: number): TenantView | null
    /** See Tenants.nameCountry. */
    nameCountry(tx: Tx<never>, tenantId: number, country: string): Promise<void>
    /** Notes that a token was used just now. */
    used(tokenId: number): void
    hydrate(): Promise<void>
    apply(changes: Change[]): Promise<void>
    image(): AccessSnapshot
    load(image: AccessSnapshot): void
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
  /** Hears of every change of tenants and tokens in memory, in the moment it was made. */
  onMemory?(image: AccessImage): void
}

/** Who may do what: tenants, tokens, and the answer to "who is asking", which is given from memory. */
export function openAccess(options: AccessOptions): Access {
  const { store, clock, timeZone, onTrouble } = options
  const tokens = openAccessMemory(store, options.onMemory)
  const users = openUserMemory(store, clock)
  const phones = openPhoneMemory(store)
  const memory: AccessMemory = {
    ...tokens,
    byHash: (hash) => tokens.byHash(hash) ?? users.byHash(hash),
    byNumber: (id) => tokens.byNumber(id) ?? users.byNumber(id),
    inTenant: users.inTenant,
  }
  const usage = openUsageNotes(store, clock, users, onTrouble)
  const people = openPeople(options, memory, phones.of)
  const tenants = openTenants(store, clock, timeZone)
  return {
    bootstrap: () => bootstrap(options),
    operatorTenantId: memory.operatorTenantId,
    ...openAuthentication(memory, clock, usage.used),
    tenants,
    tokens: openTokens(store, clock),
    phonesOf: phones.of,
    ...people,
    tenant: openTenantViews(memory, options),
    nameCountry: tenants.nameCountry,
    used: usage.used,
    async hydrate() {
      await tokens.hydrate()
      await users.hydrate()
      await phones.hydrate()
    },
    async apply(changes) {
      await tokens.apply(changes)
      const ids = changes.filter((one) => one.entity === 'user').flatMap((one) => one.ids)
      if (ids.length > 0) await users.apply(ids)
      await phones.apply(changes)
    },
    image: () => ({ ...tokens.image(), users: users.image(), phones: phones.image() }),
    load(image) {
      tokens.load(image)
      users.load(image.users)
      phones.load(image.phones)
    },
    close: usage.close,
  }
}
