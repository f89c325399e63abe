import { createHmac, randomBytes } from 'node:crypto'

const PREFIX = 'cb_wh_'

/** A fresh secret: 256 random bits after a prefix that logs and scanners recognise. */
export const newWebhookSecret = (): string => PREFIX + randomBytes(32).toString('base64url')

/** The header `Cordboard-Signature`: HMAC-SHA-256 of `seconds.body` in hex, one for each secret. */
export function signatureOf(secrets: readonly string[], seconds: number, body: string): string {
  const signatures = secrets.map((secret) =>
    createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'),
  )
  return [`t=${seconds}`, ...signatures.map((signature) => `v1=${signature}`)].join(',')
}
