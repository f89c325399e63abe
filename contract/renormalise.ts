import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable } from './common.ts'

/** How stored numbers are to be read again. */
export const RenormaliseInput = Type.Object(
  {
    /**
     * `written`: each number with the country it was read with, those without one with the tenant's. `tenant`: all with
     * the tenant's country, whatever they were read with.
     */
    country: Type.Optional(Type.Enum(['written', 'tenant'], { default: 'written' })),
  },
  { additionalProperties: false },
)
export type RenormaliseInput = Static<typeof RenormaliseInput>

/** One run through all stored numbers of a tenant and how far it is. */
export const Renormalisation = Type.Object({
  id: Id,
  status: Type.Enum(['running', 'done', 'failed']),
  country: Type.Enum(['written', 'tenant']),
  /** Numbers there were when it began. */
  numbers_total: Type.Integer(),
  numbers_read: Type.Integer(),
  /** Numbers that are now read as another. */
  changed: Type.Integer(),
  /** Why it failed; null otherwise. */
  error: Nullable(Type.String()),
  created_at: Instant,
  finished_at: Nullable(Instant),
})
export type Renormalisation = Static<typeof Renormalisation>
