import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText } from './common.ts'

/**
 * The dossier a PBX is provisioned for, as clients of this API family write it: fields that are not ours are
 * ignored.
 */
export const CustomerFileInput = Type.Object({
  customer_id: Id,
  name: Type.String({ minLength: 1, maxLength: 255 }),
  site: Type.Optional(Nullable(ShortText)),
  external_id: Type.Optional(Nullable(ShortText)),
  comment: Type.Optional(Nullable(LongText)),
})
/** A change: absent = unchanged, null = cleared. */
export const CustomerFilePatch = PatchOf(CustomerFileInput, { closed: false })

/** A customer file as it is answered. */
export const CustomerFile = Type.Object({
  id: Id,
  customer_id: Id,
  name: Type.String(),
  site: Nullable(Type.String()),
  external_id: Nullable(Type.String()),
  comment: Nullable(Type.String()),
  created_at: Instant,
  updated_at: Instant,
})
export const CustomerFilePage = PageOf(CustomerFile)
export type CustomerFileInput = Static<typeof CustomerFileInput>
export type CustomerFilePatch = Static<typeof CustomerFilePatch>
export type CustomerFile = Static<typeof CustomerFile>
