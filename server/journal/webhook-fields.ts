import type { Selectable } from 'kysely'
import type { EventKind } from '../../contract/events.ts'
import { HEADER_MASK, type Webhook, type WebhookPatch } from '../../contract/webhooks.ts'
import { fromJson, toFlag, toJson } from '../platform/database/json.ts'
import { isStorable, UNSTORABLE, type FieldCheck } from '../platform/field-check.ts'
import type { WebhooksTable } from './event-tables.ts'
import { isoOrNull, isoTime } from './write.ts'

/** Headers that say how a request is sent, or that the hub itself sets. */
const RESERVED = new Set(
  'host content-type content-length transfer-encoding connection keep-alive upgrade te trailer expect user-agent'.split(
    ' ',
  ),
)
const isReserved = (name: string) => RESERVED.has(name) || name.startsWith('cordboard-')
const SENDABLE = /^[\t\x20-\x7e]*$/

/** Headers that a write changes, by lower-case name: text to be sealed, null to be taken out. */
export type HeaderChanges = Map<string, string | null>

/** Reads the headers of a write; the mask leaves one as it is. */
export function readHeaders(headers: WebhookPatch['headers'], check: FieldCheck): HeaderChanges {
  const changes: HeaderChanges = new Map()
  for (const [given, value] of Object.entries(headers ?? {})) {
    const name = given.toLowerCase()
    if (isReserved(name)) check.refuse('headers', `${given} is set by the hub itself.`)
    else if (changes.has(name)) check.refuse('headers', `${given} is given twice.`)
    else if (value === null || value === '') changes.set(name, null)
    else if (!SENDABLE.test(value))
      check.refuse('headers', `${given} holds characters that no header may hold.`)
    else if (value !== HEADER_MASK) changes.set(name, value)
  }
  return changes
}

function checkUrl(text: string, check: FieldCheck): string {
  const url = URL.parse(text)
  if (!isStorable(text)) check.refuse('url', UNSTORABLE)
  else if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    check.refuse('url', 'Is no web address: http:// or https://, and a host.')
  else if (url.username !== '' || url.password !== '')
    check.refuse('url', 'Holds a user name or password: send them in a header.')
  return text
}

/** The columns that a write changes; 422 by field. */
export function readColumns(given: WebhookPatch, check: FieldCheck) {
  const { name, url, kinds, active, host_ids, timeout_ms } = given
  return {
    ...(name === undefined ? {} : { name: check.required('name', name) ?? '' }),
    ...(url === undefined ? {} : { url: checkUrl(url.trim(), check) }),
    ...(kinds === undefined ? {} : { kinds: toJson(kinds) }),
    ...(active === undefined ? {} : { active: toFlag(active) }),
    ...(host_ids === undefined ? {} : { host_ids: host_ids === null ? null : toJson(host_ids) }),
    ...(timeout_ms === undefined ? {} : { timeout_ms }),
  }
}

/** A webhook as it is answered; `headers` are the names it has. */
export function toWebhook(row: Selectable<WebhooksTable>, headers: readonly string[]): Webhook {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    kinds: fromJson<EventKind[]>(row.kinds),
    active: row.active === 1,
    disabled_at: isoOrNull(row.disabled_at),
    disabled_reason: row.disabled_reason,
    host_ids: row.host_ids === null ? null : fromJson<number[]>(row.host_ids),
    headers: Object.fromEntries(headers.toSorted().map((name) => [name, HEADER_MASK])),
    timeout_ms: row.timeout_ms,
    old_secret_until: row.old_secret === null ? null : isoOrNull(row.old_secret_until),
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  }
}
