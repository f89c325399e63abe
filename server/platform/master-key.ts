import { createSecretKey, randomBytes, scrypt, type KeyObject } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HubError } from './errors.ts'

const SHORTEST_PASSPHRASE = 32
const HEX_KEY = /^[0-9a-f]{64}$/i
/** 32 bytes make 43 signs and one of padding; without the padding a text of that length is taken as a passphrase. */
const BASE64_KEY = /^(?:[\w-]{43}|[A-Za-z0-9+/]{43})=$/

// 32 MiB of memory for a tenth of a second or three: as hard to try out as the parameters OWASP names.
const SCRYPT = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 }

/** A master key as it was given; `withSalt` makes the key of it. */
export type MasterKey = { withSalt(salt: string): Promise<KeyObject> }

/**
 * Reads what `CORDBOARD_SECRET_KEY` holds: 32 bytes as hex or base64, or a passphrase, which is stretched. Throws an
 * error whose message says what would be right and never repeats what was given.
 */
export function readMasterKey(text: string): MasterKey {
  const bytes = HEX_KEY.test(text)
    ? Buffer.from(text, 'hex')
    : BASE64_KEY.test(text)
      ? Buffer.from(text, 'base64')
      : null
  if (bytes !== null) {
    const key = createSecretKey(bytes)
    return { withSalt: () => Promise.resolve(key) }
  }
  if (text.length < SHORTEST_PASSPHRASE) {
    throw new Error(
      `it has ${text.length} characters: give 32 bytes as base64 or hex (openssl rand -base64 32), or a passphrase of at least ${SHORTEST_PASSPHRASE} characters`,
    )
  }
  const stretched = new Map<string, Promise<KeyObject>>()
  return {
    withSalt(salt) {
      const known = stretched.get(salt)
      if (known) return known
      const made = stretch(text, salt)
      stretched.set(salt, made)
      return made
    },
  }
}

function stretch(passphrase: string, salt: string): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64url'), 32, SCRYPT, (error, bytes) =>
      error ? reject(error) : resolve(createSecretKey(bytes)),
    )
  })
}

export function newSalt(): string {
  return randomBytes(16).toString('base64url')
}

export const KEY_FILE = 'secret.key'

/** As `readKeyFile`, but leaves the file's mode as it is. */
export async function lookAtKeyFile(dataDirectory: string): Promise<MasterKey | null> {
  const file = join(dataDirectory, KEY_FILE)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw notUsable(file)
  })
  if (text === null) return null
  try {
    return readMasterKey(text.trim())
  } catch {
    throw notUsable(file)
  }
}

/** The key in the data directory; null when there is none. HubError `secret_key_wrong` when the file holds no key. */
export async function readKeyFile(dataDirectory: string): Promise<MasterKey | null> {
  const key = await lookAtKeyFile(dataDirectory)
  const file = join(dataDirectory, KEY_FILE)
  if (key !== null && (await stat(file)).mode & 0o077) await chmod(file, 0o600)
  return key
}

/**
 * Makes a key in the data directory (0600). It is on the disk when this returns, so that no secret is ever stored whose
 * key a power cut could take away.
 */
export async function makeKeyFile(dataDirectory: string): Promise<MasterKey> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  const text = randomBytes(32).toString('base64')
  const file = join(dataDirectory, KEY_FILE)
  const unfinished = `${file}.${process.pid}`
  const handle = await open(unfinished, 'w', 0o600)
  try {
    await handle.chmod(0o600)
    await handle.writeFile(`${text}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(unfinished, file)
  if (process.platform !== 'win32') await syncDirectory(dataDirectory)
  return readMasterKey(text)
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function notUsable(file: string): HubError {
  return new HubError(
    'secret_key_wrong',
    `The file ${file} cannot be read as a key: put back the one that belongs there.`,
  )
}
