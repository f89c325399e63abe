import { sql, type RawBuilder } from 'kysely'
import type { Page } from '../../../contract/common.ts'
import { WORK_STATES, type WorkState, type WorkTask } from '../../../contract/work.ts'
import { recordAudit, type Actor } from '../audit.ts'
import type { Committed } from '../committed.ts'
import { databaseNow, held } from '../database/claiming.ts'
import type { Engine } from '../database/engine.ts'
import { fromJson } from '../database/json.ts'
import type { Store, Tx } from '../database/store.ts'
import { HubError, invalid, notFound } from '../errors.ts'
import { unconditional, type Condition } from '../etag.ts'
import { readListRequest, readPage } from '../listing.ts'
import type { Schedule } from './schedule.ts'
import type { WorkRow, WorkTables } from './tables.ts'

/** What `/api/v1/work` does: a tenant's tasks. Those of the hub itself belong to the operator's tenant. */
export type WorkList = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<WorkTask>>
  get(tenantId: number, id: number): Promise<WorkTask>
  /** A dead task is due again, as if it were new. HubError `conflict` for one that is not dead. */
  redrive(actor: Actor, id: number): Promise<Committed<WorkTask>>
  /** Forgets a dead task. HubError `conflict` for one that is not dead. */
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
}

type Seen = WorkRow & { now: number }
const COLUMNS = { id: 'id', kind: 'kind', due_at: 'due_at', created_at: 'created_at' }
const iso = (at: number) => new Date(at).toISOString()
const isoOrNull = (at: number | null) => (at === null ? null : iso(at))

function toSchedule(text: string | null): WorkTask['schedule'] {
  if (text === null) return null
  const schedule = fromJson<Schedule>(text)
  return 'everyMs' in schedule ? { every_seconds: schedule.everyMs / 1000 } : schedule
}

function stateOf(row: Seen): WorkState {
  if (row.ready_at === null) return 'dead'
  if (row.lease_owner !== null && row.ready_at > row.now) return 'running'
  return row.ready_at <= row.now ? 'due' : 'waiting'
}

function toTask(row: Seen): WorkTask {
  const state = stateOf(row)
  const isRunning = state === 'running'
  return {
    id: row.id,
    kind: row.kind,
    state,
    key: row.concurrency_key,
    at_once: row.at_once,
    unique: row.unique_key,
    payload: fromJson<unknown>(row.payload),
    schedule: toSchedule(row.schedule),
    due_at: iso(row.due_at),
    next_attempt_at: isRunning ? null : isoOrNull(row.ready_at),
    attempts: row.attempts,
    last_error: row.last_error,
    failed_at: isoOrNull(row.failed_at),
    lease: isRunning ? { owner: row.lease_owner ?? '', until: iso(row.ready_at ?? 0) } : null,
    created_at: iso(row.created_at),
  }
}

function isIn(state: string, engine: Engine): RawBuilder<boolean> {
  const now = databaseNow(engine)
  if (state === 'dead') return sql<boolean>`dead_at is not null`
  if (state === 'due') return sql<boolean>`ready_at <= ${now}`
  if (state === 'running') return sql<boolean>`(lease_owner is not null and ready_at > ${now})`
  if (state === 'waiting') return sql<boolean>`(lease_owner is null and ready_at > ${now})`
  throw invalid({ 'filter[state]': [`Unknown state; known: ${WORK_STATES.join(', ')}.`] })
}

/** `onDue` is called when a task was made due. */
export function openWorkList(store: Store<WorkTables>, onDue: () => void): WorkList {
  const { engine } = store
  const now = databaseNow(engine).as('now')
  const own = (tenantId: number) =>
    store.read.selectFrom('work').selectAll().select(now).where('tenant_id', '=', tenantId)

  const lockDead = async (tx: Tx<WorkTables>, actor: Actor, id: number, condition: Condition) => {
    const mine = tx.db.selectFrom('work').selectAll().select(now).where('tenant_id', '=', actor.tenantId)
    const row = await held(engine, mine.where('id', '=', id)).executeTakeFirst()
    if (!row) throw notFound('Task')
    const task = toTask(row)
    condition(task)
    if (task.state !== 'dead') throw new HubError('conflict', `This task is ${task.state}, not dead.`)
    return task
  }

  return {
    list(tenantId, query) {
      const request = readListRequest(query, {
        sort: Object.keys(COLUMNS),
        filters: ['kind', 'state', 'key'],
      })
      const { kind, state, key } = request.filters
      let rows = own(tenantId)
      if (kind !== undefined) rows = rows.where('kind', '=', kind)
      if (key !== undefined) rows = rows.where('concurrency_key', '=', key)
      if (state !== undefined) rows = rows.where(isIn(state, engine))
      return readPage(rows, request, COLUMNS, (found) => found.map(toTask))
    },
    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Task')
      return toTask(row)
    },
    redrive(actor, id) {
      return store.transact(async (tx) => {
        const before = await lockDead(tx, actor, id, unconditional)
        const at = databaseNow(engine)
        const revived = { dead_at: null, attempts: 0, ready_at: at, updated_at: at }
        await tx.db.updateTable('work').set(revived).where('id', '=', id).execute()
        const seen = tx.db.selectFrom('work').selectAll().select(now).where('id', '=', id)
        const after = toTask(await seen.executeTakeFirstOrThrow())
        await recordAudit(tx, actor, { action: 'redrive', entity: 'work', entityId: id, before, after })
        tx.afterCommit(onDue)
        return after
      })
    },
    remove(actor, id, condition = unconditional) {
      return store.transact(async (tx) => {
        const before = await lockDead(tx, actor, id, condition)
        await tx.db.deleteFrom('work').where('id', '=', id).execute()
        await recordAudit(tx, actor, { action: 'delete', entity: 'work', entityId: id, before })
        return null
      })
    },
  }
}
