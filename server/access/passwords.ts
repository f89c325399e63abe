import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto'
import { promisify } from 'node:util'
import { HubError } from '../platform/errors.ts'

/** KiB of memory, passes and lanes of a new hash; a password hashed with less is hashed anew when it is next used. */
export type HashCost = { memory: number; passes: number; parallelism: number }
const COST: HashCost = { memory: 19_456, passes: 2, parallelism: 1 }
const SALT_BYTES = 16
const HASH_BYTES = 32
/** Node's pool of four threads also reads files and resolves names. */
const AT_ONCE = 2
const MOST_WAITING = 64

/** `argon2id` in PHC form. */
const STORED = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/
const derive = promisify(argon2) as (kind: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replaceAll('=', '')

export type Passwords = {
  hash(password: string): Promise<string>
  /** Whether it is the password; `isWeak`: its hash should be made anew. Without a stored one it takes as long and says no. */
  check(password: string, stored: string | null): Promise<{ isRight: boolean; isWeak: boolean }>
}

/** Hashes off the event loop, two at once; HubError `too_many_failures` when very many wait already. */
export function openPasswords(cost: HashCost = COST): Passwords {
  let running = 0
  const waiting: (() => void)[] = []

  const run = async (
    password: string,
    salt: Buffer,
    { memory, passes, parallelism }: HashCost,
    length: number,
  ) => {
    if (waiting.length >= MOST_WAITING)
      throw new HubError(
        'too_many_failures',
        'Too many people sign in at this moment. Try again in a minute.',
      )
    if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      const message = Buffer.from(password.normalize('NFKC'))
      return await derive('argon2id', {
        message,
        nonce: salt,
        memory,
        passes,
        parallelism,
        tagLength: length,
      })
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      const made = await run(password, salt, cost, HASH_BYTES)
      const { memory, passes, parallelism } = cost
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(made)}`
    },
    async check(password, stored) {
      const parts = stored === null ? null : STORED.exec(stored)
      if (!parts) {
        await run(password, Buffer.alloc(SALT_BYTES), cost, HASH_BYTES)
        return { isRight: false, isWeak: false }
      }
      const [memory, passes, parallelism] = parts.slice(1, 4).map(Number) as [number, number, number]
      const wanted = Buffer.from(parts[5] ?? '', 'base64')
      const made = await run(
        password,
        Buffer.from(parts[4] ?? '', 'base64'),
        { memory, passes, parallelism },
        wanted.length,
      )
      const isWeak = memory < cost.memory || passes < cost.passes || parallelism < cost.parallelism
      return { isRight: timingSafeEqual(made, wanted), isWeak }
    },
  }
}
