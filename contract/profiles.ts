import { Type, type Static } from 'typebox'
import { CalendarDate, Id, Instant, Nullable, PageOf, PatchOf, ShortText } from './common.ts'

const Name = Type.String({ minLength: 1, maxLength: 255 })

/** By the wall clock, `24:00` included. A span that ends no later than it begins ends on the next day. */
const Span = Type.Object(
  {
    from: Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' }),
    to: Type.String({ pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$' }),
  },
  { additionalProperties: false },
)
const Spans = Type.Optional(Type.Array(Span, { maxItems: 20 }))

/** Opening hours of a week; a day without spans is closed. */
export const WeekHours = Type.Object(
  {
    monday: Spans,
    tuesday: Spans,
    wednesday: Spans,
    thursday: Spans,
    friday: Spans,
    saturday: Spans,
    sunday: Spans,
  },
  { additionalProperties: false },
)

/** Days on which the profile is closed from midnight to midnight. */
export const Holiday = Type.Object(
  {
    name: Type.Optional(ShortText),
    from: CalendarDate,
    /** The last day; absent: the same day. */
    to: Type.Optional(CalendarDate),
    /** Every year on these days, whatever year is written. */
    yearly: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

const Ids = Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 1_000 }))
const Texts = Type.Optional(Type.Array(Name, { minItems: 1, maxItems: 1_000 }))
const Flag = Type.Optional(Type.Boolean())

/** All that is named must hold; of a list, one. An empty condition always holds. */
export const RuleCondition = Type.Object(
  {
    known: Flag,
    vip: Flag,
    on_call: Flag,
    open: Flag,
    do_not_call: Flag,
    category_ids: Ids,
    customer_ids: Ids,
    accounts: Texts,
    /** Called numbers, in any spelling. */
    called: Texts,
    /** Somebody is known to have talked with the caller, on the PBX that asks, within so many days (default 30). */
    last_agent: Type.Optional(
      Type.Object(
        { within_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365 })) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

const PLACES = [
  'extension',
  'queue',
  'ring_group',
  'ivr',
  'voicemail',
  'number',
  'direct_line',
  'route_identifier',
  'hang_up',
] as const
const Value = Type.String({ maxLength: 255 })

export const Destination = Type.Object(
  { type: Type.Enum([...PLACES]), value: Value },
  { additionalProperties: false },
)

/** `last_agent` with an empty value is the extension that `when.last_agent` finds, and is answered as that. */
export const RuleDestination = Type.Object(
  { type: Type.Enum([...PLACES, 'last_agent']), value: Value },
  { additionalProperties: false },
)

/** The first rule whose condition holds decides. */
export const Rule = Type.Object(
  {
    name: Name,
    when: RuleCondition,
    destination: RuleDestination,
    /** 0-100, 100 first in line, for PBXs that ask for it. */
    queue_position: Type.Optional(Nullable(Type.Integer({ minimum: 0, maximum: 100 }))),
  },
  { additionalProperties: false },
)

/** `in_order`: asked when those before know nobody; `parallel`: asked together with the one before. */
const MODES = ['in_order', 'parallel'] as const
const Source = Type.Object(
  { source: Name, mode: Type.Optional(Type.Enum([...MODES])) },
  { additionalProperties: false },
)

/** How calls to some called numbers are answered. */
export const ProfileInput = Type.Object(
  {
    name: Name,
    /** The called numbers it is for; none, and no hosts: for every number no other profile names. */
    dnids: Type.Optional(Type.Array(Name, { maxItems: 1_000, uniqueItems: true })),
    /** The PBX hosts whose questions it answers where the called number has no profile. */
    host_ids: Type.Optional(Type.Array(Id, { maxItems: 1_000, uniqueItems: true })),
    /** In whose national form its callers are read; null: the tenant's. */
    country: Type.Optional(Nullable(Type.String({ pattern: '^[A-Z]{2}$' }))),
    /** The zone of its clock; null: the tenant's. */
    time_zone: Type.Optional(Nullable(Type.String({ maxLength: 64 }))),
    /** null: always open. */
    hours: Type.Optional(Nullable(WeekHours)),
    holidays: Type.Optional(Type.Array(Holiday, { maxItems: 500 })),
    rules: Type.Optional(Type.Array(Rule, { maxItems: 200 })),
    /** The number of ours that known callers are called from when they name none, in E.164. */
    outbound_number: Type.Optional(Nullable(Type.String({ maxLength: 40 }))),
    /** How long, in ms, an answer may wait for sources outside memory; default 300. */
    deadline_ms: Type.Optional(Type.Integer({ minimum: 50, maximum: 1_000 })),
    /** Who is asked who calls, in this order: names, or with how they are asked. Default: `directory`, which is memory. */
    sources: Type.Optional(Type.Array(Type.Union([Name, Source]), { minItems: 1, maxItems: 20 })),
  },
  { additionalProperties: false },
)
/** A change: absent = unchanged. Lists are replaced as a whole. */
export const ProfilePatch = PatchOf(ProfileInput, { closed: true })

export const Profile = Type.Object({
  id: Id,
  name: Type.String(),
  dnids: Type.Array(Type.String()),
  host_ids: Type.Array(Id),
  country: Nullable(Type.String()),
  time_zone: Nullable(Type.String()),
  hours: Nullable(WeekHours),
  holidays: Type.Array(Holiday),
  rules: Type.Array(Rule),
  outbound_number: Nullable(Type.String()),
  deadline_ms: Type.Integer(),
  sources: Type.Array(Type.Object({ source: Type.String(), mode: Type.Enum([...MODES]) })),
  created_at: Instant,
  updated_at: Instant,
})
export const ProfilePage = PageOf(Profile)
export type WeekHours = Static<typeof WeekHours>
export type Holiday = Static<typeof Holiday>
export type Rule = Static<typeof Rule>
export type RuleCondition = Static<typeof RuleCondition>
export type Destination = Static<typeof Destination>
export type RuleDestination = Static<typeof RuleDestination>
export type ProfileInput = Static<typeof ProfileInput>
export type ProfilePatch = Static<typeof ProfilePatch>
export type Profile = Static<typeof Profile>
export type ProfileSource = Profile['sources'][number]
