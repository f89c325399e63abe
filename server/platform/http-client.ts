import { lookup as resolveName } from 'node:dns'
import { isIP, Socket, type LookupFunction } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Agent, buildConnector, Pool } from 'undici'
import { guardedLookup, refused } from './guarded-lookup.ts'
import { mayReach, parseAllowPrivate, type AllowPrivate } from './outbound-rules.ts'
import { nextHop, type Hop } from './http-redirects.ts'
import { OutboundError } from './outbound-error.ts'
import { judgeCertificate, tlsOptionsOf, VERIFY, type TlsTrust } from './tls-trust.ts'

export { OutboundError, type OutboundReason } from './outbound-error.ts'
export type { TlsTrust } from './tls-trust.ts'

const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024

export type HttpRequest = {
  /** `GET` unless told otherwise. */
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers?: Record<string, string>
  body?: string | Uint8Array | null
  /** Deadline of the whole exchange: names, redirects and the last byte of the body. 10 s unless told otherwise. */
  timeoutMs?: number
  /** The longest body that is read, 10 MiB unless told otherwise. */
  maxBytes?: number
  /** A longer body is cut off there instead of being an error. */
  cut?: boolean
  /** How many redirects are followed, none unless told otherwise: the redirect itself is then the answer. */
  followRedirects?: number
}

/** Any status is an answer. Header names are lower case; repeated headers are joined by `, `. */
export type HttpResponse = { status: number; headers: Record<string, string>; body: Buffer }

/**
 * HTTP to other hosts, guarded: private addresses only where the operator allowed them, whatever names, redirects
 * and changing answers of the name server lead there.
 */
export type HttpClient = AsyncDisposable & {
  /** Throws `OutboundError`. Compression is neither asked for nor undone. */
  request(url: string | URL, request?: HttpRequest): Promise<HttpResponse>
  /** Ends what is under way. */
  close(): Promise<void>
}

export type HttpClientOptions = {
  /** Names, addresses and CIDR networks, each optionally with `:port`. */
  allowPrivate: readonly string[]
  userAgent: string
  /** Finds the addresses of a name; the system's resolver unless told otherwise. */
  lookup?: LookupFunction
  /** How certificates are judged; by the public authorities unless told otherwise. */
  trust?: TlsTrust
}

