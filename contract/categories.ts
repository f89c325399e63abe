import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf, PatchOf } from './common.ts'

/** A kind of customer; its `vip` is what makes its customers VIPs. */
export const CategoryInput = Type.Object(
  {
    /** Unique in the tenant, whatever the case and accents. */
    name: Type.String({ minLength: 1, maxLength: 255 }),
    vip: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
/** A change: absent = unchanged, null = cleared. */
export const CategoryPatch = PatchOf(CategoryInput, { closed: true })

/** A category as it is answered. */
export const Category = Type.Object({
  id: Id,
  name: Type.String(),
  vip: Type.Boolean(),
  /** `vip`: the category the hub puts a customer in who is said to be a VIP and has none. */
  builtin: Nullable(Type.String()),
  created_at: Instant,
  updated_at: Instant,
})
export const CategoryPage = PageOf(Category)
export type CategoryInput = Static<typeof CategoryInput>
export type CategoryPatch = Static<typeof CategoryPatch>
export type Category = Static<typeof Category>
