import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'

const NAME = 'cordboard_session'
/** Browsers take this name only over https, from this host, for all of it. */
const SECURE_NAME = `__Host-${NAME}`

/** The session in a request's cookies; null when there is none. */
export function sessionCookie(headers: IncomingHttpHeaders): string | null {
  for (const part of (headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=')
    const name = part.slice(0, at).trim()
    if (at > 0 && (name === NAME || name === SECURE_NAME)) return part.slice(at + 1).trim()
  }
  return null
}

/** Hands the browser its session, unreadable for scripts; null takes it away. `maxAge`: seconds. */
export function setSessionCookie(
  reply: FastifyReply,
  secret: string | null,
  { secure, maxAge }: { secure: boolean; maxAge: number },
): void {
  const name = secure ? SECURE_NAME : NAME
  const life = secret === null ? 0 : maxAge
  const rules = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${life}${secure ? '; Secure' : ''}`
  reply.header('set-cookie', `${name}=${secret ?? ''}; ${rules}`)
}
