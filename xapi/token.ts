import { createHash } from 'node:crypto'
import type { Send } from './connection.ts'
import { XapiError } from './errors.ts'
import { lifetimeOf } from './jwt.ts'
import type { Secrets } from './secrets.ts'
import type { StoredToken, TokenRecord, TokenStore } from './token-store.ts'

export type TokensOptions = {
  origin: string
  clientId: string
  clientSecret: string
  store: TokenStore
  secrets: Secrets
  now: () => number
}

/** The tokens of one API client. */
export type Tokens = {
  /**
   * A token that should work. `rejected` is one that the PBX just refused: if somebody has put another into the store,
   * that one is taken; else a new one is fetched, when the refused one is old enough to have died of age. Null says that
   * there is no other.
   */
  get(send: Send, rejected?: StoredToken | null): Promise<StoredToken | null>
}

/** A younger token that is refused has not died of age: another one would be refused as well. */
const OLD_MS = 50_000
/** Refresh when this share of the life is over. */
const REFRESH_AT = 0.8
const UNKNOWN_LIFE_MS = 60_000
/** A refused secret is not tried again at once: the PBX blocks addresses that keep failing. */
const REFUSED_MS = 60_000

export function openTokens(options: TokensOptions): Tokens {
  const { origin, clientId, store, secrets, now } = options
  const key = `${origin} ${clientId}`
  const credential = createHash('sha256').update(`${key}\n${options.clientSecret}`).digest('hex').slice(0, 16)
  let known: StoredToken | null = null
  let refreshing: Promise<StoredToken | null> | null = null

  const isFresh = (token: StoredToken | null, rejected: StoredToken | null): token is StoredToken =>
    token !== null && token.accessToken !== rejected?.accessToken && now() < token.refreshAt

  async function shared(rejected: StoredToken | null): Promise<StoredToken | null> {
    const record = await store.read(key)
    if (record === null || record.credential !== credential) return null
    if (record.refused !== null && now() < record.refused.until) {
      throw new XapiError('authentication', record.refused.message, {
        status: record.refused.status,
        reason: 'refused_before',
        operation: 'token',
        retryAfterMs: record.refused.until - now(),
      })
    }
    const token = record.token
    if (token !== null) secrets.add(token.accessToken)
    return isFresh(token, rejected) ? token : null
  }

  function refresh(send: Send, rejected: StoredToken | null): Promise<StoredToken | null> {
    return store.withLease(key, async () => {
      const meanwhile = await shared(rejected)
      if (meanwhile !== null) return meanwhile
      if (rejected !== null && now() < rejected.refreshAt && now() - rejected.issuedAt < OLD_MS) return null
      const write = (record: Pick<TokenRecord, 'token' | 'refused'>) =>
        store.write(key, { credential, ...record })
      try {
        const token = await fetchToken(options, send)
        await write({ token, refused: null })
        return token
      } catch (error) {
        if (error instanceof XapiError && error.kind === 'authentication') {
          const { message } = error
          await write({
            token: null,
            refused: { until: now() + REFUSED_MS, message, status: error.status ?? 0 },
          })
        }
        throw error
      }
    })
  }

  return {
    async get(send, rejected = null) {
      if (isFresh(known, rejected)) return known
      const found = await shared(rejected)
      if (found === null) {
        refreshing ??= refresh(send, rejected).finally(() => (refreshing = null))
        const fetched = await refreshing
        if (fetched === null || fetched.accessToken === rejected?.accessToken) return null
        known = fetched
        return known
      }
      known = found
      return known
    },
  }
}

async function fetchToken(options: TokensOptions, send: Send): Promise<StoredToken> {
  const { clientId, clientSecret, secrets, now } = options
  const body = new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
  }).toString()
  const answer = await send({
    method: 'POST',
    path: '/connect/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body,
    operation: 'token',
    isQuestion: true,
  })
  const fields = readJson(answer.bytes)
  if (answer.status !== 200) throw refusal(answer.status, fields, secrets)
  const accessToken = fields?.access_token
  if (typeof accessToken !== 'string' || accessToken === '') {
    throw new XapiError('server', 'The PBX answered the token request without a token.', {
      status: 200,
      operation: 'token',
    })
  }
  secrets.add(accessToken)
  const issuedAt = now()
  const date = Date.parse(answer.headers('date') ?? '')
  const seconds = typeof fields?.expires_in === 'number' && fields.expires_in > 0 ? fields.expires_in : null
  const life =
    lifetimeOf(accessToken, Number.isNaN(date) ? issuedAt : date) ??
    (seconds === null ? UNKNOWN_LIFE_MS : seconds * 1000)
  return { accessToken, issuedAt, refreshAt: issuedAt + life * REFRESH_AT, expiresAt: issuedAt + life }
}

function refusal(status: number, fields: Record<string, unknown> | null, secrets: Secrets): XapiError {
  const told = [fields?.error, fields?.error_description].filter((text) => typeof text === 'string')
  const words = told.length > 0 ? `: ${secrets.redact(told.join(', ')).slice(0, 300)}` : ''
  if (status === 429 || status === 503) {
    return new XapiError('rate', `The PBX has no time for a token just now (${status})${words}`, {
      status,
      operation: 'token',
    })
  }
  const isRefused = status === 400 || status === 401 || status === 403
  const message = isRefused
    ? `The PBX refuses the client id or its secret (${status})${words}`
    : `The PBX failed to issue a token (${status})${words}`
  return new XapiError(isRefused ? 'authentication' : status === 404 ? 'not_found' : 'server', message, {
    status,
    operation: 'token',
    reason: typeof fields?.error === 'string' ? secrets.redact(fields.error).slice(0, 100) : null,
  })
}

function readJson(bytes: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
