import { Type, type Static } from 'typebox'
import { Id, ShortText } from './common.ts'

/** Which customer goes into the one of the URL. */
export const CustomerMerge = Type.Object(
  {
    /** The customer that disappears. Its id goes on meaning the survivor. */
    from: Id,
    /** Which of the two accounts stays; needed when both customers have one and they differ. */
    account: Type.Optional(ShortText),
  },
  { additionalProperties: false },
)
export type CustomerMerge = Static<typeof CustomerMerge>

/** Which contact goes into the one of the URL. */
export const ContactMerge = Type.Object(
  {
    /** The contact that disappears. Its id goes on meaning the survivor. */
    from: Id,
  },
  { additionalProperties: false },
)
export type ContactMerge = Static<typeof ContactMerge>
