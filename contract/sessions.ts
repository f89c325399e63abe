import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf } from './common.ts'
import { Language } from './dispositions.ts'
import { Password, Phone, Role } from './users.ts'

const Code = Type.String({ maxLength: 40, description: 'Of the authenticator, or a recovery code.' })

export const SignIn = Type.Object(
  {
    email: Type.String({ maxLength: 254 }),
    password: Type.String({ maxLength: 200 }),
    code: Type.Optional(Code),
    /** The tenant to act in, of those the user belongs to. */
    tenant_id: Type.Optional(Id),
  },
  { additionalProperties: false },
)
export type SignIn = Static<typeof SignIn>

/** Who asks. */
export const WhoAmI = Type.Object({
  /** null for a token. */
  user: Nullable(
    Type.Object({ id: Id, email: Type.String(), name: Type.String(), language: Nullable(Language) }),
  ),
  /** `time_zone`: in which its days begin, an IANA name. */
  tenant: Type.Object({ id: Id, name: Type.String(), time_zone: Type.String() }),
  role: Nullable(Role),
  scopes: Type.Array(Type.String()),
  /** The tenants a user may act in with `Cordboard-Tenant`. */
  tenants: Type.Array(Type.Object({ id: Id, name: Type.String(), role: Role })),
  /** The user's phones in the tenant acted in. */
  phones: Type.Array(Phone),
  session_id: Nullable(Id),
  expires_at: Nullable(Instant),
  /** Of a session in a cookie: to be sent as `X-CSRF-Token` with everything that is no GET. */
  csrf_token: Nullable(Type.String()),
})
export type WhoAmI = Static<typeof WhoAmI>

/** What a user says of itself. `language`: of labels; null = what the browser asks for. */
export const SelfPatch = Type.Object(
  { language: Type.Optional(Nullable(Language)) },
  { additionalProperties: false },
)
export const SelfAnswer = Type.Object({ language: Nullable(Language) })
export type SelfPatch = Static<typeof SelfPatch>

export const Session = Type.Object({
  id: Id,
  user_id: Id,
  kind: Type.String(),
  /** Where the sign-in came from. */
  address: Nullable(Type.String()),
  /** Whether it is the one that asks. */
  current: Type.Boolean(),
  idle_until: Instant,
  expires_at: Instant,
  revoked_at: Nullable(Instant),
  created_at: Instant,
})
export type Session = Static<typeof Session>
export const SessionPage = PageOf(Session)

export const PasswordChange = Type.Object(
  { current: Type.String({ maxLength: 200 }), password: Password },
  { additionalProperties: false },
)
export const PasswordByInvitation = Type.Object(
  { token: Type.String({ maxLength: 200 }), password: Password },
  { additionalProperties: false },
)
/** How many other sessions of the user ended. */
export const PasswordSet = Type.Object({ revoked_sessions: Type.Integer() })

/** The own authenticator: whether the sign-in asks for its code, and how many recovery codes were not used yet. */
export const TotpState = Type.Object({
  confirmed_at: Nullable(Instant),
  recovery_codes_left: Type.Integer(),
})
export type TotpState = Static<typeof TotpState>
export const TotpEnrolment = Type.Object({ secret: Type.String(), url: Type.String() })
export const TotpCode = Type.Object({ code: Code }, { additionalProperties: false })
export const RecoveryCodes = Type.Object({ recovery_codes: Type.Array(Type.String()) })
export type TotpEnrolment = Static<typeof TotpEnrolment>
export type RecoveryCodes = Static<typeof RecoveryCodes>
export type PasswordSet = Static<typeof PasswordSet>
