import type { Disposition } from '../../../contract/dispositions.ts'
import { ApiError, ask } from './client.ts'
import { newKey } from './new-key.ts'

/** What the form holds, as the hub takes it. */
export type Outcome = { status: string; comment: string | null; due_at: string | null }
/** A disposition under way: what was sent first under which key, and what was made of it. */
export type Sent = { key: string; first: Outcome | null; id: number | null; etag: string | null }

export const newSent = (): Sent => ({ key: newKey(), first: null, id: null, etag: null })

/** How dispositions are written: for somebody signed in, or for the holder of a link. */
export type DispositionDoor = {
  create(outcome: Outcome, key: string): Promise<Disposition>
  correct(
    id: number,
    outcome: Outcome,
    etag: string | null,
  ): Promise<{ data: Disposition; etag: string | null }>
}

export function ownDoor(about: { number: string; call: string | null }): DispositionDoor {
  return {
    create: async (outcome, key) =>
      (
        await ask<Disposition>('/api/v1/dispositions', {
          method: 'POST',
          body: { ...about, ...outcome },
          idempotencyKey: key,
        })
      ).data,
    correct: (id, outcome, etag) =>
      ask<Disposition>(`/api/v1/dispositions/${id}`, { method: 'PATCH', body: outcome, ifMatch: etag }),
  }
}

const same = (one: Outcome, other: Outcome) =>
  one.status === other.status && one.comment === other.comment && one.due_at === other.due_at

/**
 * Saves an outcome once, however often it is tried: the first try is repeated word for word under its key, and what
 * was changed since is a correction of what that made. `note` is told every step, so that it outlives this page.
 */
export async function saveOnce(
  door: DispositionDoor,
  sent: Sent,
  outcome: Outcome,
  note: (sent: Sent) => void,
): Promise<Disposition> {
  let made: Disposition | null = null
  let now = sent
  if (now.id === null) {
    now = { ...now, first: now.first ?? outcome }
    note(now)
    try {
      made = await door.create(now.first ?? outcome, now.key)
    } catch (error) {
      // A refusal made nothing: the next try is a first one again.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 401)
        note({ ...newSent() })
      throw error
    }
    now = { ...now, id: made.id }
    note(now)
    if (now.first && same(now.first, outcome)) return made
  }
  const { data, etag } = await door.correct(now.id ?? 0, outcome, now.etag)
  note({ ...now, first: outcome, etag })
  return data
}
