import { sql } from 'kysely'
import { databaseNow, held } from '../database/claiming.ts'
import { toJson } from '../database/json.ts'
import type { Store, Tx } from '../database/store.ts'
import { namesSecret } from '../log-masking.ts'
import { checkSchedule, momentAfter, type Schedule } from './schedule.ts'
import type { WorkTables } from './tables.ts'

export type NewTask = {
  tenantId: number
  /** What is to be done; a handler of that name does it, in this hub or in another one. */
  kind: string
  /** Anything JSON but a secret: it is stored, listed and logged as it is. */
  payload?: unknown
  /** Wait that long, ms. */
  afterMs?: number
  /** While there is a task of this tenant and kind with that name, adding it once more does nothing. */
  unique?: string
  /**
   * With `unique`: adding it once more means "look again". One that waits takes the newer payload, one that runs is run
   * once more, a dead one comes back to life.
   */
  again?: boolean
  /** At most `atOnce` (1) tasks with this key run at the same time, on all hubs together. */
  key?: string
  atOnce?: number
}

const asStored = (payload: unknown): string => {
  const text = toJson(payload ?? {})
  JSON.parse(text, (name, value: unknown) => {
    if (namesSecret(name) && value !== null) throw new Error(`a task's payload may not hold a ${name}`)
    return value
  })
  return text
}

/** Creates a task in the transaction of its cause; answers its id, null when there is one of that name already. */
export async function addTask(tx: Tx<never>, task: NewTask): Promise<number | null> {
  const { db, engine } = tx as unknown as Tx<WorkTables>
  const now = databaseNow(engine)
  const ready = sql<number>`${now} + ${sql.lit(Math.round(task.afterMs ?? 0))}`
  const blank = { schedule: null, lease_owner: null, last_error: null, failed_at: null, dead_at: null }
  const insert = db.insertInto('work').values({
    ...blank,
    tenant_id: task.tenantId,
    kind: task.kind,
    unique_key: task.unique ?? null,
    concurrency_key: task.key ?? null,
    at_once: task.atOnce ?? 1,
    payload: asStored(task.payload),
    due_at: ready,
    ready_at: ready,
    claims: 0,
    attempts: 0,
    again: 0,
    created_at: now,
    updated_at: now,
  })
  const isLeased = sql<boolean>`work.lease_owner is not null`
  const added = await insert
    .onConflict((conflict) => {
      const ofName = conflict.columns(['tenant_id', 'kind', 'unique_key'])
      if (task.again !== true) return ofName.doNothing()
      return ofName.doUpdateSet({
        payload: sql`excluded.payload`,
        again: sql`case when ${isLeased} then 1 else 0 end`,
        attempts: sql`case when work.dead_at is null then work.attempts else 0 end`,
        ready_at: sql`case when work.dead_at is not null then excluded.ready_at when ${isLeased} then work.ready_at
          when work.ready_at > excluded.ready_at then excluded.ready_at else work.ready_at end`,
        dead_at: null,
        updated_at: now,
      })
    })
    .returning('id')
    .executeTakeFirst()
  return added?.id ?? null
}

/** What a task with `unique` is known by. */
export type TaskName = { tenantId: number; kind: string; unique: string }

/** Takes a task out, whatever its state. */
export async function dropTask(tx: Tx<never>, { tenantId, kind, unique }: TaskName): Promise<void> {
  await (tx as unknown as Tx<WorkTables>).db
    .deleteFrom('work')
    .where('tenant_id', '=', tenantId)
    .where('kind', '=', kind)
    .where('unique_key', '=', unique)
    .execute()
}

export type PlannedTask = { kind: string; schedule: Schedule; payload?: unknown }

/** The name under which a kind's schedule is kept. */
const SCHEDULED = 'schedule'

/**
 * Makes sure that a scheduled task is there as it is described. A new one that runs every so often, or one described otherwise than
 * before, is due at once; one with a time of day at its next moment. Nothing happens to one that is there already.
 */
export async function planTask(store: Store<WorkTables>, tenantId: number, task: PlannedTask): Promise<void> {
  checkSchedule(task.schedule)
  const payload = asStored(task.payload)
  const schedule = toJson(task.schedule)
  await store.transact(async (tx) => {
    const { db, engine } = tx
    const id = await addTask(tx as never, { ...task, tenantId, unique: SCHEDULED })
    const mine = db.selectFrom('work').where('tenant_id', '=', tenantId).where('kind', '=', task.kind)
    const found = mine
      .where('unique_key', '=', SCHEDULED)
      .select(['id', 'schedule', 'payload', 'lease_owner', databaseNow(engine).as('now')])
    const row = await held(engine, found).executeTakeFirstOrThrow()
    if (row.schedule === schedule && row.payload === payload) return
    const isOfDay = 'at' in task.schedule
    const due_at = isOfDay ? momentAfter(task.schedule, row.now, row.now) : row.now
    const isRunning = id === null && row.lease_owner !== null
    const isSooner = !isRunning && (row.schedule !== schedule || !isOfDay)
    await db
      .updateTable('work')
      .set({ schedule, payload, ...(isSooner ? { due_at, ready_at: due_at } : {}) })
      .set(isRunning ? { again: 1 } : {})
      .where('id', '=', row.id)
      .execute()
  })
}
