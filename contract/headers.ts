import { Type } from 'typebox'

/** Of every POST: the same key with the same request is answered once, for 24 hours. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[ -~]{1,200}$',
      description:
        'A text of your own, 1 to 200 printable characters: a repeated request with it is answered as the first, and does nothing.',
    }),
  ),
})

/** Of reading one resource. */
export const ReadHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'ETags that are at hand: 304 when the resource still has one of them.' }),
  ),
})

/** Of changing one resource: a route whose schema has it looks at the row under the lock of its write. */
export const ConditionHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      description: 'The ETag that was read: 412 when the resource has changed since, and nothing is written.',
    }),
  ),
})
