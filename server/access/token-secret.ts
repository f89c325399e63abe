import { hash, randomBytes } from 'node:crypto'

const PREFIX = 'cb_'

/** A fresh secret: 256 random bits after the prefix that lets scanners recognise it. */
export function newTokenSecret(): string {
  return PREFIX + randomBytes(32).toString('base64url')
}

/** What is stored and looked up: the secret cannot be had back from it. */
export function hashToken(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

export function tokenHint(secret: string): string {
  return secret.slice(-4)
}
