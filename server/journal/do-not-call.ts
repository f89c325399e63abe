import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { DoNotCall } from '../../contract/do-not-call.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { notFound } from '../platform/errors.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import { callerNumber } from './caller-number.ts'
import type { DispositionRow } from './record.ts'
import { DO_NOT_DISTURB } from './statuses.ts'
import type { DoNotCallTable } from './tables.ts'
import {
  isoOrNull,
  isoTime,
  type JournalDeps,
  type JournalStore,
  type JournalTx,
  type Written,
} from './write.ts'

type Row = Selectable<DoNotCallTable>

/** Who asked not to be called. The last Do not Disturb of a number holds until it is lifted. */
export type DoNotCalls = {
  /** Those in force. */
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<DoNotCall>>
  /** Of any number in any spelling, known or not. */
  get(tenantId: number, number: string): Promise<DoNotCall>
  /** HubError `not_found` for a number of which nothing is in force. */
  lift(actor: Actor, number: string, condition?: Condition): Written<DoNotCall>
}

const COLUMNS = { id: 'id', since: 'since' }

/** Notes that this disposition's caller wants no calls. A withheld caller cannot be told from another. */
export async function sayDoNotCall(tx: JournalTx, row: DispositionRow): Promise<void> {
  const { tenant_id, number_key, number_raw, e164, id: disposition_id, updated_at: since } = row
  if (number_key === null) return
  const found = await lockNumber(tx, tenant_id, number_key)
  // Said of an older call than the one it was lifted with, it is said anew all the same.
  const lifted_to = Math.min(found?.lifted_to ?? 0, disposition_id - 1)
  const isNewer = found === undefined || found.disposition_id < disposition_id || lifted_to < found.lifted_to
  const said = isNewer ? { number_raw, e164, disposition_id, since, lifted_to } : { since }
  const made = await tx.db
    .insertInto('do_not_call')
    .values({ tenant_id, number_key, number_raw, e164, disposition_id, since, lifted_to, lifted_at: null })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'number_key']).doUpdateSet(said))
    .returning('id')
    .executeTakeFirstOrThrow()
  tx.changed(tenant_id, 'do_not_call', made.id)
}

/** Takes back what a disposition said that now says something else; an older one that says it still counts. */
export async function settleDoNotCall(tx: JournalTx, row: DispositionRow): Promise<void> {
  const { tenant_id, number_key } = row
  const found = number_key === null ? undefined : await lockNumber(tx, tenant_id, number_key)
  if (!found || found.disposition_id !== row.id) return
  const older = await tx.db
    .selectFrom('dispositions')
    .select(['id', 'recorded_at'])
    .where('tenant_id', '=', tenant_id)
    .where('number_key', '=', number_key)
    .where('status', '=', DO_NOT_DISTURB)
    .where('id', '>', found.lifted_to)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  await tx.db
    .updateTable('do_not_call')
    .set({ disposition_id: older?.id ?? 0, since: older?.recorded_at ?? found.since })
    .where('id', '=', found.id)
    .execute()
  tx.changed(tenant_id, 'do_not_call', found.id)
}

async function lockNumber(tx: JournalTx, tenantId: number, numberKey: string): Promise<Row | undefined> {
  const rows = tx.db
    .selectFrom('do_not_call')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('number_key', '=', numberKey)
  return await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
}

export function openDoNotCalls(
  store: JournalStore,
  { clock, lookup }: Pick<JournalDeps, 'clock' | 'lookup'>,
): DoNotCalls {
  const toAnswer = (asked: { number: string; e164: string | null }, row: Row | undefined): DoNotCall => {
    const inForce = row !== undefined && row.disposition_id > row.lifted_to
    const isSaid = row !== undefined && row.disposition_id > 0
    return {
      ...asked,
      do_not_call: inForce,
      since: isSaid ? isoTime(row.since) : null,
      disposition_id: isSaid ? row.disposition_id : null,
      lifted_at: isoOrNull(row?.lifted_at ?? null),
    }
  }
  const asked = (tenantId: number, number: string) => {
    const { number_key, e164 } = callerNumber(number, lookup.read(tenantId, number))
    return { key: number_key, shown: { number, e164 } }
  }

  return {
    list(tenantId, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: [] })
      const rows = store.read
        .selectFrom('do_not_call')
        .selectAll()
        .where('tenant_id', '=', tenantId)
        .whereRef('disposition_id', '>', 'lifted_to')
      return readPage(rows, request, COLUMNS, (found) =>
        found.map((row) => toAnswer({ number: row.number_raw, e164: row.e164 }, row)),
      )
    },
    async get(tenantId, number) {
      const { key, shown } = asked(tenantId, number)
      if (key === null) return toAnswer(shown, undefined)
      const row = await store.read
        .selectFrom('do_not_call')
        .selectAll()
        .where('tenant_id', '=', tenantId)
        .where('number_key', '=', key)
        .executeTakeFirst()
      return toAnswer(shown, row)
    },
    lift(actor, number, condition = unconditional) {
      const { key, shown } = asked(actor.tenantId, number)
      return store.transact(async (tx) => {
        const before = key === null ? undefined : await lockNumber(tx, actor.tenantId, key)
        if (!before || before.disposition_id <= before.lifted_to) throw notFound('Do not call')
        condition(toAnswer(shown, before))
        const row = await tx.db
          .updateTable('do_not_call')
          .set({ lifted_to: before.disposition_id, lifted_at: clock.now() })
          .where('id', '=', before.id)
          .returningAll()
          .executeTakeFirstOrThrow()
        const answers = [before, row].map((one) => toAnswer({ number: one.number_raw, e164: one.e164 }, one))
        const act = { action: 'update', entity: 'do_not_call', entityId: row.id } as const
        await recordAudit(tx, actor, { ...act, before: answers[0], after: answers[1] })
        tx.changed(actor.tenantId, 'do_not_call', row.id)
        return toAnswer(shown, row)
      })
    },
  }
}
