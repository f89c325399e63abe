import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf, PatchOf } from './common.ts'

/** ISO 3166-1 alpha-2, upper case. */
const Country = Type.String({ pattern: '^[A-Z]{2}$' })
/** An IANA zone such as Europe/Paris. */
const TimeZone = Type.String({ maxLength: 64 })

const settings = {
  name: Type.String({ minLength: 1, maxLength: 255 }),
  /** Country in whose national form callers and books are read; null until the first import names it. */
  country: Type.Optional(Nullable(Country)),
  /** Zone of the tenant's calendar days; null = the country's zone when it has one, else UTC. */
  time_zone: Type.Optional(Nullable(TimeZone)),
  /** Show who a caller may be by the last nine digits (display only). */
  match_tail: Type.Optional(Type.Boolean()),
  /** Show whose switchboard a caller may be behind (company only, display only). */
  match_switchboard: Type.Optional(Type.Boolean()),
  active: Type.Optional(Type.Boolean()),
}

export const TenantInput = Type.Object(settings, { additionalProperties: false })
export const TenantPatch = PatchOf(TenantInput, { closed: true })
export const Tenant = Type.Object({
  id: Id,
  parent_id: Nullable(Id),
  name: Type.String(),
  country: Nullable(Type.String()),
  time_zone: Nullable(Type.String()),
  /** The zone in force, after the defaults. */
  effective_time_zone: Type.String(),
  match_tail: Type.Boolean(),
  match_switchboard: Type.Boolean(),
  active: Type.Boolean(),
  created_at: Instant,
  updated_at: Instant,
})
export const TenantPage = PageOf(Tenant)
export type TenantInput = Static<typeof TenantInput>
export type TenantPatch = Static<typeof TenantPatch>
export type Tenant = Static<typeof Tenant>
