import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Language } from '../../../contract/dispositions.ts'
import type { Note, NoteInput } from '../../../contract/notes.ts'
import type { PopAttachInput, PopAttached, PopCard, PopQuery } from '../../../contract/pop.ts'
import { ask } from './client.ts'

const CARD = ['pop']

/** The card; what it was before stays on the screen while the same one is asked for again. */
export function usePopCard(query: PopQuery | null, language: Language) {
  return useQuery({
    queryKey: [...CARD, query, language],
    enabled: query !== null,
    queryFn: async ({ signal }) =>
      (await ask<PopCard>('/api/v1/pop', { query: { ...query, lang: language }, signal })).data,
    placeholderData: (before, asked) => (sameCard(asked?.queryKey[1], query) ? before : undefined),
  })
}

const sameCard = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Has every open card asked for again, after something was written. */
export function useRenewCards() {
  const client = useQueryClient()
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: CARD }),
      client.invalidateQueries({ queryKey: ['callbacks'] }),
    ])
}

export function useAttach() {
  const renew = useRenewCards()
  return useMutation({
    mutationFn: async ({ key, body }: { key: string; body: PopAttachInput }) =>
      (await ask<PopAttached>('/api/v1/pop/attach', { method: 'POST', body, idempotencyKey: key })).data,
    onSuccess: renew,
  })
}

export type NoteToAdd = { key: string; body: NoteInput }

export async function addNote({ key, body }: NoteToAdd): Promise<Note> {
  return (await ask<Note>('/api/v1/notes', { method: 'POST', body, idempotencyKey: key })).data
}

export function useDeleteNote() {
  const renew = useRenewCards()
  return useMutation({
    mutationFn: (id: number) => ask(`/api/v1/notes/${id}`, { method: 'DELETE' }),
    onSuccess: renew,
  })
}

export function useLiftDoNotCall() {
  const renew = useRenewCards()
  return useMutation({
    mutationFn: (number: string) =>
      ask(`/api/v1/do-not-call/${encodeURIComponent(number)}`, { method: 'DELETE' }),
    onSuccess: renew,
  })
}
