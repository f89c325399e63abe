import { createHash } from 'node:crypto'
import { HubError } from './errors.ts'

/** Throws HubError `precondition_failed` when the row, as its write has locked it, is not the one the client read. */
export type Condition = (present: object) => void

/** Writes whatever is there. */
export const unconditional: Condition = () => {}

/** Strong: two answers have the same one exactly when they say the same. */
export function etagOf(resource: object): string {
  return `"${createHash('sha256').update(JSON.stringify(resource)).digest('base64url').slice(0, 27)}"`
}

/** Whether a list of tags, as `If-Match` and `If-None-Match` give it, names this one. `weak` lets `W/` pass. */
export function namesEtag(list: string, etag: string, { weak }: { weak: boolean }): boolean {
  if (list.trim() === '*') return true
  return list.split(',').some((part) => {
    const tag = part.trim()
    return tag === etag || (weak && tag === `W/${etag}`)
  })
}

/** The condition that a header `If-Match` states; none without the header. */
export function conditionOf(ifMatch: string | undefined): Condition {
  if (ifMatch === undefined) return unconditional
  return (present) => {
    if (namesEtag(ifMatch, etagOf(present), { weak: false })) return
    throw new HubError(
      'precondition_failed',
      'It has changed since it was read; nothing was written. Read it again.',
    )
  }
}
