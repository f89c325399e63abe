import { Type, type Static, type TObject, type TProperties, type TSchema } from 'typebox'

/** An id of ours: an integer that is never used again. */
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
export const IdParams = Type.Object({ id: Id })

/**
 * Departments of PBXs whose calls may be seen: names as the PBX shows them, in any case, or `HOST_ID:DEPARTMENT_ID` for
 * one that may be renamed; null = all calls.
 */
export const Departments = Type.Union([
  Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { minItems: 1, maxItems: 200 }),
  Type.Null(),
])

/** An instant, ISO 8601 in UTC. */
export const Instant = Type.String({ format: 'date-time' })
/** A calendar date, ISO 8601. */
export const CalendarDate = Type.String({ format: 'date' })

export function Nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()])
}

/** Text a person typed: trimmed lengths are checked by the room that stores it. */
export const ShortText = Type.String({ maxLength: 255 })
export const LongText = Type.String({ maxLength: 10_000 })

/** Truth as the clients of this API family write it. */
export const Truth = Type.Union([
  Type.Boolean(),
  Type.Literal(0),
  Type.Literal(1),
  Type.Literal('0'),
  Type.Literal('1'),
  Type.Literal('true'),
  Type.Literal('false'),
])

/** Reads any accepted spelling of truth. */
export function isTrue(value: Static<typeof Truth>): boolean {
  return value === true || value === 1 || value === '1' || value === 'true'
}

/** Query of a list; `per_page` at most 200. Filters travel as `filter[field]=`, sorting as `sort=-field`. */
export const ListQuery = Type.Object(
  {
    page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })),
    per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 20 })),
    sort: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { additionalProperties: true },
)
export type ListQuery = Static<typeof ListQuery>

export type Page<T> = { data: T[]; current_page: number; last_page: number; per_page: number; total: number }

/** The envelope of every list. */
export function PageOf<Schema extends TSchema>(item: Schema) {
  return Type.Object({
    data: Type.Array(item),
    current_page: Type.Integer(),
    last_page: Type.Integer(),
    per_page: Type.Integer(),
    total: Type.Integer(),
  })
}

/** The patch form of an input shape: every field may be absent, which means unchanged. */
export function PatchOf<Properties extends TProperties>(
  shape: TObject<Properties>,
  options?: { closed: boolean },
) {
  return Type.Partial(shape, { additionalProperties: options?.closed === false })
}

export const ErrorBody = Type.Object({
  message: Type.String(),
  code: Type.String(),
  request_id: Type.String(),
})

export const ValidationErrorBody = Type.Object({
  message: Type.String(),
  errors: Type.Record(Type.String(), Type.Array(Type.String())),
  code: Type.String(),
})
