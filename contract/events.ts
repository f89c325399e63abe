import { Type, type Static, type TSchema } from 'typebox'
import { Id, Instant, Nullable } from './common.ts'
import { CALL_DIRECTIONS, CALL_STATUSES } from './pbx3cx-calls.ts'

/** What webhooks and pollers are told of. Kinds are added, never renamed. */
export const EVENT_KINDS = [
  'call.ringing',
  'call.answered',
  'call.ended',
  'call.missed',
  'disposition.saved',
  'callback.due',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]
export const EventKind = Type.Enum([...EVENT_KINDS])

const MaybeText = Nullable(Type.String())
const MaybeId = Nullable(Type.Integer())
const MaybeInstant = Nullable(Instant)
/** Milliseconds. */
const MaybeMs = Nullable(Type.Integer())

/** A call as it is known at that moment; null = not known (yet). */
export const CallEventData = Type.Object({
  /** The PBX the call is on. */
  host_id: Id,
  /** What the PBX calls this call: the same in every event of one call. */
  call: Type.String(),
  direction: Nullable(Type.Enum([...CALL_DIRECTIONS])),
  /** null while the call goes on. */
  status: Nullable(Type.Enum([...CALL_STATUSES])),
  /** As the PBX shows them; `e164` where they are outside numbers. */
  caller_number: MaybeText,
  caller_e164: MaybeText,
  caller_name: MaybeText,
  called_number: MaybeText,
  called_e164: MaybeText,
  queue: MaybeText,
  /** Who rings, who answered or who was rung last. */
  agent_extension: MaybeText,
  agent_name: MaybeText,
  started_at: MaybeInstant,
  answered_at: MaybeInstant,
  ended_at: MaybeInstant,
  ring_ms: MaybeMs,
  wait_ms: MaybeMs,
  talk_ms: MaybeMs,
  /** Whom the outside number means; null when nobody or several. */
  customer_id: MaybeId,
  contact_id: MaybeId,
  /** The call in `pbx3cx-call-logs`; null while there is none. */
  call_log_id: MaybeId,
})
export type CallEventData = Static<typeof CallEventData>

/** What became of a call, as it was recorded or corrected. */
export const DispositionEventData = Type.Object({
  disposition_id: Id,
  /** It took the place of what was said before. */
  corrected: Type.Boolean(),
  recorded_at: Instant,
  number: Type.String(),
  e164: MaybeText,
  customer_id: MaybeId,
  contact_id: MaybeId,
  status: Type.String(),
  comment: Type.String(),
  agent: MaybeText,
  call: MaybeText,
  due_at: MaybeInstant,
})
export type DispositionEventData = Static<typeof DispositionEventData>

/** Somebody is to be called now. */
export const CallbackEventData = Type.Object({
  callback_id: Id,
  disposition_id: Id,
  due_at: Instant,
  number: Type.String(),
  e164: MaybeText,
  customer_id: MaybeId,
  contact_id: MaybeId,
  comment: Type.String(),
  agent: MaybeText,
})
export type CallbackEventData = Static<typeof CallbackEventData>

/** What each kind of event tells. */
export const EVENT_DATA = {
  'call.ringing': CallEventData,
  'call.answered': CallEventData,
  'call.ended': CallEventData,
  'call.missed': CallEventData,
  'disposition.saved': DispositionEventData,
  'callback.due': CallbackEventData,
} as const satisfies Record<EventKind, TSchema>
export type EventData = { [Kind in EventKind]: Static<(typeof EVENT_DATA)[Kind]> }

const eventOf = <Data extends TSchema>(kinds: EventKind[], data: Data) =>
  Type.Object({
    /** Never used again: what comes twice with one id is one event. */
    id: Id,
    kind: Type.Enum(kinds),
    happened_at: Instant,
    data,
  })

/** Something that happened, as pollers read it and webhooks are sent it. */
export const Event = Type.Union([
  eventOf(['call.ringing', 'call.answered', 'call.ended', 'call.missed'], CallEventData),
  eventOf(['disposition.saved'], DispositionEventData),
  eventOf(['callback.due'], CallbackEventData),
])
export type Event = Static<typeof Event>

export const EventQuery = Type.Object(
  {
    /** The `next_cursor` of the answer before; absent = from the oldest event that is kept. */
    after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
    /** One kind, or several with commas between them. */
    kind: Type.Optional(Type.String({ maxLength: 255 })),
    /** Events of this PBX alone. */
    host: Type.Optional(Id),
    /** Nothing that happened before this instant, or before this day in the tenant’s zone. */
    from: Type.Optional(Type.String({ maxLength: 40 })),
  },
  { additionalProperties: false },
)
export type EventQuery = Static<typeof EventQuery>

export const EventFeed = Type.Object({
  data: Type.Array(Event),
  /** Where to go on, also when there was nothing. */
  next_cursor: Type.String(),
  /** There is more already. */
  has_more: Type.Boolean(),
})
export type EventFeed = Static<typeof EventFeed>
