import { sql, type Selectable } from 'kysely'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { databaseNow } from '../platform/database/claiming.ts'
import { toJson } from '../platform/database/json.ts'
import type { HttpClient } from '../platform/http-client.ts'
import type { Keyring } from '../platform/keyring.ts'
import { pauseAfter } from '../platform/work/back-off.ts'
import { NotYet, type Handler, type Task } from '../platform/work/work.ts'
import { toEvent } from './event-list.ts'
import type { WebhooksTable } from './event-tables.ts'
import { SEND } from './outbox.ts'
import { openDestination, sendOnce, type Attempt } from './webhook-send.ts'
import type { JournalStore, JournalTx } from './write.ts'

/** Deliveries of one webhook that are under way at the same time. */
const AT_ONCE = 8
/** Webhooks that one hub serves at the same time. */
const WEBHOOKS_AT_ONCE = 32
/** Then it is another webhook's turn, ms. */
const TURN_MS = 15_000
const GONE = 410
const DELIVERY_BACK_OFF = { firstMs: 5_000, longestMs: 60 * 60_000 }
/** How long a receiver that takes nothing at all is left alone. */
const QUIET_BACK_OFF = { firstMs: 2_000, longestMs: 5 * 60_000 }
/** From so many rounds in vain on, a delivery that goes through means that the receiver is back. */
const WAS_AWAY = 3

export type SenderDeps = { store: JournalStore; clock: Clock; keyring: Keyring; http: HttpClient }

const hubItself = (tenantId: number): Actor => ({
  kind: 'system',
  id: null,
  name: 'webhooks',
  tenantId,
  requestId: null,
  address: null,
})

type Webhook = Selectable<WebhooksTable>
type Waiting = {
  id: number
  attempts: number
  give_up_at: number
  event_id: number
  kind: Parameters<typeof toEvent>[0]['kind']
  happened_at: number
  data: string
}
type Sent = { delivery: Waiting; attempt: Attempt }

/** Whether it says more of the receiver than of what was sent. */
const isAway = ({ ok, status }: Attempt) => !ok && (status === null || status >= 500 || status === 429)

