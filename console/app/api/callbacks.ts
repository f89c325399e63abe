import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Callback, CallbackPatch } from '../../../contract/callbacks.ts'
import type { Page } from '../../../contract/common.ts'
import type { LookupAnswer } from '../../../contract/lookup.ts'
import { ask } from './client.ts'

const CALLBACKS = ['callbacks']
const LOOK_EVERY_MS = 30_000

export const SHOWN = ['due', 'open', 'done', 'cancelled'] as const
export type Shown = (typeof SHOWN)[number]

/** The minute that has come: callbacks due until its end are due. */
const nextMinute = () => new Date(Math.ceil((Date.now() + 1) / 60_000) * 60_000).toISOString()

function queryOf(shown: Shown) {
  if (shown === 'due') return { 'filter[status]': 'open', 'filter[due_to]': nextMinute(), sort: 'due_at' }
  return { 'filter[status]': shown, sort: shown === 'open' ? 'due_at' : '-id' }
}

/** A page of callbacks, looked at again while it is on the screen. */
export function useCallbacks(shown: Shown, page: number, perPage = 20) {
  return useQuery({
    queryKey: [...CALLBACKS, shown, page, perPage],
    queryFn: async ({ signal }) =>
      (
        await ask<Page<Callback>>('/api/v1/callbacks', {
          query: { ...queryOf(shown), page, per_page: perPage },
          signal,
        })
      ).data,
    refetchInterval: LOOK_EVERY_MS,
  })
}

export function useChangeCallback() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, patch }: { id: number; patch: CallbackPatch }) =>
      ask<Callback>(`/api/v1/callbacks/${id}`, { method: 'PATCH', body: patch }),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: CALLBACKS }),
        client.invalidateQueries({ queryKey: ['pop'] }),
      ]),
  })
}

/** Whose numbers these are, by number; null until it is known or when nobody is. */
export function useNames(numbers: string[]): ReadonlyMap<string, string | null> {
  const asked = [...new Set(numbers.filter((number) => number !== ''))]
  const answers = useQueries({
    queries: asked.map((number) => ({
      queryKey: ['lookup', number],
      staleTime: 60_000,
      queryFn: async () => (await ask<LookupAnswer>(`/api/v1/lookup/${encodeURIComponent(number)}`)).data,
    })),
  })
  return new Map(
    asked.map((number, i) => {
      const answer = answers[i]?.data
      return [number, answer?.contact?.name || answer?.customer?.name || null]
    }),
  )
}
