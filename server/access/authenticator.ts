import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { hashToken } from './token-secret.ts'

const PERIOD_S = 30
const SHAPE = { algorithm: 'SHA1', digits: 6, period: PERIOD_S } as const
/** Steps before and after the present one that count: clocks differ, and typing takes time. */
const WINDOW = 1
const CODES = 10

/** A fresh secret, base32. */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32

/** What an authenticator reads as a QR code. */
export function totpUrl(secret: string, account: string): string {
  return new TOTP({
    ...SHAPE,
    issuer: 'Cordboard',
    label: account,
    secret: Secret.fromBase32(secret),
  }).toString()
}

/** The time step (of 30 s) whose code this is; null when it is none of now. `now`: ms UTC. */
export function totpStep(secret: string, code: string, now: number): number | null {
  const digits = code.replaceAll(/\s/g, '')
  if (!/^\d{6}$/.test(digits)) return null
  const totp = new TOTP({ ...SHAPE, secret: Secret.fromBase32(secret) })
  const delta = totp.validate({ token: digits, timestamp: now, window: WINDOW })
  return delta === null ? null : Math.floor(now / 1000 / PERIOD_S) + delta
}

/** Ten codes for the day the authenticator is lost: 80 bits each, in letters and digits that are not mistaken for others. */
export function newRecoveryCodes(): string[] {
  const signs = 'abcdefghjkmnpqrstuvwxyz23456789x'
  return Array.from({ length: CODES }, () => {
    const code = Array.from(randomBytes(16), (byte) => signs[byte % 32]).join('')
    return code.replace(/(.{4})(?=.)/g, '$1-')
  })
}

/** What is stored of a recovery code, however it was typed. */
export const hashRecoveryCode = (code: string): string =>
  hashToken(code.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
