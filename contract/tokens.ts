import { Type, type Static } from 'typebox'
import { Departments, Id, Instant, Nullable, PageOf } from './common.ts'
import { Scope } from './scopes.ts'

/**
 * `api`: a secret token. `address`: no secret; callers from the listed addresses are let in to the named
 * dialects, for PBXs that can send no token.
 */
export const TokenInput = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255 }),
    kind: Type.Optional(Type.Union([Type.Literal('api'), Type.Literal('address')])),
    scopes: Type.Array(Scope, { minItems: 1, uniqueItems: true }),
    /** Addresses and CIDR ranges from which the token works; null = from anywhere. Required for `address`. */
    address_list: Type.Optional(
      Nullable(Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 200 })),
    ),
    /** For `address`: the dialects it opens, such as `identification`. */
    dialects: Type.Optional(
      Nullable(Type.Array(Type.String({ maxLength: 40 }), { minItems: 1, maxItems: 20 })),
    ),
    expires_at: Type.Optional(Nullable(Instant)),
    /** For clients that cannot do without: answers about PBX hosts hold passwords and keys in clear. See docs/secrets.md. */
    clear_secrets: Type.Optional(Type.Boolean({ default: false })),
    /** The one PBX host it belongs to: it sees no other, changes nothing of the fleet, and is no `admin`. */
    host_id: Type.Optional(Nullable(Id)),
    /** The departments whose calls it sees: see `docs/pbx-hosts.md`. It writes none. */
    departments: Type.Optional(Departments),
  },
  { additionalProperties: false },
)

export const Token = Type.Object({
  id: Id,
  name: Type.String(),
  kind: Type.String(),
  /** The last four characters of the secret, to tell tokens apart. */
  hint: Type.String(),
  scopes: Type.Array(Type.String()),
  address_list: Nullable(Type.Array(Type.String())),
  dialects: Nullable(Type.Array(Type.String())),
  clear_secrets: Type.Boolean(),
  host_id: Nullable(Id),
  departments: Departments,
  expires_at: Nullable(Instant),
  revoked_at: Nullable(Instant),
  last_used_at: Nullable(Instant),
  created_at: Instant,
})

/** The answer to a creation: the only time the secret is shown (null for `address`). */
export const CreatedToken = Type.Object({ ...Token.properties, token: Nullable(Type.String()) })
export const TokenPage = PageOf(Token)
export type TokenInput = Static<typeof TokenInput>
export type Token = Static<typeof Token>
