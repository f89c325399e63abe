import { useQuery } from '@tanstack/react-query'
import type { Disposition, Language } from '../../../contract/dispositions.ts'
import type { Note } from '../../../contract/notes.ts'
import type { PopCard } from '../../../contract/pop.ts'
import { PAGES } from '../../../contract/pages.ts'
import { ask } from './client.ts'
import type { DispositionDoor, Outcome } from './dispositions.ts'
import { newKey } from './new-key.ts'

const LINK = /^#link=(.+)$/

/** The credential of a link is taken out of the address before anything else sees it, and kept in memory only. */
function takeLink(): string | null {
  const found = location.pathname === PAGES.pop ? LINK.exec(location.hash)?.[1] : undefined
  if (found === undefined) return null
  history.replaceState(history.state, '', location.pathname + location.search)
  return decodeURIComponent(found)
}

const taken = takeLink()
/** What this page was opened with; null for everybody who signs in. */
export const takenLink = () => taken

export function useLinkedCard(link: string, language: Language) {
  return useQuery({
    queryKey: ['pop', 'link', language],
    queryFn: async ({ signal }) =>
      (await ask<PopCard>('/api/v1/pop/link', { query: { lang: language }, bearer: link, signal })).data,
  })
}

/** Dispositions of the link's own call: said again, they are corrected. */
export function linkDoor(link: string): DispositionDoor {
  const say = (body: Outcome, idempotencyKey: string) =>
    ask<Disposition>('/api/v1/pop/link/dispositions', { method: 'POST', body, idempotencyKey, bearer: link })
  return {
    create: async (outcome, key) => (await say(outcome, key)).data,
    correct: (_id, outcome) => say(outcome, newKey()),
  }
}

export async function addLinkedNote(link: string, body: string, key: string): Promise<Note> {
  const asked = { method: 'POST', body: { body }, idempotencyKey: key, bearer: link } as const
  return (await ask<Note>('/api/v1/pop/link/notes', asked)).data
}
