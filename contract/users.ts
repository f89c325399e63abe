import { Type, type Static } from 'typebox'
import { Departments, Id, Instant, Nullable, PageOf, PatchOf } from './common.ts'
import type { Scope } from './scopes.ts'

/** What a person may do in a tenant. */
export const ROLES = ['admin', 'manager', 'agent'] as const
export const Role = Type.Enum([...ROLES])
export type Role = Static<typeof Role>

export const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  admin: ['admin'],
  manager: ['identify', 'journal:write', 'directory:write', 'calls:write', 'calls:place', 'fleet:read'],
  agent: ['identify', 'journal:write', 'directory:read', 'calls:read', 'calls:place'],
}

export const Password = Type.String({ minLength: 10, maxLength: 200 })
const Email = Type.String({ format: 'email', maxLength: 254 })

/** An extension of a PBX that is somebody's phone. */
export const Phone = Type.Object(
  { host_id: Id, extension: Type.String({ pattern: '^[0-9*#]{1,20}$' }) },
  { additionalProperties: false },
)
export type Phone = Static<typeof Phone>

/** A tenant, by default the one acted in, or one below it. */
export const MembershipInput = Type.Object(
  {
    tenant_id: Type.Optional(Id),
    role: Role,
    /** The user's phones at PBX hosts of that tenant; absent = unchanged. */
    phones: Type.Optional(Type.Array(Phone, { maxItems: 20 })),
    /** The only departments whose calls are seen, and none written; null = all, absent = unchanged. */
    departments: Type.Optional(Departments),
  },
  { additionalProperties: false },
)
export const Membership = Type.Object({
  tenant_id: Id,
  role: Role,
  phones: Type.Array(Phone),
  departments: Departments,
})
export type MembershipInput = Static<typeof MembershipInput>

export const UserInput = Type.Object(
  {
    email: Email,
    name: Type.Optional(Type.String({ maxLength: 255 })),
    /** Written, never read. Without one the answer holds an invitation. */
    password: Type.Optional(Password),
    active: Type.Optional(Type.Boolean()),
    /** In a change: all of those that are seen here. */
    memberships: Type.Array(MembershipInput, { minItems: 1, maxItems: 200 }),
  },
  { additionalProperties: false },
)
export const UserPatch = PatchOf(UserInput)
export type UserInput = Static<typeof UserInput>
export type UserPatch = Static<typeof UserPatch>

export const User = Type.Object({
  id: Id,
  email: Type.String(),
  name: Type.String(),
  active: Type.Boolean(),
  /** Those in the tenant acted in and in the ones below it. */
  memberships: Type.Array(Membership),
  /** Whether it can sign in by password; without one an invitation is under way or has expired. */
  has_password: Type.Boolean(),
  /** Whether a code of an authenticator is asked for. */
  totp: Type.Boolean(),
  signed_in_at: Nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
})
export type User = Static<typeof User>
export const UserPage = PageOf(User)

/** Lets its holder set the password, once. Shown here and nowhere else. */
export const Invitation = Type.Object({
  token: Type.String(),
  /** Where it is used; null without `CORDBOARD_PUBLIC_URL`. */
  url: Nullable(Type.String()),
  expires_at: Instant,
})
export type Invitation = Static<typeof Invitation>
export const CreatedUser = Type.Object({ ...User.properties, invitation: Nullable(Invitation) })
export type CreatedUser = Static<typeof CreatedUser>
