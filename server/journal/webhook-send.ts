import type { Selectable } from 'kysely'
import { HEADER_MASK } from '../../contract/webhooks.ts'
import { OutboundError, type HttpClient } from '../platform/http-client.ts'
import type { Keyring } from '../platform/keyring.ts'
import { scrubText } from '../platform/log-masking.ts'
import { storable } from '../platform/storable.ts'
import type { WebhookHeadersTable, WebhooksTable } from './event-tables.ts'
import { signatureOf } from './webhook-signature.ts'

/** Where deliveries go, with what is secret in clear: never kept longer than it takes to send. */
export type Destination = {
  url: string
  secrets: string[]
  headers: Record<string, string>
  timeoutMs: number
}

export type Message = { eventId: number; deliveryId: number; body: string }

/** What came of sending once. */
export type Attempt = {
  /** 2xx. */
  ok: boolean
  /** null: no answer. */
  status: number | null
  error: string | null
  /** Beginning of the answer, without what is secret; null when it was empty. */
  response: string | null
  ms: number
  /** In how long the receiver wants to be asked again, ms; null when it did not say. */
  retryAfterMs: number | null
}

const READ_BYTES = 64 * 1024
const SHOWN = 500
const LONGEST_WAIT_MS = 60 * 60_000
const JSON_TYPE = 'application/json; charset=utf-8'

export const WEBHOOKS = 'webhooks'
export const HEADERS = 'webhook_headers'

/** What a webhook's row means, its secrets opened. Not inside a transaction. */
export async function openDestination(
  keyring: Keyring,
  webhook: Selectable<WebhooksTable>,
  headers: Selectable<WebhookHeadersTable>[],
  now: number,
): Promise<Destination> {
  const { tenant_id: tenantId, secret, old_secret, old_secret_until } = webhook
  const secrets: string[] = []
  const place = { tenantId, table: WEBHOOKS, rowId: webhook.id }
  if (secret !== null) secrets.push(await keyring.open({ ...place, column: 'secret' }, secret))
  if (old_secret !== null && (old_secret_until ?? 0) > now)
    secrets.push(await keyring.open({ ...place, column: 'old_secret' }, old_secret))
  const opened: Record<string, string> = {}
  for (const { id, name, value } of headers) {
    const of = { tenantId, table: HEADERS, rowId: id, column: 'value' }
    if (value !== null) opened[name] = await keyring.open(of, value)
  }
  return { url: webhook.url, secrets, headers: opened, timeoutMs: webhook.timeout_ms }
}

function shownOf(body: Buffer, { secrets, headers }: Destination): string | null {
  let text = storable(body.toString('utf8'))
  for (const secret of [...secrets, ...Object.values(headers)])
    if (secret.length > 0) text = text.replaceAll(secret, HEADER_MASK)
  return scrubText(text.slice(0, SHOWN).toWellFormed()).slice(0, SHOWN).toWellFormed() || null
}

function waitOf(status: number, header: string | undefined): number | null {
  if ((status !== 429 && status !== 503) || header === undefined || !/^\d{1,9}$/.test(header)) return null
  return Math.min(LONGEST_WAIT_MS, Number(header) * 1_000)
}

function refusalOf(status: number): string | null {
  if (status >= 200 && status < 300) return null
  const isRedirect = status >= 300 && status < 400
  return `The receiver answered ${status}${isRedirect ? ': redirects are not followed' : ''}.`
}

/** Sends a message once and waits for the whole answer, at most as long as the webhook allows. */
export async function sendOnce(
  http: HttpClient,
  to: Destination,
  { eventId, deliveryId, body }: Message,
  now: number,
): Promise<Attempt> {
  const began = performance.now()
  const took = () => Math.round(performance.now() - began)
  try {
    const {
      status,
      headers,
      body: answer,
    } = await http.request(to.url, {
      method: 'POST',
      headers: {
        ...to.headers,
        'content-type': JSON_TYPE,
        'cordboard-event-id': String(eventId),
        'cordboard-delivery': String(deliveryId),
        'cordboard-signature': signatureOf(to.secrets, Math.floor(now / 1_000), body),
      },
      body,
      timeoutMs: to.timeoutMs,
      maxBytes: READ_BYTES,
      cut: true,
    })
    const error = refusalOf(status)
    const response = shownOf(answer, to)
    return {
      ok: error === null,
      status,
      error,
      response,
      ms: took(),
      retryAfterMs: waitOf(status, headers['retry-after']),
    }
  } catch (error) {
    // Its words name the host and never the path, the query or a header.
    const said = error instanceof OutboundError ? error.message : 'The request could not be sent.'
    return { ok: false, status: null, error: said, response: null, ms: took(), retryAfterMs: null }
  }
}
