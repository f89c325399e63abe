import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import type { Language } from '../../../contract/dispositions.ts'
import type { SignIn, WhoAmI } from '../../../contract/sessions.ts'
import { ApiError, ask, keepCsrfToken, onCsrfRefused } from './client.ts'

const SESSION = ['session']
const ENDED = ['session-ended']

/** Who is signed in; null for nobody. */
async function readSession(): Promise<WhoAmI | null> {
  try {
    const { data } = await ask<WhoAmI>('/api/v1/session')
    keepCsrfToken(data.csrf_token)
    return data
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

onCsrfRefused(async () => void (await readSession()))

export function useSession() {
  return useQuery({ queryKey: SESSION, queryFn: readSession, staleTime: 60_000 })
}

/** Whether the session that this page was opened with is over. What is on the screen stays, so that nothing typed is lost. */
export function useSessionEnded(): boolean {
  const { data } = useQuery({ queryKey: ENDED, queryFn: () => false, staleTime: Infinity })
  return data ?? false
}

export function noteEndedSession(client: QueryClient, error: Error): void {
  if (!(error instanceof ApiError) || error.code !== 'unauthenticated') return
  if (client.getQueryData(SESSION)) client.setQueryData(ENDED, true)
}

/** Signs in; whoever signs in again goes on where the other session ended, somebody else begins anew. */
export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (credentials: SignIn) => {
      await ask('/api/v1/session', { method: 'POST', body: credentials })
      return await readSession()
    },
    onSuccess: async (session) => {
      const before = client.getQueryData<WhoAmI | null>(SESSION)
      if (before?.user && before.user.id !== session?.user?.id) {
        sessionStorage.clear()
        location.reload()
      }
      client.setQueryData(SESSION, session)
      client.setQueryData(ENDED, false)
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== ENDED[0] })
    },
  })
}

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => {
      await ask('/api/v1/session', { method: 'DELETE' }).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.status !== 401) throw error
      })
    },
    onSuccess: () => {
      // What was typed or read belongs to whoever leaves.
      sessionStorage.clear()
      keepCsrfToken(null)
      client.clear()
      client.setQueryData(SESSION, null)
    },
  })
}

export function useSetLanguage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (language: Language) =>
      ask<WhoAmI>('/api/v1/session', { method: 'PATCH', body: { language } }),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Sets a password with an invitation. */
export function useSetPassword() {
  return useMutation({
    mutationFn: (body: { token: string; password: string }) =>
      ask('/api/v1/session/set-password', { method: 'POST', body }),
  })
}
