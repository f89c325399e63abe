import type { Row } from '../odata/filter.ts'
import type { QueryText } from '../odata/query.ts'
import type { Calls } from '../calls/calls.ts'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'
import type { Store } from './store.ts'
import type { Shape } from './shape.ts'

export type { Row } from '../odata/filter.ts'

/** Who asks: the client id of the token and its role. */
export type Caller = { clientId: string; role: Role; principal: Row | null }

export const ROLES = [
  'system_owners',
  'system_admins',
  'group_owners',
  'managers',
  'group_admins',
  'receptionists',
  'users',
] as const
export type Role = (typeof ROLES)[number]

/** What a role is asked for: the configuration, the history of calls and talks, or the system itself. */
export type Area = 'configuration' | 'history' | 'system' | 'open'

/** Everything one simulated PBX holds. Entities read and change it; nothing else is shared. */
export type Pbx = {
  name: string
  version: string
  clock: Clock
  random: Random
  store: Store
  calls: Calls
  /** Whether whatever takes time on a real PBX happens at once. */
  instant: boolean
  /** Runs later, unless the PBX closes before. */
  later: (ms: number, act: () => void) => void
  /** Called after a singleton was changed, by its name. */
  changed: Map<string, () => void>
}

/** One request as an operation sees it. */
export type Request = {
  pbx: Pbx
  caller: Caller
  /** Key and parameters as they stood in the address. */
  values: ReadonlyMap<string, string>
  body: Row
  query: QueryText
}

/** What an operation answers; a list is filtered, sorted and paged on its way out. */
export type Answer =
  | { kind: 'list'; rows: readonly Row[]; shape: Shape | null; context: string; maxTop?: number }
  | { kind: 'one'; row: Row; shape: Shape | null; context: string; status?: number; location?: string }
  | { kind: 'value'; value: unknown; context: string }
  | { kind: 'nothing' }
  | { kind: 'file'; bytes: Buffer; type: string; name: string }

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** A function (GET) or an action (POST) beside the plain reading and writing of a set. */
export type Operation = {
  /** `Users`, `Users({Id})` or empty for an operation of the root. */
  on: string
  /** With its namespace, `Pbx.GetLogs`; a root operation has none. */
  name: string
  kind: 'function' | 'action'
  /** Parameters in their order: name, then type as in a shape. */
  params?: readonly (readonly [string, string])[]
  /** Type of the answer as in a shape; `file` for bytes, null for none. */
  answers: string | null
  about: string
  area?: Area
  run: (request: Request) => Answer | Promise<Answer>
}

/** A set of rows under one name, with what may be done to it. */
export type SetDefinition = {
  name: string
  shape: Shape
  about: string
  key: string
  can: readonly ('list' | 'read' | 'create' | 'update' | 'delete')[]
  area?: Area
  /** Field under which a row can be named as well: `Users(Number='100')`. */
  alternate?: string
  /** Fields that can be listed below a row: `Users(5)/Groups`. */
  lists?: readonly string[]
  maxTop?: number
  /** Rows that are made from others rather than kept. */
  rows?: (pbx: Pbx) => readonly Row[]
  /** A row as it is read: what others know of it, filled in. */
  view?: (pbx: Pbx, row: Row) => Row
  /** What a new row holds besides what was sent. */
  defaults?: (pbx: Pbx, sent: Row) => Row
  /** Refuses or completes a row before it is written; `before` is null for a new one. */
  check?: (pbx: Pbx, row: Row, before: Row | null, sent: Row) => void
  /** What else changes with it. */
  written?: (pbx: Pbx, row: Row, before: Row | null) => void
  /** Refuses a deletion, or removes what goes with it. */
  deleting?: (pbx: Pbx, row: Row) => void
  operations?: readonly Operation[]
}

/** A single row under a name of its own. */
export type SingletonDefinition = {
  name: string
  shape: Shape
  about: string
  can: readonly ('read' | 'update')[]
  area?: Area
  initial?: (pbx: Pbx) => Row
  view?: (pbx: Pbx, row: Row) => Row
  check?: (pbx: Pbx, row: Row) => void
  operations?: readonly Operation[]
}

export type Room = {
  sets?: readonly SetDefinition[]
  singletons?: readonly SingletonDefinition[]
  operations?: readonly Operation[]
}
