import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf } from './common.ts'
import { XapiHostParams } from './xapi.ts'

/** A PBX by its id, or by its code (`PBX-…`). */
export const HostReference = XapiHostParams.properties.host

/** A reading of a PBX's configuration. Equal configurations have an equal `sha256` and are stored once. */
export const Snapshot = Type.Object({
  id: Id,
  pbx3cx_host_id: Id,
  /** When its reading began. */
  taken_at: Instant,
  /** Digest of the configuration as canonical JSON. */
  sha256: Type.String(),
  /** Length of that JSON in bytes. */
  size: Type.Integer(),
  /** Whether the configuration is the same as that of the snapshot before; null for the first. */
  unchanged: Nullable(Type.Boolean()),
  /** How many changes were found, each of them an audit of the host. */
  changes: Type.Integer(),
  /** `schedule` or `demand`. */
  source: Type.String(),
  /** The version the PBX told. */
  version: Nullable(Type.String()),
  /** Kind of object → how many. */
  counts: Type.Record(Type.String(), Type.Integer()),
  /** What could not be read → why: `queues`, or a field such as `users.Greetings`. Nothing is known of it. */
  unreadable: Type.Record(Type.String(), Type.String()),
})
export const SnapshotPage = PageOf(Snapshot)

/** A snapshot with what it holds: by kind, rows under the names that the PBX gives their fields. Secrets are masks. */
export const SnapshotDetails = Type.Object({
  ...Snapshot.properties,
  resources: Type.Record(Type.String(), Type.Array(Type.Record(Type.String(), Type.Unknown()))),
})

const Object_ = Nullable(Type.Record(Type.String(), Type.Unknown()))

/** What became of one object from one snapshot to the other. */
export const SnapshotChange = Type.Object({
  /** The kind, as in `resources`. */
  resource: Type.String(),
  /** What it is recognised by in both: its number, or what a rule looks at; never an id. */
  key: Type.String(),
  /** What to call it: `inbound rule "Main number"`. */
  object: Type.String(),
  /** `moved`: its place among the rules is another. */
  kind: Type.Enum(['added', 'removed', 'changed', 'moved']),
  /** The fields that differ, by path (`AvailableRoute.NoAnswerExternal.To`, `Agents[101].SkillGroup`); null = not there. */
  fields: Type.Array(Type.Object({ path: Type.String(), before: Type.Unknown(), after: Type.Unknown() })),
  /** The whole object; null where it is not there. */
  before: Object_,
  after: Object_,
})

export const SnapshotDiff = Type.Object({
  from: Snapshot,
  to: Snapshot,
  changes: Type.Array(SnapshotChange),
  /** What one of the two could not read: it is not compared, and never told as removed. */
  not_compared: Type.Array(Type.String()),
})

export type Snapshot = Static<typeof Snapshot>
export type SnapshotDetails = Static<typeof SnapshotDetails>
export type SnapshotDiff = Static<typeof SnapshotDiff>
