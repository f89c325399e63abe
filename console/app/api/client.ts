import type { ErrorCode } from '../../../contract/errors.ts'
import { chosenTenant } from './tenant.ts'

/** What the hub refused, or `unreachable` when no answer came. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: ErrorCode | 'unreachable'
  /** By the field's name, what is wrong with it. */
  readonly fields: Readonly<Record<string, string[]>>

  constructor(
    status: number,
    body: { message: string; code: ErrorCode | 'unreachable'; errors?: Record<string, string[]> },
    options?: ErrorOptions,
  ) {
    super(body.message, options)
    this.status = status
    this.code = body.code
    this.fields = body.errors ?? {}
  }
}

/** Where the session is made, told and ended. */
export const SIGN_IN = '/api/v1/session'

export type Asked = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  query?: Record<string, string | number | boolean | null | undefined>
  body?: unknown
  /** Makes a repeated POST one act. */
  idempotencyKey?: string
  /** Refuses the change when somebody else was faster. */
  ifMatch?: string | null
  /** A credential in place of the session's cookie. */
  bearer?: string
  signal?: AbortSignal
}

export type Answered<T> = { data: T; etag: string | null }

let csrfToken: string | null = null
let isClosed = false

/**
 * Once the session is over nothing is asked in its name: every refusal counts as a failed sign-in, and ten of them
 * within a minute would keep everybody behind this address from signing in.
 */
export function closeDoor(closed: boolean): void {
  isClosed = closed
}
let renewCsrf: () => Promise<void> = () => Promise.resolve()

/** The session says it with every answer about itself; it is kept in memory only. */
export function keepCsrfToken(token: string | null): void {
  csrfToken = token
}

/** How the token is asked for again, when another tab has signed in anew. */
export function onCsrfRefused(renew: () => Promise<void>): void {
  renewCsrf = renew
}

/** Asks the hub. The only place that fetches; throws `ApiError`. */
export async function ask<T>(path: string, asked: Asked = {}): Promise<Answered<T>> {
  try {
    return await send<T>(path, asked)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'csrf_refused') throw error
    await renewCsrf()
    return await send<T>(path, asked)
  }
}

/** As `ask`, for an answer that is no JSON. */
export async function askText(path: string, asked: Asked = {}): Promise<string> {
  return (await receive(path, asked)).text
}

async function send<T>(path: string, asked: Asked): Promise<Answered<T>> {
  const { text, etag } = await receive(path, asked)
  return { data: parse(text) as T, etag }
}

async function receive(path: string, asked: Asked): Promise<{ text: string; etag: string | null }> {
  const { method = 'GET', body, signal } = asked
  if (isClosed && asked.bearer === undefined && !(method === 'POST' && path === SIGN_IN))
    throw new ApiError(401, { message: 'The session has ended.', code: 'unauthenticated' })
  let response: Response
  let text: string
  try {
    response = await fetch(addressOf(path, asked), {
      method,
      headers: headersOf(asked),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      cache: 'no-store',
      credentials: asked.bearer === undefined ? 'same-origin' : 'omit',
    })
    text = await response.text()
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new ApiError(0, { message: 'The hub does not answer.', code: 'unreachable' }, { cause: error })
  }
  if (!response.ok) throw new ApiError(response.status, refusal(parse(text), response.status))
  return { text, etag: response.headers.get('etag') }
}

function addressOf(path: string, { query = {} }: Asked): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value))
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`
}

function headersOf({ method = 'GET', body, idempotencyKey, ifMatch, bearer }: Asked): Headers {
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (bearer !== undefined) headers.set('authorization', `Bearer ${bearer}`)
  else if (method !== 'GET' && csrfToken !== null) headers.set('x-csrf-token', csrfToken)
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
  if (ifMatch) headers.set('if-match', ifMatch)
  const tenant = chosenTenant()
  if (bearer === undefined && tenant !== null) headers.set('cordboard-tenant', String(tenant))
  return headers
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : (JSON.parse(text) as unknown)
  } catch {
    return null
  }
}

/** A stream of server-sent events of the hub, from the one after `lastId` on. Throws `ApiError`. */
export async function openEvents(
  path: string,
  { lastId, signal }: { lastId: string | null; signal: AbortSignal },
): Promise<ReadableStream<Uint8Array>> {
  const headers = headersOf({})
  headers.set('accept', 'text/event-stream')
  if (lastId !== null) headers.set('last-event-id', lastId)
  const response = await fetch(path, { headers, signal, cache: 'no-store', credentials: 'same-origin' })
  if (response.ok && response.body) return response.body
  throw new ApiError(response.status, refusal(parse(await response.text()), response.status))
}

type Refusal = ConstructorParameters<typeof ApiError>[1]

/** A proxy in between may answer with anything. */
function refusal(data: unknown, status: number): Refusal {
  if (data !== null && typeof data === 'object' && 'code' in data && 'message' in data) return data as Refusal
  return { message: `The hub answered ${status}.`, code: status >= 500 ? 'unreachable' : 'bad_request' }
}
