import type { Selectable } from 'kysely'
import type { Clock } from '../platform/clock.ts'
import { held } from '../platform/database/claiming.ts'
import type { Handler, Work } from '../platform/work/work.ts'
import type { AppendEvent } from './events.ts'
import type { CallbacksTable } from './tables.ts'
import { isoTime, type JournalStore, type JournalTx } from './write.ts'

const KIND = 'callback_due'
type Due = { callback: number; due_at: number }
type Row = Pick<Selectable<CallbacksTable>, 'id' | 'tenant_id' | 'status' | 'due_at'>

/** Has a callback's time told of when it comes, in the transaction that made, moved or ended it. */
export type PlanCallback = (tx: JournalTx, callback: Row) => Promise<void>

export function openPlanCallback(work: Pick<Work, 'add' | 'drop'>, clock: Clock): PlanCallback {
  return async (tx, { id, tenant_id: tenantId, status, due_at }) => {
    const name = { tenantId, kind: KIND, unique: `callback ${id}` }
    await work.drop(tx as never, name)
    if (status !== 'open' || due_at === null) return
    const payload: Due = { callback: id, due_at }
    await work.add(tx as never, { ...name, payload, afterMs: Math.max(0, due_at - clock.now()) })
  }
}

/** Tells that a callback is due, if it still is: whatever changed it has planned it anew. */
export function callbackDue(store: JournalStore, append: AppendEvent): Handler<Due> {
  return {
    kind: KIND,
    attempts: 1_000,
    async run(task) {
      const { tenantId, payload } = task
      await store.transact(async (tx) => {
        const mine = tx.db
          .selectFrom('callbacks')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('id', '=', payload.callback)
        const row = await held(tx.engine, mine).executeTakeFirst()
        if (row?.status === 'open' && row.due_at === payload.due_at) {
          const about = await tx.db
            .selectFrom('dispositions')
            .selectAll()
            .where('tenant_id', '=', tenantId)
            .where('id', '=', row.disposition_id)
            .executeTakeFirstOrThrow()
          await append(tx as never, {
            tenantId,
            kind: 'callback.due',
            key: `callback:${row.id}:${row.due_at}`,
            happenedAt: row.due_at,
            data: {
              callback_id: row.id,
              disposition_id: row.disposition_id,
              due_at: isoTime(row.due_at),
              number: about.number_raw,
              e164: about.e164,
              customer_id: about.customer_id,
              contact_id: about.contact_id,
              comment: about.comment,
              agent: about.agent,
            },
          })
        }
        await task.finish(tx as never)
      })
    },
  }
}
