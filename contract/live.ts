import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable } from './common.ts'

export const LIVE_EVENTS = ['pop', 'dialing', 'answered', 'moved', 'ended'] as const
export type LiveEventName = (typeof LIVE_EVENTS)[number]

const MaybeText = Nullable(Type.String())

/** Who is at the other side; null for nobody, and when several customers have the number. */
const Party = {
  known: Type.Boolean(),
  vip: Type.Boolean(),
  customer: Nullable(
    Type.Object({
      id: Id,
      account: MaybeText,
      name: Type.String(),
      vip: Type.Boolean(),
      on_call_duty: Type.Boolean(),
    }),
  ),
  contact: Nullable(Type.Object({ id: Id, name: Type.String() })),
}

/** What the PBX tells of a call. */
const Seen = {
  /** The hub's number of the call: the same at every extension, never used again. */
  call: Id,
  /** The PBX's number of the call. */
  call_id: Type.String(),
  host_id: Id,
  /** null at a queue, a ring group or a route point. */
  extension: MaybeText,
  direction: Type.Enum(['inbound', 'outbound', 'internal']),
  state: Type.Enum(['ringing', 'answered', 'ended']),
  /** The other side as the PBX tells it; null when it is withheld. */
  number: MaybeText,
  e164: MaybeText,
  caller_name: MaybeText,
  /** The number dialled from outside; null when the PBX does not tell it. */
  called_number: MaybeText,
  queue: MaybeText,
  started_at: Instant,
  answered_at: Nullable(Instant),
  ended_at: Nullable(Instant),
}

/** A call at one extension. */
const CallAtExtension = { ...Seen, ...Party }

/** A whole call, at whatever numbers it was: `extension` is who talked last, else whose phone rang last. */
export const SeenLiveCall = Type.Object(Seen)
export type SeenLiveCall = Static<typeof SeenLiveCall>

/** What a live stream tells of a call at one extension. */
export const LiveEvent = Type.Object({
  /** Grows; what `Last-Event-ID` repeats. */
  id: Id,
  event: Type.Enum([...LIVE_EVENTS]),
  at: Instant,
  ...CallAtExtension,
  /** With `moved`: the extensions the call is at now. */
  to: Type.Array(Type.String()),
  /** With `ended`: whether nobody had answered the call. */
  missed: Type.Boolean(),
})
export type LiveEvent = Static<typeof LiveEvent>

export const LiveCall = Type.Object(CallAtExtension)
export type LiveCall = Static<typeof LiveCall>

/** How the live calls of a PBX are followed. */
export const HostLive = Type.Object({
  host_id: Id,
  /** As the host's setting says. */
  watch_calls: Type.Boolean(),
  /**
   * `watching`: calls are seen as they happen. `starting`: a hub has just taken it. `away`: the PBX is tried again and
   * again. `idle`: no hub watches it: it is switched off, lacks credentials, or no hub runs.
   */
  status: Type.Enum(['watching', 'starting', 'away', 'idle']),
  /** `socket`: call control; `polling`: the list of active calls; null while nothing is seen. */
  source: Nullable(Type.Enum(['socket', 'polling'])),
  since: Nullable(Instant),
  /** The last trouble, in words for a person; it may be over. */
  last_error: MaybeText,
  failed_at: Nullable(Instant),
  calls: Type.Array(LiveCall),
})
export type HostLive = Static<typeof HostLive>

export const LiveQuery = Type.Object(
  {
    /** Of this PBX only. */
    host: Type.Optional(Id),
  },
  { additionalProperties: false },
)

export const ClickToCall = Type.Object(
  {
    /** As a person writes it, in the form of the tenant's country, or an extension. */
    number: Type.String({ minLength: 1, maxLength: 60 }),
    /** Which phone, when it is not plain: one of the user's own; a token names both. */
    host_id: Type.Optional(Id),
    extension: Type.Optional(Type.String({ pattern: '^[0-9*#]{1,20}$' })),
    /** Calls a number on the do-not-call list all the same; noted in the audit trail. */
    override: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
)
export type ClickToCall = Static<typeof ClickToCall>

export const PlacedCall = Type.Object({
  host_id: Id,
  extension: Type.String(),
  /** What the PBX was told to dial. */
  dialled: Type.String(),
  /** `ringing`: the phone rings. `unknown`: the PBX was asked, and what came of it is not known. */
  state: Type.Enum(['ringing', 'unknown']),
  /** The PBX's number of the call, when it tells it. */
  call_id: MaybeText,
})
export type PlacedCall = Static<typeof PlacedCall>
