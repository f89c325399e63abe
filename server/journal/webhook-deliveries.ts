import { sql, type Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import { EVENT_KINDS, type EventKind } from '../../contract/events.ts'
import { DELIVERY_STATES, type Delivery, type Replayed, type WebhookTest } from '../../contract/webhooks.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { databaseNow } from '../platform/database/claiming.ts'
import { toJson } from '../platform/database/json.ts'
import { invalid, notFound } from '../platform/errors.ts'
import type { HttpClient } from '../platform/http-client.ts'
import type { Keyring } from '../platform/keyring.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import type { WebhookDeliveriesTable } from './event-tables.ts'
import { GIVE_UP_MS, type Outbox } from './outbox.ts'
import { openDestination, sendOnce } from './webhook-send.ts'
import { isoOrNull, isoTime, type JournalStore, type JournalTx, type Written } from './write.ts'

/** What was sent to a webhook and what came of it. */
export type Deliveries = {
  list(tenantId: number, webhookId: number, query: Record<string, unknown>): Promise<Page<Delivery>>
  /** Lets one wait again as if it were new, whatever came of it. */
  redeliver(actor: Actor, webhookId: number, id: number): Written<Delivery>
  /** Lets all dead ones wait again. */
  replay(actor: Actor, webhookId: number): Written<Replayed>
  /** Sends a `test` at once, to an inactive webhook too; it is no event and stands in no log. */
  test(actor: Actor, webhookId: number): Promise<WebhookTest>
}

export type DeliveryDeps = {
  store: JournalStore
  clock: Clock
  keyring: Keyring
  http: HttpClient
  outbox: Outbox
}

type Row = Selectable<WebhookDeliveriesTable> & { kind: EventKind; happened_at: number }
const COLUMNS = { id: 'delivery.id', last_attempt_at: 'delivery.last_attempt_at' }

function toDelivery(row: Row): Delivery {
  const state = row.next_attempt_at !== null ? 'waiting' : row.dead_at === null ? 'delivered' : 'dead'
  return {
    id: row.id,
    event: { id: row.event_id, kind: row.kind, happened_at: isoTime(row.happened_at) },
    state,
    attempts: row.attempts,
    last_status: row.last_status,
    last_error: row.last_error,
    last_duration_ms: row.last_ms,
    response: row.response,
    last_attempt_at: isoOrNull(row.last_attempt_at),
    next_attempt_at: isoOrNull(row.next_attempt_at),
    delivered_at: isoOrNull(row.delivered_at),
    dead_at: isoOrNull(row.dead_at),
    created_at: isoTime(row.created_at),
  }
}

export function openDeliveries({ store, clock, keyring, http, outbox }: DeliveryDeps): Deliveries {
  const of = (db: JournalStore['read'] | JournalTx['db'], tenantId: number, webhookId: number) =>
    db
      .selectFrom('webhook_deliveries as delivery')
      .innerJoin('events', 'events.id', 'delivery.event_id')
      .selectAll('delivery')
      .select(['events.kind', 'events.happened_at'])
      .where('delivery.tenant_id', '=', tenantId)
      .where('delivery.webhook_id', '=', webhookId)

  const readWebhook = async (tenantId: number, id: number) => {
    const mine = store.read.selectFrom('webhooks').selectAll().where('tenant_id', '=', tenantId)
    const row = await mine.where('id', '=', id).executeTakeFirst()
    if (!row) throw notFound('Webhook')
    return row
  }
  const now = databaseNow(store.engine)
  const asNew = {
    attempts: 0,
    next_attempt_at: now,
    give_up_at: sql<number>`${now} + ${sql.lit(GIVE_UP_MS)}`,
    delivered_at: null,
    dead_at: null,
    updated_at: now,
  }

  return {
    async list(tenantId, webhookId, query) {
      await readWebhook(tenantId, webhookId)
      const request = readListRequest(query, {
        sort: Object.keys(COLUMNS),
        filters: ['state', 'kind', 'event_id'],
      })
      const { state, kind, event_id } = request.filters
      let rows = of(store.read, tenantId, webhookId)
      if (kind !== undefined) {
        if (!EVENT_KINDS.includes(kind as EventKind))
          throw invalid({ 'filter[kind]': [`Is one of ${EVENT_KINDS.join(', ')}.`] })
        rows = rows.where('events.kind', '=', kind as EventKind)
      }
      if (event_id !== undefined) {
        if (!/^\d{1,15}$/.test(event_id)) throw invalid({ 'filter[event_id]': ['Is an id: a whole number.'] })
        rows = rows.where('delivery.event_id', '=', Number(event_id))
      }
      if (state === 'waiting') rows = rows.where('delivery.next_attempt_at', 'is not', null)
      else if (state === 'delivered') rows = rows.where('delivery.delivered_at', 'is not', null)
      else if (state === 'dead') rows = rows.where('delivery.dead_at', 'is not', null)
      else if (state !== undefined)
        throw invalid({ 'filter[state]': [`Is one of ${DELIVERY_STATES.join(', ')}.`] })
      return readPage(rows, request, COLUMNS, (found) => found.map(toDelivery))
    },

    async redeliver(actor, webhookId, id) {
      const { tenantId } = actor
      return store.transact(async (tx) => {
        const changed = await tx.db
          .updateTable('webhook_deliveries')
          .set(asNew)
          .where('tenant_id', '=', tenantId)
          .where('webhook_id', '=', webhookId)
          .where('id', '=', id)
          .executeTakeFirst()
        if (changed.numUpdatedRows === 0n) throw notFound('Delivery')
        const rows = of(tx.db, tenantId, webhookId).where('delivery.id', '=', id)
        const after = toDelivery(await rows.executeTakeFirstOrThrow())
        await recordAudit(tx, actor, { action: 'redrive', entity: 'webhook_delivery', entityId: id })
        await outbox.wake(tx, tenantId, webhookId)
        return after
      })
    },

    async replay(actor, webhookId) {
      const { tenantId } = actor
      await readWebhook(tenantId, webhookId)
      return store.transact(async (tx) => {
        const changed = await tx.db
          .updateTable('webhook_deliveries')
          .set(asNew)
          .where('tenant_id', '=', tenantId)
          .where('webhook_id', '=', webhookId)
          .where('dead_at', 'is not', null)
          .executeTakeFirst()
        const after = { replayed: Number(changed.numUpdatedRows) }
        await recordAudit(tx, actor, { action: 'redrive', entity: 'webhook', entityId: webhookId, after })
        await outbox.wake(tx, tenantId, webhookId)
        return after
      })
    },

    async test(actor, webhookId) {
      const webhook = await readWebhook(actor.tenantId, webhookId)
      const headers = await store.read
        .selectFrom('webhook_headers')
        .selectAll()
        .where('webhook_id', '=', webhookId)
        .execute()
      const at = clock.now()
      const to = await openDestination(keyring, webhook, headers, at)
      const body = toJson({ id: 0, kind: 'test', happened_at: isoTime(at), data: { webhook_id: webhookId } })
      const { ok, status, ms, error, response } = await sendOnce(
        http,
        to,
        { eventId: 0, deliveryId: 0, body },
        at,
      )
      const told = { ok, status, duration_ms: ms, error }
      const act = { action: 'test', entity: 'webhook', entityId: webhookId } as const
      const { value } = await store.transact(async (tx) => {
        await recordAudit(tx, actor, { ...act, after: told })
        return { ...told, response }
      })
      return value
    },
  }
}
