import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import type { Language } from '../../../contract/dispositions.ts'
import type { SignIn, WhoAmI } from '../../../contract/sessions.ts'
import { ApiError, ask, closeDoor, keepCsrfToken, onCsrfRefused, SIGN_IN } from './client.ts'
import { actingTenant, chosenTenant, forgetTenant, keepActingTenant } from './tenant.ts'

const SESSION = ['session']
const ENDED = ['session-ended']

/** Set while somebody is signed in in this browser: without it there is no need to ask, and asking in vain counts as a failure. */
const SIGNED_IN = 'cordboard.signed-in'

async function fetchSession(): Promise<WhoAmI> {
  const { data } = await ask<WhoAmI>(SIGN_IN)
  keepCsrfToken(data.csrf_token)
  keepActingTenant(data.tenant.id)
  return data
}

/** As above; whoever no longer belongs to the tenant this window chose acts in their own again. */
async function fetchSessionAnywhere(): Promise<WhoAmI> {
  try {
    return await fetchSession()
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403 || chosenTenant() === null) throw error
    forgetTenant()
    // What is on the screen is of that tenant.
    if (actingTenant() !== null) location.reload()
    return await fetchSession()
  }
}

/** Who is signed in; null for nobody. A session that has ended is still told: the page under it stays. */
async function readSession(client: QueryClient): Promise<WhoAmI | null> {
  if (localStorage.getItem(SIGNED_IN) === null) return null
  try {
    return await fetchSessionAnywhere()
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    const before = client.getQueryData<WhoAmI | null>(SESSION) ?? null
    if (before) noteEndedSession(client, error)
    else localStorage.removeItem(SIGNED_IN)
    return before
  }
}

onCsrfRefused(async () => void (await fetchSession()))

export function useSession() {
  const client = useQueryClient()
  return useQuery({ queryKey: SESSION, queryFn: () => readSession(client), staleTime: 60_000 })
}

/** Whether the session that this page was opened with is over. What is on the screen stays, so that nothing typed is lost. */
export function useSessionEnded(): boolean {
  const { data } = useQuery({ queryKey: ENDED, queryFn: () => false, staleTime: Infinity })
  return data ?? false
}

export function noteEndedSession(client: QueryClient, error: Error): void {
  if (!(error instanceof ApiError) || error.code !== 'unauthenticated') return
  if (!client.getQueryData(SESSION)) return
  closeDoor(true)
  client.setQueryData(ENDED, true)
}

/** Signs in; whoever signs in again goes on where the other session ended, somebody else begins anew. */
export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (credentials: SignIn) => {
      await ask(SIGN_IN, { method: 'POST', body: credentials })
      localStorage.setItem(SIGNED_IN, '1')
      closeDoor(false)
      return await fetchSessionAnywhere()
    },
    onSuccess: async (session) => {
      const before = client.getQueryData<WhoAmI | null>(SESSION)
      if (before?.user && before.user.id !== session.user?.id) {
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
      await ask(SIGN_IN, { method: 'DELETE' }).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.status !== 401) throw error
      })
    },
    onSuccess: () => {
      // What was typed or read belongs to whoever leaves.
      sessionStorage.clear()
      localStorage.removeItem(SIGNED_IN)
      forgetTenant()
      keepCsrfToken(null)
      closeDoor(false)
      client.setQueryData(SESSION, null)
      client.setQueryData(ENDED, false)
      client.removeQueries({
        predicate: ({ queryKey }) => ![SESSION[0], ENDED[0]].includes(String(queryKey[0])),
      })
    },
  })
}

export function useSetLanguage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (language: Language) => ask(SIGN_IN, { method: 'PATCH', body: { language } }),
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
