import type { Actor } from '../platform/audit.ts'

/** Who wrote a row: a user or a token, of which it holds the id, and what repetitions of the same author are told by. */
export function authorOf({ kind, id, name }: Actor): {
  user_id: number | null
  token_id: number | null
  key: number | string | null
} {
  if (kind === 'token') return { user_id: null, token_id: id, key: id }
  return { user_id: kind === 'user' ? id : null, token_id: null, key: `${kind} ${id ?? name}` }
}
