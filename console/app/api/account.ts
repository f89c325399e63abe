import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { PasswordSet, RecoveryCodes, TotpEnrolment, TotpState } from '../../../contract/sessions.ts'
import { ask } from './client.ts'

const TOTP = '/api/v1/session/totp'
const KEY = ['authenticator']

/** The own authenticator. */
export function useAuthenticator() {
  return useQuery({ queryKey: KEY, queryFn: async () => (await ask<TotpState>(TOTP)).data })
}

/** A secret that counts once a code of it was confirmed. */
export function useEnrol() {
  return useMutation({
    mutationFn: async () => (await ask<TotpEnrolment>(TOTP, { method: 'POST', body: {} })).data,
  })
}

/** Makes the secret count; answers the recovery codes, which are told once. */
export function useConfirm() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (code: string) =>
      (await ask<RecoveryCodes>(`${TOTP}/confirm`, { method: 'POST', body: { code } })).data,
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  })
}

export function useTakeAway() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (password: string) => ask(`${TOTP}/disable`, { method: 'POST', body: { password } }),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  })
}

/** Ends the other sessions of the user. */
export function useChangePassword() {
  return useMutation({
    mutationFn: async (body: { current: string; password: string }) =>
      (await ask<PasswordSet>('/api/v1/session/password', { method: 'POST', body })).data,
  })
}
