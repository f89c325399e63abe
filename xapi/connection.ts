import type { LookupFunction, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { Pool, type FormData } from 'undici'
import { backoffMs, retryAfterMs } from './backoff.ts'
import { dial, type TlsPolicy } from './dial.ts'
import { XapiError } from './errors.ts'
import { openLane } from './lane.ts'
import { isCut, networkError } from './network-error.ts'
import { readBody } from './read-body.ts'

/** Deadlines in ms: for a connection, for the first byte of an answer, for a whole body (a stream: between two pieces of it). */
export type Deadlines = { connectMs: number; headMs: number; bodyMs: number }

export type ConnectionOptions = {
  url: string
  tls: TlsPolicy
  lookup: LookupFunction | null
  deadlines: Deadlines
  /** Requests under way to this host at once, from everybody in this process. */
  concurrency: number
  /** Attempts after a 429 or 503, and the longest time to wait for all of them. */
  retries: { attempts: number; longestMs: number }
  longestAnswer: number
}

export type RequestBody = string | Uint8Array | FormData | Readable

export type RawRequest = {
  method: string
  /** From the address of the PBX on, with its query: `/xapi/v1/Users?$top=1`. */
  path: string
  headers?: Record<string, string>
  body?: RequestBody | null
  /** What errors call it. */
  operation: string
  /** It changes nothing, whatever its method; a GET never does. */
  isQuestion?: boolean
  /** Called as it goes out, once a place in the lane and a token were found. */
  onSend?: () => void
  signal?: AbortSignal | null
  /** Whether a good answer with these headers is handed on as a stream. */
  streams?: (contentType: string) => boolean
  longestAnswer?: number
}

export type RawAnswer = {
  status: number
  headers: (name: string) => string | null
  /** The whole body; empty when it is a stream. */
  bytes: Buffer
  stream: Readable | null
}

/** HTTP to one PBX: deadlines, the proof of its certificate, one request after the other, patience with 429 and 503. */
export type Connection = {
  /** `https://host:port`, and the path below which the PBX lies, if any. */
  readonly origin: string
  readonly prefix: string
  readonly options: ConnectionOptions
  /** Since when nothing is under way, ms since 1970; null while something is. */
  idleSince(): number | null
  /** Something beside the lane is under way until what is answered is called. */
  use(): () => void
  /** Runs `work` in a place of this host's lane. */
  inLane<T>(signal: AbortSignal | null, work: (send: Send) => Promise<T>): Promise<T>
  close(): Promise<void>
}
export type Send = (request: RawRequest) => Promise<RawAnswer>

export function openConnection(options: ConnectionOptions): Connection {
  const url = parseUrl(options.url)
  const secure = url.protocol === 'https:'
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port)
  const { connectMs } = options.deadlines
  const target = { host, port, secure, tls: options.tls, timeoutMs: connectMs, lookup: options.lookup }
  const pool = new Pool(url.origin, {
    // The lane says how many requests there are; streams are beside them.
    connections: null,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (_asked, callback) => void answerWith(callback, dial(target)),
  })
  const lane = openLane(url.origin)
  const closing = new AbortController()
  let [uses, idleSince] = [0, Date.now()]

  const use = () => {
    uses++
    return () => {
      if (--uses === 0) idleSince = Date.now()
    }
  }

  async function attempt(request: RawRequest): Promise<RawAnswer> {
    const { headMs, bodyMs } = options.deadlines
    const late = new AbortController()
    const signal = AbortSignal.any([late.signal, closing.signal, ...(request.signal ? [request.signal] : [])])
    const isUncertain = request.method !== 'GET' && request.isQuestion !== true
    const expire = (reason: string, ms: number) => {
      late.abort(
        new XapiError('timeout', `${request.operation}: no ${reason} within ${ms} ms`, {
          reason,
          operation: request.operation,
          isUncertain,
        }),
      )
    }
    const timer = setTimeout(() => expire('head', headMs), connectMs + headMs)
    request.onSend?.()
    try {
      const answer = await pool.request({
        method: request.method,
        path: url.pathname.replace(/\/$/, '') + request.path,
        headers: request.headers,
        body: request.body ?? null,
        signal,
      })
      clearTimeout(timer)
      const read = await readBody(request, answer, {
        bodyMs,
        longest: request.longestAnswer ?? options.longestAnswer,
        expire: () => expire('body', bodyMs),
      })
      read.stream?.once('close', use())
      return read
    } catch (error) {
      if (closing.signal.aborted) throw closedError(request.operation, isUncertain)
      if (request.signal?.aborted) throw request.signal.reason
      if (late.signal.aborted) throw late.signal.reason
      // The error of a connection that never came about is one of ours already, and certain: nothing was sent.
      throw networkError(error, url.host, request.operation, isUncertain)
    } finally {
      clearTimeout(timer)
    }
  }

  async function send(request: RawRequest): Promise<RawAnswer> {
    let waited = 0
    let wasCut = false
    for (let tries = 1; ; tries++) {
      let answer: RawAnswer
      try {
        answer = await attempt(request)
      } catch (error) {
        // A connection kept alive may have been closed by the other side just now; a question may be asked again.
        if (request.method !== 'GET' || wasCut || !isRepeatable(error)) throw error
        wasCut = true
        continue
      }
      if (!asksForPatience(request, answer) || !mayRepeat(request) || tries >= options.retries.attempts)
        return answer
      const asked = retryAfterMs(answer.headers('retry-after'))
      const pause = asked ?? backoffMs(tries - 1, 500, 10_000)
      if (waited + pause > options.retries.longestMs) return answer
      waited += pause
      lane.pause(pause)
      await patiently(pause + Math.random() * Math.min(250, pause), request.signal ?? null)
    }
  }

  async function patiently(ms: number, signal: AbortSignal | null): Promise<void> {
    const either = signal === null ? closing.signal : AbortSignal.any([closing.signal, signal])
    try {
      await wait(ms, undefined, { signal: either })
    } catch {
      throw signal?.aborted ? signal.reason : closedError(null)
    }
  }

  return {
    origin: url.origin,
    prefix: url.pathname.replace(/\/$/, ''),
    options,
    idleSince: () => (uses === 0 ? idleSince : null),
    use,
    async inLane(signal, work) {
      if (closing.signal.aborted) throw closedError(null)
      const either = signal === null ? closing.signal : AbortSignal.any([closing.signal, signal])
      const done = use()
      try {
        return await lane.run(options.concurrency, either, () => work(send))
      } catch (error) {
        if (signal?.aborted && error === either.reason) throw signal.reason
        throw closing.signal.aborted && !(error instanceof XapiError) ? closedError(null) : error
      } finally {
        done()
      }
    },
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      lane.release()
      await pool.destroy()
    },
  }
}

type Connected = (...answer: [null, Socket] | [Error, null]) => void

async function answerWith(connected: Connected, dialled: Promise<Socket>): Promise<void> {
  let socket: Socket
  try {
    socket = await dialled
  } catch (error) {
    return connected(error as Error, null)
  }
  connected(null, socket)
}

/** A body that streams is gone once it was sent. */
export function mayRepeat({ body }: RawRequest): boolean {
  return !(body instanceof Readable)
}

/** 429 was not carried out by anybody; 503 may have been, unless it was a question or the PBX says when to come again. */
function asksForPatience(request: RawRequest, answer: RawAnswer): boolean {
  if (answer.status === 429) return true
  return answer.status === 503 && (request.method === 'GET' || answer.headers('retry-after') !== null)
}

function isRepeatable(error: unknown): boolean {
  return error instanceof XapiError ? error.reason === 'reset' : isCut(error)
}

function closedError(operation: string | null, isUncertain = false): XapiError {
  return new XapiError('closed', 'The client is closed.', { operation, isUncertain })
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new XapiError('validation', 'The address of a PBX is https://name or https://name:port.', {
      reason: 'input',
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new XapiError('validation', 'The address of a PBX holds no user and no password.', {
      reason: 'input',
    })
  }
  return url
}
