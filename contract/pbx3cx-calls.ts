import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf, PatchOf, ShortText } from './common.ts'
import { Cleared, Whole, WrittenInstant } from './tolerant.ts'

export const CALL_DIRECTIONS = ['inbound', 'outbound', 'internal'] as const
export const CALL_STATUSES = ['answered', 'missed', 'abandoned', 'voicemail', 'busy', 'failed'] as const
export type CallDirection = (typeof CALL_DIRECTIONS)[number]
export type CallStatus = (typeof CALL_STATUSES)[number]

const Milliseconds = Cleared(
  Type.Union([
    Type.Integer({ minimum: 0, maximum: 31_536_000_000 }),
    Type.String({ pattern: '^[0-9]{1,11}$' }),
  ]),
)
const Party = Cleared(Type.String({ maxLength: 200 }))

/**
 * One line of a PBX's call records, or a call somebody tells of. It needs a start or an `external_id`. Fields that are
 * not ours are kept in `payload` and mean nothing.
 */
export const RecordInput = Type.Object({
  pbx3cx_host_id: Whole(1, Number.MAX_SAFE_INTEGER),
  /** The line's own id at its source: what comes again with it is the same record. */
  external_id: Cleared(ShortText),
  /** What lines of one call have in common; null = the line is a call of its own. */
  call_history_id: Cleared(ShortText),
  /** Where it is from, such as `xapi` or `files`; absent = `manual`. */
  source: Cleared(Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' })),
  direction: Cleared(Type.Enum([...CALL_DIRECTIONS])),
  started_at: Cleared(WrittenInstant),
  answered_at: Cleared(WrittenInstant),
  ended_at: Cleared(WrittenInstant),
  /** Ringing at the agent, waiting in the queue, talking; null = from the instants. */
  ring_ms: Milliseconds,
  wait_ms: Milliseconds,
  talk_ms: Milliseconds,
  /** null = answered when it was answered, else missed. */
  status: Cleared(Type.Enum([...CALL_STATUSES])),
  caller_number: Party,
  caller_name: Party,
  called_number: Party,
  queue: Party,
  agent_extension: Party,
  agent_name: Party,
})
/** A change: absent = unchanged, null = cleared. */
export const RecordPatch = PatchOf(RecordInput, { closed: false })

const MaybeText = Nullable(Type.String())
const MaybeInstant = Nullable(Instant)
const MaybeMs = Nullable(Type.Integer())

/** What records and calls have in common. Durations are milliseconds. */
const told = {
  direction: Nullable(Type.Enum([...CALL_DIRECTIONS])),
  started_at: Instant,
  answered_at: MaybeInstant,
  ended_at: MaybeInstant,
  ring_ms: MaybeMs,
  wait_ms: MaybeMs,
  talk_ms: MaybeMs,
  status: Type.Enum([...CALL_STATUSES]),
  caller_number: MaybeText,
  caller_name: MaybeText,
  called_number: MaybeText,
  queue: MaybeText,
  agent_extension: MaybeText,
  agent_name: MaybeText,
}

/** A record as it is answered. */
export const CallRecord = Type.Object({
  id: Id,
  pbx3cx_host_id: Id,
  /** The call it is part of, in `pbx3cx-call-logs`. */
  call_id: Id,
  /** What makes it the same record when it comes again. */
  natural_key: Type.String(),
  external_id: MaybeText,
  call_history_id: MaybeText,
  source: Type.String(),
  ...told,
  /** As it was received. */
  payload: Type.Unknown(),
  created_at: Instant,
  updated_at: Instant,
})
/** Newest first, with `next_cursor` for what follows; with `page` one page of the usual envelope. */
export const CallRecordList = Type.Union([
  PageOf(CallRecord),
  Type.Object({
    data: Type.Array(CallRecord),
    per_page: Type.Integer(),
    /** Give it as `cursor`; null = nothing follows. */
    next_cursor: MaybeText,
  }),
])

/** What people mean by a call, stitched from its records. */
export const Call = Type.Object({
  id: Id,
  pbx3cx_host_id: Id,
  ...told,
  /** In E.164; null where it is no outside number. */
  caller_e164: MaybeText,
  called_e164: MaybeText,
  /** Whom the outside number means. */
  customer_id: Nullable(Id),
  contact_id: Nullable(Id),
  source: Type.String(),
  records: Type.Integer({ description: 'How many records it is stitched from.' }),
  /** It has not ended yet, or a better source may still tell of it. */
  provisional: Type.Boolean(),
  created_at: Instant,
  updated_at: Instant,
})
/** All calls, or with `page` or `per_page` one page of them. */
export const CallList = Type.Union([Type.Array(Call), PageOf(Call)])

const Step = Type.Object({
  /** Waiting in a queue, ringing at an agent, talking. */
  kind: Type.Enum(['wait', 'ring', 'talk']),
  started_at: Instant,
  ended_at: Instant,
  duration_ms: Type.Integer(),
})
/** One leg: what one record tells of the call. */
const Leg = Type.Object({
  position: Type.Integer(),
  record_id: Id,
  queue: MaybeText,
  agent_extension: MaybeText,
  agent_name: MaybeText,
  status: Type.Enum([...CALL_STATUSES]),
  started_at: Instant,
  ended_at: MaybeInstant,
  duration_ms: MaybeMs,
  steps: Type.Array(Step),
})
export const CallDetails = Type.Object({ ...Call.properties, legs: Type.Array(Leg) })

/** How a host's own call log is read. */
export const CallLogState = Type.Object({
  pbx3cx_host_id: Id,
  /** Whether the hub reads it: an active host with an API client whose `cdr_source` is `auto` or `xapi`. */
  is_read: Type.Boolean(),
  /** Calls that began before were read. */
  position_at: MaybeInstant,
  /** The next regular reading, where `cl_calls_is_sync` asks for it. */
  due_at: MaybeInstant,
  started_at: MaybeInstant,
  succeeded_at: MaybeInstant,
  failed_at: MaybeInstant,
  /** What went wrong last; null when the last reading went well. */
  error: MaybeText,
  /** Rows that were new, in all. */
  records: Type.Integer(),
})
export type CallLogState = Static<typeof CallLogState>

export type RecordInput = Static<typeof RecordInput>
export type RecordPatch = Static<typeof RecordPatch>
export type CallRecord = Static<typeof CallRecord>
export type CallRecordList = Static<typeof CallRecordList>
export type Call = Static<typeof Call>
export type CallDetails = Static<typeof CallDetails>
export type CallStep = Static<typeof Step>
