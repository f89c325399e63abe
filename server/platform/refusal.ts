import { isReferenceViolation, isUniqueViolation } from './database/store-errors.ts'
import { HubError, invalid } from './errors.ts'

/** Part of a unique column's name → the field of the API it belongs to, and what to say of a second one. */
export type Uniques = Record<string, { field: string; message: string }>

/**
 * What a client is told of a refusal of the store: a second row with a unique value is a 422 on its field, a row that
 * went away under us a 409. Other errors stay as they are.
 */
export function asRefusal(error: unknown, uniques: Uniques): unknown {
  if (isUniqueViolation(error)) {
    const named = Object.entries(uniques).find(([column]) => (error as Error).message.includes(column))?.[1]
    if (named) return invalid({ [named.field]: [named.message] })
  }
  if (isReferenceViolation(error)) {
    return new HubError('conflict', 'Something this refers to was changed meanwhile; nothing was written.', {
      cause: error,
    })
  }
  return error
}
