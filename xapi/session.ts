import { mayRepeat, type Connection, type RawAnswer, type RawRequest } from './connection.ts'
import { XapiError } from './errors.ts'
import type { StoredToken } from './token-store.ts'
import type { Tokens } from './token.ts'

/** Requests that carry a token. */
export type Session = {
  /** Sends with a token; once more with another one when the PBX refuses it for what may be its age. */
  send(request: RawRequest): Promise<RawAnswer>
  /** Sends without a token. */
  sendOpenly(request: RawRequest): Promise<RawAnswer>
  /** A token for a socket; another one than `rejected`. Throws `authentication` when there is none. */
  token(signal: AbortSignal | null, rejected?: StoredToken | null): Promise<StoredToken>
  /** The version the PBX told last, in the header of an answer. */
  version(): string | null
}

const VERSION_HEADERS = ['x-3cx-version', 'x-3cx-system-version', 'x-pbx-version']

export function openSession(connection: Connection, tokens: Tokens): Session {
  /** Operations that a fresh token was refused for too: their 403 is about rights, not about age. */
  const forbidden = new Set<string>()
  let version: string | null = null

  const heard = (answer: RawAnswer): RawAnswer => {
    for (const name of VERSION_HEADERS) {
      const told = answer.headers(name)?.trim()
      if (told) {
        version = told.slice(0, 100)
        break
      }
    }
    return answer
  }

  return {
    version: () => version,
    sendOpenly: async (request) =>
      heard(await connection.inLane(request.signal ?? null, (send) => send(request))),
    send: (request) =>
      connection.inLane(request.signal ?? null, async (send) => {
        const attempt = async (token: StoredToken) =>
          heard(
            await send({
              ...request,
              headers: { ...request.headers, authorization: `Bearer ${token.accessToken}` },
            }),
          )
        const first = await tokens.get(send)
        if (first === null) throw noToken(request.operation)
        const answer = await attempt(first)
        const isRefused = answer.status === 401 || answer.status === 403
        if (!isRefused || !mayRepeat(request)) return answer
        if (answer.status === 403 && forbidden.has(request.operation)) return answer
        const second = await tokens.get(send, first)
        if (second === null) return answer
        const again = await attempt(second)
        if (again.status === 403) forbidden.add(request.operation)
        else forbidden.delete(request.operation)
        return again
      }),
    token: (signal, rejected = null) =>
      connection.inLane(signal, async (send) => {
        const token = await tokens.get(send, rejected)
        if (token === null) throw noToken('token')
        return token
      }),
  }
}

function noToken(operation: string): XapiError {
  return new XapiError('authentication', 'The PBX refuses a token it issued a moment ago.', {
    operation,
    status: 401,
    reason: 'young_token',
  })
}
