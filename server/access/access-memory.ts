import type { Selectable } from 'kysely'
import type { Scope } from '../../contract/scopes.ts'
import { parseAddressList, type AddressList } from '../platform/address.ts'
import { fromJson } from '../platform/database/json.ts'
import type { Change, Store } from '../platform/database/store.ts'
import type { KnownSession } from './user-memory.ts'
import type { AccessTables, TenantsTable, TokensTable } from './tables.ts'

/** A tenant as every answer needs it. */
export type TenantSettings = {
  id: number
  name: string
  parentId: number | null
  country: string | null
  timeZone: string | null
  matchTail: boolean
  matchSwitchboard: boolean
  active: boolean
}

export type KnownToken = {
  id: number
  tenantId: number
  name: string
  hash: string | null
  scopes: ReadonlySet<Scope>
  addresses: AddressList | null
  dialects: ReadonlySet<string> | null
  expiresAt: number | null
  /** null for a token. */
  session: KnownSession | null
  /** The only PBX host it sees; null = all of its tenant. */
  hostId: number | null
  /** The only departments whose calls it sees; null = all. */
  departments: readonly string[] | null
  clearSecrets: boolean
}

/** Tenants and live tokens in memory: authentication asks no database. */
export type AccessMemory = {
  tenant(id: number): TenantSettings | null
  byHash(hash: string): KnownToken | null
  /** By its id; a session's is below zero. */
  byNumber(id: number): KnownToken | null
  addressCredentials(): Iterable<KnownToken>
  isDescendant(tenantId: number, ancestorId: number): boolean
  /** The session as it is in another tenant of its user; a token, or one that is none there, as it is. */
  inTenant(token: KnownToken, wanted: string | null): KnownToken
  /** The tenant and all below it. */
  family(tenantId: number): number[]
  /** null before any tenant is known. */
  operatorTenantId(): number | null
  /** All of it as JSON: no secret, only digests of them. */
  image(): AccessImage
  load(image: AccessImage): void
}

/** The same, following the store. */
export type FollowingAccessMemory = AccessMemory & {
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
}

export type AccessImage = { tenants: Selectable<TenantsTable>[]; tokens: Selectable<TokensTable>[] }

function toTenant(row: Selectable<TenantsTable>): TenantSettings {
  return {
    id: row.id,
    name: row.name,
    parentId: row.parent_id,
    country: row.country,
    timeZone: row.time_zone,
    matchTail: row.match_tail === 1,
    matchSwitchboard: row.match_switchboard === 1,
    active: row.active === 1,
  }
}

function toToken(row: Selectable<TokensTable>): KnownToken {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    hash: row.hash,
    scopes: new Set(fromJson<Scope[]>(row.scopes)),
    addresses: row.address_list === null ? null : parseAddressList(fromJson<string[]>(row.address_list)),
    dialects: row.dialects === null ? null : new Set(fromJson<string[]>(row.dialects)),
    expiresAt: row.expires_at,
    session: null,
    hostId: row.host_id,
    departments: row.departments ? fromJson<string[]>(row.departments) : null,
    clearSecrets: row.clear_secrets === 1,
  }
}

type Rows = {
  tenants: Map<number, Selectable<TenantsTable>>
  tokens: Map<number, Selectable<TokensTable>>
}

/** Memory with the rows it is made of, and what changes it. */
function openMemory() {
  const tenants = new Map<number, TenantSettings>()
  const byHash = new Map<string, KnownToken>()
  const byId = new Map<number, KnownToken>()
  const rows: Rows = { tenants: new Map(), tokens: new Map() }

  const forget = (id: number) => {
    const known = byId.get(id)
    byId.delete(id)
    rows.tokens.delete(id)
    if (known?.hash) byHash.delete(known.hash)
  }
  const remember = (row: Selectable<TokensTable>) => {
    forget(row.id)
    if (row.revoked_at !== null) return
    const token = toToken(row)
    byId.set(token.id, token)
    rows.tokens.set(token.id, row)
    if (token.hash !== null) byHash.set(token.hash, token)
  }

  const settle = (row: Selectable<TenantsTable>) => {
    tenants.set(row.id, toTenant(row))
    rows.tenants.set(row.id, row)
  }
  const leave = (id: number) => {
    tenants.delete(id)
    rows.tenants.delete(id)
  }

  const isDescendant = (tenantId: number, ancestorId: number) => {
    const seen = new Set<number>()
    for (let at = tenants.get(tenantId); at && !seen.has(at.id); at = tenants.get(at.parentId ?? 0)) {
      if (at.parentId === ancestorId) return true
      seen.add(at.id)
    }
    return false
  }

  const memory: AccessMemory = {
    tenant: (id) => tenants.get(id) ?? null,
    byHash: (hash) => byHash.get(hash) ?? null,
    byNumber: (id) => byId.get(id) ?? null,
    *addressCredentials() {
      for (const token of byId.values()) if (token.hash === null) yield token
    },
    isDescendant,
    inTenant: (token) => token,
    family: (id) => [...tenants.keys()].filter((other) => other === id || isDescendant(other, id)),
    operatorTenantId: () => [...tenants.values()].find((one) => one.parentId === null)?.id ?? null,
    image: () => ({ tenants: [...rows.tenants.values()], tokens: [...rows.tokens.values()] }),
    load(image) {
      for (const map of [tenants, byHash, byId, rows.tenants, rows.tokens]) map.clear()
      for (const row of image.tenants) settle(row)
      for (const row of image.tokens) remember(row)
    },
  }
  return { memory, forget, remember, settle, leave }
}

/** Memory of somebody else's image, for a thread that has no store. */
export const openAccessMirror = (): AccessMemory => openMemory().memory

/** `changed` hears of every change in the moment it was made. */
export function openAccessMemory(
  store: Store<AccessTables>,
  changed: (image: AccessImage) => void = () => {},
): FollowingAccessMemory {
  const { memory, forget, remember, settle, leave } = openMemory()
  const tell = () => changed(memory.image())
  const load = (image: AccessImage) => {
    memory.load(image)
    tell()
  }

  return {
    ...memory,
    async hydrate() {
      const tenantRows = await store.feed.selectFrom('tenants').selectAll().execute()
      const tokenRows = await store.feed
        .selectFrom('tokens')
        .selectAll()
        .where('revoked_at', 'is', null)
        .execute()
      load({ tenants: tenantRows, tokens: tokenRows })
    },
    load,
    async apply(changes) {
      const idsOf = (entity: string) =>
        changes.filter((one) => one.entity === entity).flatMap((one) => one.ids)
      const tenantIds = idsOf('tenant')
      if (tenantIds.length > 0) {
        const found = await store.feed
          .selectFrom('tenants')
          .selectAll()
          .where('id', 'in', tenantIds)
          .execute()
        for (const id of tenantIds) leave(id)
        for (const row of found) settle(row)
        tell()
      }
      const tokenIds = idsOf('token')
      if (tokenIds.length > 0) {
        const found = await store.feed.selectFrom('tokens').selectAll().where('id', 'in', tokenIds).execute()
        const ids = new Set(found.map((row) => row.id))
        for (const id of tokenIds) if (!ids.has(id)) forget(id)
        for (const row of found) remember(row)
        tell()
      }
    },
  }
}
