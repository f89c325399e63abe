import type { Generated } from 'kysely'
import type { EventKind } from '../../contract/events.ts'
import type { AuditTables } from '../platform/audit.ts'
import type { Flag } from '../platform/database/json.ts'

/** Something that happened. */
export type EventsTable = {
  id: Generated<number>
  tenant_id: number
  /** The tenant's events in the order of their commits; null only inside the transaction that writes the event. */
  seq: number | null
  kind: EventKind
  /** What makes it the same event when it is told of again. */
  event_key: string
  /** ms UTC. */
  happened_at: number
  /** Of `data`, to find it by. */
  host_id: number | null
  customer_id: number | null
  contact_id: number | null
  /** JSON as it is answered and sent. */
  data: string
  created_at: number
}

/** The last number of a tenant's events; written by one transaction at a time. */
export type EventNumbersTable = { tenant_id: number; last: number }

/** Somebody who is told of events. */
export type WebhooksTable = {
  id: Generated<number>
  tenant_id: number
  name: string
  url: string
  /** JSON list of kinds. */
  kinds: string
  /** JSON list of ids; null = events of all hosts and of none. */
  host_ids: string | null
  active: Flag
  /** When and why the hub switched it off by itself. */
  disabled_at: number | null
  disabled_reason: string | null
  timeout_ms: number
  /** Both sealed; the old one signs as well until then (ms UTC). */
  secret: string | null
  old_secret: string | null
  old_secret_until: number | null
  /** How often in a row the receiver could not be reached. */
  failures: number
  /** Nothing is sent before, ms UTC on the database's clock. */
  quiet_until: number | null
  created_at: number
  updated_at: number
}

/** A header of the customer's own; the value is sealed. */
export type WebhookHeadersTable = {
  id: Generated<number>
  tenant_id: number
  webhook_id: number
  name: string
  value: string | null
}

/** One event for one webhook. Instants are ms UTC on the database's clock. */
export type WebhookDeliveriesTable = {
  id: Generated<number>
  tenant_id: number
  webhook_id: number
  event_id: number
  attempts: number
  /** null: delivered or dead. */
  next_attempt_at: number | null
  /** No attempt begins later. */
  give_up_at: number
  delivered_at: number | null
  dead_at: number | null
  last_attempt_at: number | null
  last_status: number | null
  last_error: string | null
  last_ms: number | null
  /** The beginning of what was answered. */
  response: string | null
  created_at: number
  updated_at: number
}

export type EventTables = {
  events: EventsTable
  event_numbers: EventNumbersTable
  webhooks: WebhooksTable
  webhook_headers: WebhookHeadersTable
  webhook_deliveries: WebhookDeliveriesTable
} & AuditTables
