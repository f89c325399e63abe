import { WebSocket, type RawData } from 'ws'
import type { Connection } from '../connection.ts'
import { dial } from '../dial.ts'
import { XapiError } from '../errors.ts'
import { networkError } from '../network-error.ts'
import type { StoredToken } from '../token-store.ts'

/** One connection to a PBX's events. */
export type EventSocket = {
  /** Ends when the connection does; `isRefused` when the PBX says that the token is no good any more. */
  readonly closed: Promise<{ isRefused: boolean }>
  close(): void
}

/** The PBX closes with this code when the token has died. */
const TOKEN_DIED = 4401
const LONGEST_FRAME = 1 << 20
/** Whoever does not answer a close by then is hung up on. */
const CLOSING_MS = 1000

/** Opens the event socket. Throws `authentication` and `permission` as the PBX answers, `not_found` where there is none. */
export async function openEventSocket(
  connection: Connection,
  token: StoredToken,
  options: { pingMs: number; onFrame: (frame: unknown) => void; signal: AbortSignal },
): Promise<EventSocket> {
  const { connectMs, headMs } = connection.options.deadlines
  const url = new URL(`${connection.prefix}/callcontrol/ws`, connection.origin)
  const secure = url.protocol === 'https:'
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port)
  const { tls, lookup } = connection.options
  const line = await dial({ host, port, secure, tls, lookup, timeoutMs: connectMs })
  if (options.signal.aborted) {
    line.destroy()
    throw options.signal.reason
  }
  // The line is open and proved; as plain `ws:` no second TLS is laid over it.
  url.protocol = 'ws:'
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${token.accessToken}`, host: new URL(connection.origin).host },
    createConnection: () => line,
    handshakeTimeout: headMs,
    maxPayload: LONGEST_FRAME,
    followRedirects: false,
    perMessageDeflate: false,
  })
  const stop = () => socket.terminate()
  options.signal.addEventListener('abort', stop, { once: true })
  let isAlive = true
  socket.on('pong', () => (isAlive = true))
  socket.on('message', (data, isBinary) => {
    isAlive = true
    const frame = isBinary ? null : readFrame(data)
    if (frame !== null) options.onFrame(frame)
  })
  socket.on('error', () => {})
  const closed = new Promise<{ isRefused: boolean }>((resolve) => {
    socket.once('close', (code) => resolve({ isRefused: code === TOKEN_DIED }))
  })
  try {
    await opened(socket, url.host)
  } catch (error) {
    options.signal.removeEventListener('abort', stop)
    socket.terminate()
    line.destroy()
    throw options.signal.aborted ? options.signal.reason : error
  }
  const pulse = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, options.pingMs)
  void closed.then(() => {
    clearInterval(pulse)
    options.signal.removeEventListener('abort', stop)
  })
  return {
    closed,
    close() {
      socket.close(1000)
      setTimeout(stop, CLOSING_MS).unref()
    },
  }
}

function opened(socket: WebSocket, place: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('unexpected-response', (request, response) => {
      response.resume()
      request.destroy()
      reject(upgradeError(response.statusCode ?? 0))
    })
    socket.once('error', (error) => reject(networkError(error, place, 'call control')))
    socket.once('close', () => reject(networkError({ code: 'ECONNRESET' }, place, 'call control')))
  })
}

function upgradeError(status: number): XapiError {
  const kind =
    status === 401
      ? 'authentication'
      : status === 403
        ? 'permission'
        : status === 404
          ? 'not_found'
          : 'server'
  return new XapiError(kind, `call control: the PBX refuses its event socket (${status})`, {
    status,
    operation: 'call control',
  })
}

function readFrame(data: RawData): unknown {
  try {
    return JSON.parse((data as Buffer).toString('utf8'))
  } catch {
    return null
  }
}