/** Sends what waits for one webhook, oldest first. */
export function webhookSender({ store, clock, keyring, http }: SenderDeps): Handler<{ webhook: number }> {
  const { engine, read } = store
  const now = databaseNow(engine)

  const readWebhook = (id: number) =>
    read
      .selectFrom('webhooks')
      .selectAll()
      .select(now.as('now'))
      .where('id', '=', id)
      .where('active', '=', 1)
      .executeTakeFirst()

  const readDue = (id: number, at: number, limit: number): Promise<Waiting[]> =>
    read
      .selectFrom('webhook_deliveries as delivery')
      .innerJoin('events', 'events.id', 'delivery.event_id')
      .select(['delivery.id', 'delivery.attempts', 'delivery.give_up_at', 'delivery.event_id'])
      .select(['events.kind', 'events.happened_at', 'events.data'])
      .where('delivery.webhook_id', '=', id)
      .where('delivery.next_attempt_at', '<=', at)
      .orderBy('delivery.next_attempt_at')
      .orderBy('delivery.id')
      .limit(limit)
      .execute()

  const timeOfNext = async (id: number): Promise<number | null> => {
    const next = await read
      .selectFrom('webhook_deliveries')
      .select('next_attempt_at')
      .where('webhook_id', '=', id)
      .where('next_attempt_at', 'is not', null)
      .orderBy('next_attempt_at')
      .limit(1)
      .executeTakeFirst()
    return next?.next_attempt_at ?? null
  }

  /** What was answered before the hub had to stop. */
  const sendAll = async (webhook: Webhook, due: Waiting[], signal: AbortSignal): Promise<Sent[]> => {
    const headers = await read
      .selectFrom('webhook_headers')
      .selectAll()
      .where('webhook_id', '=', webhook.id)
      .execute()
    const to = await openDestination(keyring, webhook, headers, clock.now())
    const stopped = Promise.withResolvers<null>()
    const stop = () => stopped.resolve(null)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const sent = await Promise.all(
      due.map(async (delivery) => {
        const message = { eventId: delivery.event_id, deliveryId: delivery.id }
        const body = toJson(toEvent({ ...delivery, id: delivery.event_id }))
        const sending = sendOnce(http, to, { ...message, body }, clock.now())
        const attempt = await Promise.race([sending, stopped.promise])
        return attempt === null ? [] : [{ delivery, attempt }]
      }),
    )
    signal.removeEventListener('abort', stop)
    return sent.flat()
  }

  /** Writes down what came of it, unless another hub has taken over. */
  const keep = async (task: Task, webhook: Webhook, sent: Sent[]): Promise<void> => {
    const isAllInVain = sent.every(({ attempt }) => isAway(attempt))
    const failures = isAllInVain ? webhook.failures + 1 : 0
    const wanted = Math.max(0, ...sent.map(({ attempt }) => attempt.retryAfterMs ?? 0))
    const quietMs = Math.max(wanted, isAllInVain ? pauseAfter(failures, QUIET_BACK_OFF, Math.random()) : 0)
    const gone = sent.find(({ attempt }) => attempt.status === GONE)
    await store.transact(async (tx) => {
      await task.hold(tx as never)
      for (const { delivery, attempt } of sent) {
        const { ok, status, error, response, ms } = attempt
        const pause = pauseAfter(delivery.attempts + 1, DELIVERY_BACK_OFF, Math.random())
        const next = sql<number>`${now} + ${sql.lit(pause)}`
        const isLast = sql`(${next} > give_up_at or ${sql.lit(status === GONE ? 1 : 0)} = 1)`
        await tx.db
          .updateTable('webhook_deliveries')
          .set((of) => ({
            attempts: of('attempts', '+', 1),
            last_attempt_at: now,
            last_status: status,
            last_error: error,
            last_ms: ms,
            response,
            updated_at: now,
            next_attempt_at: ok ? null : sql<number | null>`case when ${isLast} then null else ${next} end`,
            delivered_at: ok ? now : null,
            dead_at: ok ? null : sql<number | null>`case when ${isLast} then ${now} end`,
          }))
          .where('id', '=', delivery.id)
          .execute()
      }
      if (gone) await disable(tx, webhook)
      else if (failures !== webhook.failures || quietMs > 0) {
        const quiet_until = quietMs > 0 ? sql<number>`${now} + ${sql.lit(quietMs)}` : null
        await tx.db
          .updateTable('webhooks')
          .set({ failures, quiet_until })
          .where('id', '=', webhook.id)
          .execute()
      }
      // What was put off while nobody was there need not wait for its own pause.
      const isBack = webhook.failures >= WAS_AWAY && sent.some(({ attempt }) => attempt.ok)
      if (isBack)
        await tx.db
          .updateTable('webhook_deliveries')
          .set({ next_attempt_at: now })
          .where('webhook_id', '=', webhook.id)
          .where('next_attempt_at', '>', now)
          .execute()
    })
  }

  const disable = async (tx: JournalTx, webhook: Webhook) => {
    const { id, tenant_id } = webhook
    const disabled_reason = 'The receiver answered 410 Gone.'
    const changed = await tx.db
      .updateTable('webhooks')
      .set({ active: 0, disabled_at: clock.now(), disabled_reason })
      .where('id', '=', id)
      .where('active', '=', 1)
      .executeTakeFirst()
    if (changed.numUpdatedRows === 0n) return
    const act = { action: 'update', entity: 'webhook', entityId: id } as const
    const after = { active: false, disabled_reason }
    await recordAudit(tx, hubItself(tenant_id), { ...act, before: { active: true }, after })
  }

  return {
    kind: SEND,
    atOnce: WEBHOOKS_AT_ONCE,
    // What fails here is the hub's own doing; deliveries have a horizon of their own.
    attempts: Number.MAX_SAFE_INTEGER,
    backOff: { firstMs: 1_000, longestMs: 60_000 },
    async run(task) {
      const until = performance.now() + TURN_MS
      for (;;) {
        const webhook = await readWebhook(task.payload.webhook)
        if (!webhook) return
        const quiet = (webhook.quiet_until ?? 0) - webhook.now
        if (quiet > 0) throw new NotYet(quiet)
        const due = await readDue(webhook.id, webhook.now, webhook.failures > 0 ? 1 : AT_ONCE)
        if (due.length === 0) {
          const next = await timeOfNext(webhook.id)
          if (next === null) return
          throw new NotYet(next - webhook.now)
        }
        const sent = await sendAll(webhook, due, task.signal)
        if (sent.length > 0) await keep(task, webhook, sent)
        task.signal.throwIfAborted()
        if (performance.now() > until) throw new NotYet(0)
      }
    },
  }
}