export function openHttpClient(options: HttpClientOptions): HttpClient {
  const allowed = parseAllowPrivate(options.allowPrivate)
  const lookup = options.lookup ?? resolveName
  const trust = options.trust ?? VERIFY
  const connecting = new Set<Socket>()
  const agent = new Agent({
    // A connection is pinned to the address that was judged: the name is resolved here and nowhere else.
    factory: (origin, poolOptions) => {
      const { port } = placeOf(new URL(origin))
      const guarded = guardedLookup(lookup, allowed, port)
      const connector = buildConnector({ lookup: guarded, allowH2: false, ...tlsOptionsOf(trust) })
      return new Pool(origin, { ...poolOptions, connect: noticing(judging(connector, trust), connecting) })
    },
  })

  const send = async (hop: Hop, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
    refuseLiteral(hop.url, allowed)
    const answer = agent.request({
      origin: hop.url.origin,
      path: hop.url.pathname + hop.url.search,
      method: hop.method,
      headers: { 'user-agent': options.userAgent, ...hop.headers },
      body: hop.body,
      signal,
      // The one deadline is the signal's.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const response = await unlessAborted(answer, signal)
    const headers = flatten(response.headers)
    const { maxBytes = DEFAULT_MAX_BYTES, cut = false } = request
    const body = await readBody(response.body, hop.url, { maxBytes, cut })
    return { status: response.statusCode, headers, body }
  }

  const follow = async (
    url: string | URL,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<HttpResponse> => {
    const { followRedirects = 0 } = request
    let hop: Hop = {
      url: readUrl(url),
      method: request.method ?? 'GET',
      headers: lowerCased(request.headers ?? {}),
      body: request.body ?? null,
    }
    for (let followed = 0; ; followed += 1) {
      const response = await send(hop, request, signal).catch((error: unknown) => {
        throw asOutboundError(error, hop.url, signal)
      })
      const next = followRedirects === 0 ? null : nextHop(hop, response, readUrl)
      if (next === null) return response
      if (followed >= followRedirects) {
        throw new OutboundError(
          'too_many_redirects',
          `${hop.url.origin} redirects more than ${followRedirects} times`,
        )
      }
      hop = next
    }
  }

  const request = async (url: string | URL, request: HttpRequest = {}): Promise<HttpResponse> => {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), request.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    return follow(url, request, deadline.signal).finally(() => clearTimeout(timer))
  }

  const close = async () => {
    for (const socket of connecting) socket.destroy(new Error('the client is closed'))
    await agent.destroy()
  }
  return { request, close, [Symbol.asyncDispose]: close }
}

function readUrl(source: string | URL, base?: URL): URL {
  // The parser's own error is not kept as a cause: it carries the whole text.
  const url = URL.parse(String(source), base)
  if (url === null) throw new OutboundError('bad_url', 'This is not a complete address of a web server')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new OutboundError('bad_url', `Only http and https are spoken, not ${url.protocol.slice(0, -1)}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError('bad_url', `${url.origin}: credentials belong in a header, not in the address`)
  }
  return url
}

function placeOf(url: URL): { name: string; port: number } {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { name: url.hostname.replace(/^\[|\]$/g, ''), port }
}

/** An address in the URL itself is never looked up, so it is judged here. */
function refuseLiteral(url: URL, allowed: AllowPrivate): void {
  const { name, port } = placeOf(url)
  if (isIP(name) !== 0 && !mayReach(allowed, { name, port, address: name })) throw refused(url.host)
}

/** Keeps the sockets that are not connected yet in `connecting`: nothing else knows of them. */
function noticing(connector: buildConnector.connector, connecting: Set<Socket>): buildConnector.connector {
  return (target, callback) => {
    const settle: buildConnector.Callback = (...outcome) => {
      if (socket instanceof Socket) connecting.delete(socket)
      callback(...outcome)
    }
    const socket: unknown = connector(target, settle)
    if (socket instanceof Socket) connecting.add(socket)
  }
}

/** Looks at the certificate of a connection before anything is sent over it. */
function judging(connector: buildConnector.connector, trust: TlsTrust): buildConnector.connector {
  return (target, callback) =>
    connector(target, (...outcome) => {
      const [, socket] = outcome
      const fault = socket instanceof TLSSocket ? judgeCertificate(socket, trust) : null
      if (fault === null) return callback(...outcome)
      socket?.destroy()
      return callback(fault, null)
    })
}

/** The signal reaches a request only once it has a connection, and that may take longer than the deadline. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
    // Loses to the deadline at the latest when the connection comes up or fails.
    work.catch(() => {})
    aborted.promise.catch(() => {})
  }
}

async function readBody(
  body: AsyncIterable<Uint8Array>,
  url: URL,
  { maxBytes, cut }: { maxBytes: number; cut: boolean },
): Promise<Buffer> {
  const tooLarge = () =>
    new OutboundError('too_large', `${url.origin} answered with more than ${maxBytes} bytes`)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > maxBytes && !cut) throw tooLarge()
    chunks.push(chunk)
    if (size > maxBytes) break
  }
  return Buffer.concat(chunks, Math.min(size, maxBytes))
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value] as const]
  })
  return Object.fromEntries(entries)
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function asOutboundError(error: unknown, url: URL, signal: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error
  if (signal.aborted)
    return new OutboundError('timeout', `${url.origin} did not answer in full before the deadline`)
  return new OutboundError('network', `${url.origin} could not be reached: ${reasonOf(error)}`, error)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
