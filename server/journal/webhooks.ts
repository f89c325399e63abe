import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Webhook, WebhookInput, WebhookPatch, WebhookWithSecret } from '../../contract/webhooks.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { held } from '../platform/database/claiming.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import type { Keyring } from '../platform/keyring.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import type { Work } from '../platform/work/work.ts'
import type { CallDeps } from './call-write.ts'
import type { WebhooksTable } from './event-tables.ts'
import { SEND, type Outbox } from './outbox.ts'
import { readColumns, readHeaders, toWebhook, type HeaderChanges } from './webhook-fields.ts'
import { HEADERS, WEBHOOKS } from './webhook-send.ts'
import { newWebhookSecret } from './webhook-signature.ts'
import type { JournalStore, JournalTx, Written } from './write.ts'

/** Who is told of events. */
export type Webhooks = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Webhook>>
  get(tenantId: number, id: number): Promise<Webhook>
  /** Answers the secret, this one time. */
  create(actor: Actor, input: WebhookInput): Written<WebhookWithSecret>
  update(actor: Actor, id: number, patch: WebhookPatch, condition?: Condition): Written<Webhook>
  /** A new secret; the former one signs as well for that long (s). */
  rotateSecret(actor: Actor, id: number, overlapSeconds: number): Written<WebhookWithSecret>
  /** With what waits for it and its log. */
  remove(actor: Actor, id: number, condition?: Condition): Written<null>
}

export type WebhookDeps = {
  store: JournalStore
  clock: Clock
  keyring: Keyring
  work: Pick<Work, 'drop'>
  outbox: Outbox
  host: CallDeps['host']
}

const COLUMNS = { id: 'id', name: 'name', created_at: 'created_at' }

