import { Type, type Static } from 'typebox'
import { Nullable } from './common.ts'

/** The host a request is about: its id, or its `code`. */
export const XapiHostParams = Type.Object({ host: Type.String({ minLength: 1, maxLength: 64 }) })
export const XapiOperationParams = Type.Object({
  ...XapiHostParams.properties,
  /** As the PBX's own description names it, such as `ListUser`. */
  operationId: Type.String({ minLength: 1, maxLength: 500 }),
})

/** What a list of operations is narrowed to. */
export const XapiOperationQuery = Type.Object(
  {
    /** Words that id, path, tag or summary hold, in any case; all of them must be there. */
    search: Type.Optional(Type.String({ maxLength: 200 })),
    /** The group the PBX puts it in, such as `Users`, in any case. */
    tag: Type.Optional(Type.String({ maxLength: 200 })),
    method: Type.Optional(Type.Enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])),
  },
  { additionalProperties: true },
)

/** A parameter: `in` says where it travels, `type` what it is in JSON. */
const XapiParameter = Type.Object({
  name: Type.String(),
  in: Type.Enum(['path', 'query', 'header']),
  required: Type.Boolean(),
  type: Nullable(Type.String()),
})

const SUMMARY = {
  id: Type.String(),
  method: Type.String(),
  /** Below `/xapi/v1` of the PBX, with a `{name}` for every parameter in it. */
  path: Type.String(),
  tag: Nullable(Type.String()),
  summary: Nullable(Type.String()),
  parameters: Type.Array(XapiParameter),
  /** Whether a body is taken, and whether it must be there. */
  body: Type.Enum(['none', 'optional', 'required']),
  /** Whether it changes something: needs `fleet:write` and is audited. */
  writes: Type.Boolean(),
  /** Whether `confirm` must repeat its id. */
  confirm: Type.Boolean(),
}
/** An operation of a PBX. */
export const XapiOperation = Type.Object(SUMMARY)
export const XapiOperationList = Type.Object({
  data: Type.Array(XapiOperation),
  total: Type.Integer(),
  /** What the PBX told of its version last; null = nothing. */
  version: Nullable(Type.String()),
})

const JsonSchema = Type.Record(Type.String(), Type.Unknown())
/** An operation with all that may be given to it. */
export const XapiOperationShape = Type.Object({
  ...SUMMARY,
  /**
   * JSON Schema of what `POST …/xapi/{operationId}` takes for it: `parameters` and `body`. Shapes that several share stand
   * under `$defs`.
   */
  input: JsonSchema,
  /** JSON Schema of a good answer's body; null = none, or no JSON. */
  answer: Nullable(JsonSchema),
})

/** What an operation is called with. */
export const XapiCallInput = Type.Object(
  {
    /** By the names the operation declares: `Id`, `$top`, `If-Match`. */
    parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    body: Type.Optional(Type.Unknown()),
    /** The operation's id once more, where it restarts, restores, purges or removes much at once. */
    confirm: Type.Optional(Nullable(Type.String({ maxLength: 500 }))),
    /** How long to wait for the answer of the PBX, in ms. */
    timeout_ms: Type.Optional(Type.Integer({ minimum: 100, maximum: 120_000, default: 60_000 })),
  },
  { additionalProperties: false },
)

/** What the PBX answered. */
export const XapiAnswer = Type.Object({
  status: Type.Integer(),
  /** By name in lower case; those that say something about the body. */
  headers: Type.Record(Type.String(), Type.String()),
  /** JSON; null = none. */
  body: Type.Unknown(),
})

export type XapiOperation = Static<typeof XapiOperation>
export type XapiOperationList = Static<typeof XapiOperationList>
export type XapiOperationShape = Static<typeof XapiOperationShape>
export type XapiOperationQuery = Static<typeof XapiOperationQuery>
export type XapiCallInput = Static<typeof XapiCallInput>
export type XapiAnswer = Static<typeof XapiAnswer>
