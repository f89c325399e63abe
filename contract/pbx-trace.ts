import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, ShortText } from './common.ts'

/** Where what is answered comes from: the PBX itself just now, or its last snapshot. */
export const ReadFrom = Type.Object({
  source: Type.Enum(['pbx', 'snapshot']),
  /** null when it was read just now. */
  snapshot_id: Nullable(Id),
  taken_at: Instant,
  /** How old it is, in seconds. */
  age_seconds: Type.Integer(),
  /** Why the PBX was not read anew although that was asked for; null otherwise. */
  failure: Nullable(Type.String()),
})

export const TraceQuery = Type.Object({
  /** The number called, as the trunk has it. */
  did: Type.Optional(Type.String({ maxLength: 100 })),
  /** The calling number as the PBX gets it; absent or empty = withheld. */
  caller: Type.Optional(Type.String({ maxLength: 100 })),
  /** When the call comes: an instant, or a time by the clocks of the PBX's zone; absent = now. */
  at: Type.Optional(Type.String({ maxLength: 60 })),
  /** DN of the trunk it comes in on; absent = the one that has the number. */
  trunk: Type.Optional(Type.String({ maxLength: 20 })),
  /** Instead of `did`: lists every way into this number. */
  extension: Type.Optional(Type.String({ maxLength: 20 })),
  /** `1`: reads the PBX anew instead of taking its last snapshot. */
  fresh: Type.Optional(Type.String({ maxLength: 5 })),
  /** `svg`: a picture. */
  format: Type.Optional(Type.Enum(['json', 'svg'])),
})

const Ring = Type.Object({
  number: Type.String(),
  name: Nullable(Type.String()),
  /** Whether the PBX has that number at all. */
  is_there: Type.Boolean(),
})

/** A place the call may come to, by an id such as `queue:800`, `voicemail:101`, `external:+33…`, `end`. */
export const TraceNode = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  number: Nullable(Type.String()),
  name: Nullable(Type.String()),
  rings: Type.Array(Ring),
  why: Type.Array(Type.String()),
  /** Somebody or something may take the call here. */
  takes: Type.Boolean(),
  /** The ways on: `no_answer`, `busy`, `not_registered`, `timeout`, `key 1`, `status Away`, `status Lunch no_answer`, `hours`, … */
  ways: Type.Array(
    Type.Object({
      on: Type.String(),
      after_seconds: Nullable(Type.Number()),
      to: Type.String(),
      why: Type.String(),
    }),
  ),
})

export const Trace = Type.Object({
  did: Type.String(),
  caller: Type.String(),
  at: Instant,
  trunk: Nullable(Type.Object({ number: Type.String(), name: Type.String() })),
  /** Every inbound rule that was looked at, in order, with why it matched or not; the matching one is the last. */
  considered: Type.Array(
    Type.Object({
      id: Nullable(Type.Integer()),
      name: Type.String(),
      looks_at: Type.String(),
      matched: Type.Boolean(),
      why: Type.String(),
    }),
  ),
  /** The way the call takes when nobody answers and no key is pressed. `on` is how it came to that place. */
  steps: Type.Array(
    Type.Object({ node: Type.String(), on: Nullable(Type.String()), why: Type.Array(Type.String()) }),
  ),
  /** Every place the call may come to, its entry first. */
  nodes: Type.Array(TraceNode),
  /** Where it may be taken or ends. */
  finals: Type.Array(Type.String()),
  /** Places that calls can go round in. */
  cycles: Type.Array(Type.Array(Type.String())),
  notes: Type.Array(Type.String()),
  read: ReadFrom,
})

export const WaysIn = Type.Object({
  extension: Type.String(),
  name: Nullable(Type.String()),
  /** What leads to it at once: `queue:800` by `agent`, `ivr:700` by `key 1`. */
  directly: Type.Array(Type.Object({ node: Type.String(), on: Type.String() })),
  /** From each inbound rule and each of its hours the shortest way. */
  ways: Type.Array(
    Type.Object({
      rule: Type.Object({
        id: Nullable(Type.Integer()),
        name: Type.String(),
        number: Type.String(),
        looks_at: Type.Enum(['caller', 'number']),
      }),
      hours: Type.String(),
      through: Type.Array(Type.Object({ node: Type.String(), on: Type.String() })),
    }),
  ),
  read: ReadFrom,
})

export const TraceAnswer = Type.Union([Trace, WaysIn])

export const TraceReport = Type.Object({
  findings: Type.Array(
    Type.Object({
      kind: Type.Enum(['unreachable_rule', 'dangling_reference', 'did_without_rule', 'loop', 'dead_end']),
      /** The object, as people call it. */
      object: ShortText,
      /** Where it is in a trace. */
      node: Type.String(),
      why: Type.String(),
      what_to_do: Type.String(),
    }),
  ),
  /** What could not be read, and is therefore not judged. */
  notes: Type.Array(Type.String()),
  read: ReadFrom,
})

export type ReadFrom = Static<typeof ReadFrom>
export type Trace = Static<typeof Trace>
export type TraceQuery = Static<typeof TraceQuery>
export type TraceAnswer = Static<typeof TraceAnswer>
export type TraceReport = Static<typeof TraceReport>