export function openWebhooks({ store, clock, keyring, work, outbox, host }: WebhookDeps): Webhooks {
  const own = (tenantId: number) =>
    store.read.selectFrom('webhooks').selectAll().where('tenant_id', '=', tenantId)

  const lock = async (tx: JournalTx, tenantId: number, id: number) => {
    const mine = tx.db.selectFrom('webhooks').selectAll().where('tenant_id', '=', tenantId)
    const row = await held(tx.engine, mine.where('id', '=', id)).executeTakeFirst()
    if (!row) throw notFound('Webhook')
    return row
  }
  const headersOf = async (db: JournalStore['read'] | JournalTx['db'], ids: number[]) => {
    const rows = await db
      .selectFrom('webhook_headers')
      .select(['webhook_id', 'name'])
      .where(isOneOf(store.engine, 'webhook_id', ids, 'bigint'))
      .execute()
    return Map.groupBy(rows, (row) => row.webhook_id)
  }
  const shown = async (db: Parameters<typeof headersOf>[0], rows: Selectable<WebhooksTable>[]) => {
    const headers = await headersOf(
      db,
      rows.map(({ id }) => id),
    )
    return rows.map((row) =>
      toWebhook(
        row,
        (headers.get(row.id) ?? []).map(({ name }) => name),
      ),
    )
  }
  const shownOne = async (tx: JournalTx, row: Selectable<WebhooksTable>): Promise<Webhook> =>
    (await shown(tx.db, [row]))[0]!

  const checkHosts = async (tenantId: number, ids: readonly number[] | null | undefined) => {
    for (const id of ids ?? [])
      if ((await host({ tenantId, hostId: null }, id)) === null)
        throw invalid({ host_ids: [`There is no PBX host ${id}.`] })
  }
  const putHeaders = async (tx: JournalTx, tenantId: number, id: number, changes: HeaderChanges) => {
    for (const [name, text] of changes) {
      if (text === null) {
        await tx.db
          .deleteFrom('webhook_headers')
          .where('webhook_id', '=', id)
          .where('name', '=', name)
          .execute()
        continue
      }
      const blank = { tenant_id: tenantId, webhook_id: id, name, value: null }
      const row = await tx.db
        .insertInto('webhook_headers')
        .values(blank)
        .onConflict((one) => one.columns(['webhook_id', 'name']).doUpdateSet({ name }))
        .returning('id')
        .executeTakeFirstOrThrow()
      const place = { tenantId, table: HEADERS, rowId: row.id, column: 'value' }
      const value = await keyring.seal(tx, place, text)
      await tx.db.updateTable('webhook_headers').set({ value }).where('id', '=', row.id).execute()
    }
  }
  const sealSecret = (tx: JournalTx, tenantId: number, rowId: number, column: string, secret: string) =>
    keyring.seal(tx, { tenantId, table: WEBHOOKS, rowId, column }, secret)
  const put = (tx: JournalTx, id: number, columns: Partial<Selectable<WebhooksTable>>) =>
    tx.db.updateTable('webhooks').set(columns).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
  const later = (row: Selectable<WebhooksTable>) => Math.max(clock.now(), row.updated_at + 1)

  return {
    async list(tenantId, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: ['active'] })
      const { active } = request.filters
      if (active !== undefined && !['true', 'false'].includes(active))
        throw invalid({ 'filter[active]': ['Is true or false.'] })
      let rows = own(tenantId)
      if (active !== undefined) rows = rows.where('active', '=', active === 'true' ? 1 : 0)
      return readPage(rows, request, COLUMNS, (found) => shown(store.read, found))
    },

    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Webhook')
      return (await shown(store.read, [row]))[0]!
    },

    async create(actor, input) {
      const { tenantId } = actor
      const check = openFieldCheck()
      const headers = readHeaders(input.headers, check)
      const given = readColumns(input, check)
      check.done()
      await checkHosts(tenantId, input.host_ids)
      const secret = newWebhookSecret()
      return store.transact(async (tx) => {
        const now = clock.now()
        const blank = { secret: null, old_secret: null, old_secret_until: null }
        const idle = { disabled_at: null, disabled_reason: null, failures: 0, quiet_until: null }
        const made = await tx.db
          .insertInto('webhooks')
          .values({
            ...blank,
            ...idle,
            tenant_id: tenantId,
            name: input.name,
            url: input.url,
            kinds: '[]',
            host_ids: null,
            active: 1,
            timeout_ms: 10_000,
            ...given,
            created_at: now,
            updated_at: now,
          })
          .returning('id')
          .executeTakeFirstOrThrow()
        await putHeaders(tx, tenantId, made.id, headers)
        const sealed = await sealSecret(tx, tenantId, made.id, 'secret', secret)
        const after = await shownOne(tx, await put(tx, made.id, { secret: sealed }))
        await recordAudit(tx, actor, { action: 'create', entity: 'webhook', entityId: made.id, after })
        return { ...after, secret }
      })
    },

    async update(actor, id, patch, condition = unconditional) {
      const check = openFieldCheck()
      const headers = readHeaders(patch.headers, check)
      const given = readColumns(patch, check)
      check.done()
      await checkHosts(actor.tenantId, patch.host_ids)
      return store.transact(async (tx) => {
        const row = await lock(tx, actor.tenantId, id)
        const before = await shownOne(tx, row)
        condition(before)
        await putHeaders(tx, actor.tenantId, id, headers)
        const enabled = patch.active === true ? { disabled_at: null, disabled_reason: null } : {}
        // Whatever was wrong may be right now.
        const afresh = { failures: 0, quiet_until: null, updated_at: later(row) }
        const changed = await put(tx, id, { ...given, ...enabled, ...afresh })
        const after = await shownOne(tx, changed)
        // A changed value shows in no mask.
        const told = { ...after, headers_changed: [...headers.keys()] }
        const act = { action: 'update', entity: 'webhook', entityId: id } as const
        await recordAudit(tx, actor, { ...act, before, after: told })
        if (changed.active === 1) await outbox.wake(tx, actor.tenantId, id)
        return after
      })
    },

    async rotateSecret(actor, id, overlapSeconds) {
      const { tenantId } = actor
      const present = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!present) throw notFound('Webhook')
      const place = { tenantId, table: WEBHOOKS, rowId: id, column: 'secret' }
      const former = present.secret === null ? null : await keyring.open(place, present.secret)
      const secret = newWebhookSecret()
      return store.transact(async (tx) => {
        const row = await lock(tx, tenantId, id)
        const before = await shownOne(tx, row)
        const isKept = former !== null && overlapSeconds > 0 && row.secret === present.secret
        const changed = await put(tx, id, {
          secret: await sealSecret(tx, tenantId, id, 'secret', secret),
          old_secret: isKept ? await sealSecret(tx, tenantId, id, 'old_secret', former) : null,
          old_secret_until: isKept ? clock.now() + overlapSeconds * 1_000 : null,
          updated_at: later(row),
        })
        const after = await shownOne(tx, changed)
        const told = { ...after, secrets_changed: ['secret'] }
        await recordAudit(tx, actor, {
          action: 'update',
          entity: 'webhook',
          entityId: id,
          before,
          after: told,
        })
        return { ...after, secret }
      })
    },

    async remove(actor, id, condition = unconditional) {
      const { tenantId } = actor
      return store.transact(async (tx) => {
        // The task first, as whoever sends holds it first.
        await work.drop(tx as never, { tenantId, kind: SEND, unique: `webhook ${id}` })
        const row = await lock(tx, tenantId, id)
        const before = await shownOne(tx, row)
        condition(before)
        await tx.db.deleteFrom('webhooks').where('tenant_id', '=', tenantId).where('id', '=', id).execute()
        await recordAudit(tx, actor, { action: 'delete', entity: 'webhook', entityId: id, before })
        return null
      })
    },
  }
}
