import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const SESSION = 'cbs_'
const INVITATION = 'cbi_'

/** 256 random bits, told from a token's by what is in front of them. */
export const newSessionSecret = (): string => SESSION + randomBytes(32).toString('base64url')
export const newInvitation = (): string => INVITATION + randomBytes(32).toString('base64url')
/** A session's secret belongs in a header: never where URLs are kept. */
export const isSessionSecret = (secret: string): boolean => secret.startsWith(SESSION)

/** What a page of ours knows and another one does not: bound to the session, so nothing has to be kept. */
export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('csrf').digest('base64url')
}

export function isCsrfToken(given: string, secret: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(csrfTokenOf(secret))]
  return one.length === other.length && timingSafeEqual(one, other)
}
