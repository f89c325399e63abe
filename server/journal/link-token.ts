import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { toJson } from '../platform/database/json.ts'

/** What a link says of itself; everybody who has it can read it, nobody can change it. */
export type LinkClaim = {
  id: number
  tenantId: number
  number: string
  call: string | null
  host: number | null
  /** The only PBX host its maker sees; null = all of the tenant. */
  reachHostId: number | null
  /** Who will use it, as far as that was known; null = nobody said. */
  agent: string | null
  /** ms UTC. */
  expiresAt: number
}

const MARK = 'cbl_'
const TOKEN = /^cbl_([\w-]{1,4000})\.([\w-]{43})$/
const VERSION = 1

/** Whether it is meant as a link's credential, good or not. */
export const isLinkToken = (text: string): boolean => text.startsWith(MARK)

/** What links of a tenant are signed with: 256 random bits. */
export const newLinkKey = (): string => randomBytes(32).toString('base64url')
/** 45 random bits, so that two links are two authors. */
export const newLinkId = (): number => 1 + (randomBytes(6).readUIntBE(0, 6) % 2 ** 45)

const macOf = (key: string, content: string) =>
  createHmac('sha256', Buffer.from(key, 'base64url')).update(`pop link ${content}`).digest()

/** The credential: what it says, and the proof that this hub's tenant said it. */
export function signLink(key: string, claim: LinkClaim): string {
  const { id, tenantId, number, call, host, reachHostId, agent, expiresAt } = claim
  const said = [VERSION, id, tenantId, number, call, host, reachHostId, agent, expiresAt]
  const content = Buffer.from(toJson(said)).toString('base64url')
  return `${MARK}${content}.${macOf(key, content).toString('base64url')}`
}

/** What a credential claims, not proved yet; null for what is none. */
export function readLink(token: string): LinkClaim | null {
  const content = TOKEN.exec(token)?.[1]
  if (content === undefined) return null
  try {
    const said = JSON.parse(Buffer.from(content, 'base64url').toString('utf8')) as unknown[]
    const [version, id, tenantId, number, call, host, reachHostId, agent, expiresAt] = said
    const ids = [id, tenantId, expiresAt].every((one) => Number.isSafeInteger(one) && Number(one) > 0)
    if (version !== VERSION || !ids || typeof number !== 'string') return null
    return { id, tenantId, number, call, host, reachHostId, agent, expiresAt } as LinkClaim
  } catch {
    return null
  }
}

/** Whether the credential was signed with this key. */
export function isSignedWith(key: string, token: string): boolean {
  const [, content = '', mac = ''] = TOKEN.exec(token) ?? []
  const [given, wanted] = [Buffer.from(mac, 'base64url'), macOf(key, content)]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
