import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf, PatchOf } from './common.ts'
import { EventKind } from './events.ts'

/** What stands for the value of a header in every answer; in a write it means unchanged. */
export const HEADER_MASK = '********'

const Headers = Type.Record(
  Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$" }),
  Nullable(Type.String({ maxLength: 4_000 })),
  { maxProperties: 20 },
)

/** Somebody who is to be told of events, as a client writes it. */
export const WebhookInput = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255 }),
    /** Where events are sent: `http:` or `https:`, without a user name or password in it. */
    url: Type.String({ minLength: 1, maxLength: 2_000 }),
    kinds: Type.Array(EventKind, { minItems: 1, uniqueItems: true }),
    /** false: nothing is queued or sent; what was queued before waits. true unless told otherwise. */
    active: Type.Optional(Type.Boolean()),
    /** Events of these PBX hosts alone; null = of all hosts, and those that belong to none. */
    host_ids: Type.Optional(Nullable(Type.Array(Id, { minItems: 1, maxItems: 500, uniqueItems: true }))),
    /** Sent with every delivery. Values are stored encrypted; the mask leaves one as it is, null takes it out. */
    headers: Type.Optional(Headers),
    /** How long the receiver may take to answer, ms; 10,000 unless told otherwise. */
    timeout_ms: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 30_000 })),
  },
  { additionalProperties: false },
)

/** A change: absent = unchanged. `headers` names those that change. */
export const WebhookPatch = PatchOf(WebhookInput, { closed: true })

export const Webhook = Type.Object({
  id: Id,
  name: Type.String(),
  url: Type.String(),
  kinds: Type.Array(EventKind),
  active: Type.Boolean(),
  /** When and why the hub made it inactive by itself; null once it is active again. */
  disabled_at: Nullable(Instant),
  disabled_reason: Nullable(Type.String()),
  host_ids: Nullable(Type.Array(Id)),
  /** Names with masks. */
  headers: Type.Record(Type.String(), Type.String()),
  timeout_ms: Type.Integer(),
  /** Until then deliveries are signed with the former secret too; null when there is none. */
  old_secret_until: Nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
})

/** With the secret that signs deliveries, which is shown this one time. */
export const WebhookWithSecret = Type.Object({ ...Webhook.properties, secret: Type.String() })
export const WebhookPage = PageOf(Webhook)
export type WebhookInput = Static<typeof WebhookInput>
export type WebhookPatch = Static<typeof WebhookPatch>
export type Webhook = Static<typeof Webhook>
export type WebhookWithSecret = Static<typeof WebhookWithSecret>

export const SecretRotation = Type.Object(
  {
    /** How long the former secret signs as well, seconds. */
    overlap_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000, default: 86_400 })),
  },
  { additionalProperties: false },
)

/** What came of a delivery that was sent at once. */
export const WebhookTest = Type.Object({
  /** The receiver answered 2xx. */
  ok: Type.Boolean(),
  /** HTTP status; null when there was no answer. */
  status: Nullable(Type.Integer()),
  duration_ms: Type.Integer(),
  error: Nullable(Type.String()),
  /** The beginning of the answer. */
  response: Nullable(Type.String()),
})
export type WebhookTest = Static<typeof WebhookTest>

export const DELIVERY_STATES = ['waiting', 'delivered', 'dead'] as const

/** One event for one webhook. */
export const Delivery = Type.Object({
  id: Id,
  event: Type.Object({ id: Id, kind: EventKind, happened_at: Instant }),
  /** `dead`: tried to the end in vain. */
  state: Type.Enum([...DELIVERY_STATES]),
  attempts: Type.Integer(),
  /** HTTP status of the last attempt; null when there was no answer. */
  last_status: Nullable(Type.Integer()),
  last_error: Nullable(Type.String()),
  last_duration_ms: Nullable(Type.Integer()),
  /** The beginning of what was answered at the last attempt. */
  response: Nullable(Type.String()),
  last_attempt_at: Nullable(Instant),
  next_attempt_at: Nullable(Instant),
  delivered_at: Nullable(Instant),
  dead_at: Nullable(Instant),
  created_at: Instant,
})
export const DeliveryPage = PageOf(Delivery)
export type Delivery = Static<typeof Delivery>

export const DeliveryParams = Type.Object({ id: Id, delivery: Id })

/** How many dead deliveries wait again. */
export const Replayed = Type.Object({ replayed: Type.Integer() })
export type Replayed = Static<typeof Replayed>
