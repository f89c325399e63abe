import type { Actor } from '../platform/audit.ts'
import { HubError } from '../platform/errors.ts'

type Written = { user_id: number | null; token_id: number | null }

/** Who wrote a row: a user or a token, of which it holds the id, and what repetitions of the same author are told by. */
export function authorOf({ kind, id, name }: Actor): Written & { key: number | string | null } {
  if (kind === 'token') return { user_id: null, token_id: id, key: id }
  return { user_id: kind === 'user' ? id : null, token_id: null, key: `${kind} ${id ?? name}` }
}

/** HubError `not_yours` when somebody else wrote the row. */
export function refuseForeign(actor: Actor, row: Written): void {
  const { user_id, token_id } = authorOf(actor)
  const isOwn = user_id === null ? token_id !== null && token_id === row.token_id : user_id === row.user_id
  if (!isOwn) throw new HubError('not_yours', 'Somebody else wrote this; it takes calls:write to change it.')
}
