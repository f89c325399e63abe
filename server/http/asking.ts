import type { Asking } from '../directory/directory.ts'
import type { Called, ProfileViews } from '../routing/routing.ts'
import type { Parameters } from './parameters.ts'

/** The PBX a request speaks for: the token's, else the one named by its id as `host`; null for none. */
export function hostNamed(parameters: Parameters, tokensHost: number | null): number | null {
  if (tokensHost !== null) return tokensHost
  const text = parameters.get('host')?.trim() ?? ''
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null
}

/** Which profile a question asks for. */
export const calledOf = (parameters: Parameters, tokensHost: number | null): Called => ({
  dnid: parameters.get('dnid') ?? null,
  hostId: hostNamed(parameters, tokensHost),
})

/** How the number of a question is read: in the country of the profile that its called number or its PBX has. */
export type AskingOf = (
  tenantId: number,
  parameters: Parameters,
  tokensHost: number | null,
) => Asking | undefined

export function openAsking(findProfile: ProfileViews['find']): AskingOf {
  return (tenantId, parameters, tokensHost) => {
    const { profile } = findProfile(tenantId, calledOf(parameters, tokensHost))
    const country = profile?.country ?? null
    return country === null ? undefined : { country }
  }
}
