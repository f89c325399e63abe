import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** Where a secret lives. It opens nowhere else: not in another row, not in another column, not for another tenant. */
export type SecretPlace = { tenantId: number; table: string; rowId: number; column: string }

/** `v1.<key id>.<nonce>.<ciphertext and tag>`, the last two base64url. The id says which data key opens it. */
const SEALED = /^v1\.([a-z]{16})\.([\w-]{16})\.([\w-]{22,})$/

/** As `newKeyId` makes them; with the mark of the version in front, what every sealed text begins with. */
export const KEY_ID_LENGTH = 16
export const SEALED_MARK = 'v1.'

/**
 * An id that no key ever had, not even one that was rolled back or stands in a backup: a sealed text that names a key
 * must never meet another key of that name. Letters alone, because a log masks digits.
 */
export function newKeyId(): string {
  // More than 70 bits; that four letters come up a little less often does not matter to a name.
  return Array.from(randomBytes(KEY_ID_LENGTH), (byte) => String.fromCharCode(97 + (byte % 26))).join('')
}

export function newKey(): KeyObject {
  return createSecretKey(randomBytes(KEY_BYTES))
}

/** Seals text for its place under a data key. */
export function sealText(keyId: string, key: KeyObject, place: SecretPlace, text: string): string {
  return `${SEALED_MARK}${keyId}.${encrypt(key, boundTo(keyId, place), Buffer.from(text, 'utf8'))}`
}

/** The id of the key that sealed this; null for what no keyring ever wrote. */
export function keyIdOf(sealed: string): string | null {
  return SEALED.exec(sealed)?.[1] ?? null
}

/** The text again; null when it was changed, or sealed for another place or with another key. */
export function openText(keyId: string, key: KeyObject, place: SecretPlace, sealed: string): string | null {
  return (
    decrypt(key, boundTo(keyId, place), sealed.slice(SEALED_MARK.length + keyId.length + 1))?.toString(
      'utf8',
    ) ?? null
  )
}

/** A data key as it is stored: encrypted under the master key and bound to its id. */
export function wrapKey(master: KeyObject, keyId: string, key: KeyObject): string {
  return encrypt(master, `cordboard data key ${keyId}`, key.export())
}

/** null when it was wrapped under another master key or for another id. */
export function unwrapKey(master: KeyObject, keyId: string, wrapped: string): KeyObject | null {
  const bytes = decrypt(master, `cordboard data key ${keyId}`, wrapped)
  return bytes?.length === KEY_BYTES ? createSecretKey(bytes) : null
}

const PROOF = 'cordboard key check'

/** What only this master key can have written, for telling it from a wrong one. */
export function proveKey(master: KeyObject): string {
  return encrypt(master, PROOF, Buffer.alloc(0))
}

export function isProvenBy(master: KeyObject, proof: string): boolean {
  return decrypt(master, PROOF, proof) !== null
}

function boundTo(keyId: string, { tenantId, table, rowId, column }: SecretPlace): string {
  return JSON.stringify(['cordboard secret', keyId, tenantId, table, rowId, column])
}

function encrypt(key: KeyObject, bound: string, bytes: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound))
  const body = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  return `${nonce.toString('base64url')}.${body.toString('base64url')}`
}

function decrypt(key: KeyObject, bound: string, text: string): Buffer | null {
  const [nonce, body] = text.split('.').map((part) => Buffer.from(part, 'base64url'))
  if (nonce?.length !== NONCE_BYTES || body === undefined || body.length < TAG_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(bound)).setAuthTag(body.subarray(-TAG_BYTES))
  const opened = decipher.update(body.subarray(0, -TAG_BYTES))
  try {
    return Buffer.concat([opened, decipher.final()])
  } catch {
    return null
  }
}
