import { Type, type Static } from 'typebox'
import { Instant, Nullable, PageOf } from './common.ts'

/** A data key: what secrets are sealed under. Its material is never shown. */
export const Key = Type.Object({
  id: Type.String(),
  /** `current`: seals what is written now. `retiring`: a rotation is replacing it. `retired`: replaced; still opens old values. */
  state: Type.Enum(['current', 'retiring', 'retired']),
  /** How many stored values it protects. */
  values: Type.Integer({ minimum: 0 }),
  created_at: Instant,
  retired_at: Nullable(Instant),
})
export const KeyPage = PageOf(Key)

export const Rotation = Type.Object({
  /** Id of the key that is current now. */
  key: Type.String(),
  /** Ids of the keys that were replaced. */
  retired: Type.Array(Type.String()),
  /** How many values were sealed anew. */
  rewritten: Type.Integer({ minimum: 0 }),
  /** How many values no key opens: they were left as they are, and the log names their rows. */
  unreadable: Type.Integer({ minimum: 0 }),
  /** false: the hub stopped in between; the rest is done after its next start. */
  finished: Type.Boolean(),
})

/** `available`, or why secrets can be neither stored nor read; the error codes `secret_key_…` explain each. */
export const SecretsState = Type.Enum(['available', 'key_required', 'key_missing', 'key_wrong'])

export type Key = Static<typeof Key>
export type Rotation = Static<typeof Rotation>
export type SecretsState = Static<typeof SecretsState>
