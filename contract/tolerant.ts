import { Type, type TSchema } from 'typebox'
import { Nullable, Truth } from './common.ts'

/** A whole number, also as digits in a text: clients of this API family send both. */
export function Whole(minimum: number, maximum: number) {
  return Type.Union([Type.Integer({ minimum, maximum }), Type.String({ pattern: '^[0-9]{1,15}$' })])
}

/** A calendar date: `2026-05-31`, `31/05/2026`, or an instant whose date counts. */
export const WrittenDate = Type.String({
  maxLength: 40,
  description: 'A date: 2026-05-31, 31/05/2026, or an instant whose date counts.',
})

/** An instant: ISO 8601, `2026-05-31 14:05:00` or `31/05/2026 14:05`. */
export const WrittenInstant = Type.String({
  maxLength: 40,
  description:
    'An instant: ISO 8601, 2026-05-31 14:05:00 or 31/05/2026 14:05. Without an offset it is meant in the zone of the host, else of the tenant.',
})

/** A field that may be left out or cleared. */
export function Cleared<Schema extends TSchema>(schema: Schema) {
  return Type.Optional(Nullable(schema))
}

/** Truth of a field with a default: null stands for the default. */
export const MaybeTruth = Type.Optional(Nullable(Truth))
