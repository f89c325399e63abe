/** How long a token lives, in ms, by its own claims; null when it is no JWT or says nothing. `now` is the issuer's clock. */
export function lifetimeOf(token: string, now: number): number | null {
  const claims = claimsOf(token)
  const expires = instant(claims?.exp)
  if (expires === null) return null
  const issued = instant(claims?.iat) ?? instant(claims?.nbf)
  const lifetime = expires - (issued ?? now)
  return lifetime > 0 ? lifetime : null
}

function instant(claim: unknown): number | null {
  return typeof claim === 'number' && Number.isFinite(claim) ? claim * 1000 : null
}

function claimsOf(token: string): Record<string, unknown> | null {
  const [, payload] = token.split('.')
  if (payload === undefined) return null
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : null
  } catch {
    return null
  }
}
