import { Type, type Static } from 'typebox'
import { Id, Nullable } from './common.ts'

export const ORIGIN_TYPES = ['trunk', 'did', 'caller_id_rule'] as const

/** Where a call can enter or leave a PBX. */
export const Origin = Type.Object({
  /** Stays the same from reading to reading, and is never that of another one. */
  id: Id,
  type: Type.Enum([...ORIGIN_TYPES]),
  /** The trunk's own number on the PBX, the number from outside, or the callers a rule is for. */
  number: Nullable(Type.String()),
  name: Nullable(Type.String()),
  /** The number of its trunk on the PBX; null = any. */
  trunk: Nullable(Type.String()),
  /** Whether calls can come that way now: its trunk is there and registered. */
  active: Type.Boolean(),
})
export const OriginList = Type.Array(Origin)
/** A host by its id or its `code`. */
export const HostNameParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
export type Origin = Static<typeof Origin>
