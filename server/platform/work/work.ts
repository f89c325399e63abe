import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Store, Tx } from '../database/store.ts'
import type { Log } from '../log.ts'
import { addTask, dropTask, planTask, type NewTask, type PlannedTask, type TaskName } from './add.ts'
import { claimDue, timeToNext } from './claim.ts'
import type { Handler } from './handlers.ts'
import { openRunner, type Outcome } from './runner.ts'
import { countWork, NO_WORK, type WorkCounts } from './work-counts.ts'
import { freeLeases } from './lease.ts'
import { openWorkList, type WorkList } from './work-list.ts'
import type { WorkTables } from './tables.ts'

export { ComeBack, GiveUp, HubStops, NotYet, type Handler, type Task } from './handlers.ts'
export { LeaseLost } from './lease.ts'
export type { NewTask, PlannedTask } from './add.ts'
export type { Outcome } from './runner.ts'
export type { WorkTables } from './tables.ts'

/** Due tasks, shared by all hubs on one store. */
export type Work = WorkList & {
  /** Creates a task in the transaction of its cause; answers its id, null when one with its `unique` is there already. */
  add(tx: Tx<never>, task: NewTask): Promise<number | null>
  /** Forgets the task of that name in the transaction of what made it needless; who is at work on it loses its lease. */
  drop(tx: Tx<never>, name: TaskName): Promise<void>
  /** Says how tasks of a kind are done, before `start`. */
  handle<Payload>(handler: Handler<Payload>): void
  /** Does something again and again, once for all hubs together; before `start`. */
  plan<Payload>(task: Omit<PlannedTask, 'kind'> & Handler<Payload>): void
  /** Begins, once the store is at this version: scheduled tasks belong to that tenant. Again: does nothing. */
  start(tenantId: number): Promise<void>
  /** As last read from the store, at most some seconds ago. */
  counts(): WorkCounts
  close(): Promise<void>
}

export type WorkOptions = {
  store: Store<WorkTables>
  log: Log
  onOutcome?(kind: string, outcome: Outcome): void
  onTrouble(error: unknown): void
  /** No other hub can be on this store: what is leased at the start was left behind by one that was killed. */
  alone?: boolean
  /** How many tasks this hub runs at once; default 8. */
  atOnce?: number
  /** How long a hub that died keeps a task from the others, ms; default 30 s. */
  leaseMs?: number
  /** How often to look for what other hubs have added, ms; default 500. */
  pollMs?: number
  /** How long `close` waits for handlers, ms; default 10 s. */
  closeMs?: number
}

const OF_A_KIND = 4
const COUNT_EVERY_MS = 5_000
const LONGEST_PAUSE_MS = 5_000

/** Opens the work of a store: nothing runs before `start`. */
export function openWork(options: WorkOptions): Work {
  const {
    store,
    log,
    onTrouble,
    alone = false,
    atOnce = 8,
    leaseMs = 30_000,
    pollMs = 500,
    closeMs = 10_000,
  } = options
  const owner = `${hostname()} ${process.pid} ${randomBytes(3).toString('hex')}`
  const handlers = new Map<string, Handler<never>>()
  const planned: PlannedTask[] = []
  let wake: () => void = () => {}
  let nudged = false
  let closed = false
  let started = false
  let running: Promise<void> = Promise.resolve()
  /** The last claim took all there was room for: no need to look first. */
  let mayBeMore = false
  let counts = NO_WORK
  let countedAt = -Infinity

  const nudge = () => {
    nudged = true
    wake()
  }
  const runner = openRunner({
    store,
    owner,
    leaseMs,
    log,
    onTrouble,
    onRoom: nudge,
    onOutcome: options.onOutcome ?? (() => {}),
  })

  const handle = <Payload>(handler: Handler<Payload>) => {
    if (handlers.has(handler.kind)) throw new Error(`two handlers do ${handler.kind}`)
    handlers.set(handler.kind, handler)
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (nudged || closed) return resolve()
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  /** Claims what there is room for; answers how long to wait before looking again, ms. */
  const takeDue = async (): Promise<number> => {
    const room = new Map<string, number>()
    for (const [kind, { atOnce: ofKind = OF_A_KIND }] of handlers) {
      const free = ofKind - runner.running(kind)
      if (free > 0) room.set(kind, free)
    }
    const limit = atOnce - runner.count()
    if (limit <= 0 || room.size === 0) return pollMs
    const next = mayBeMore ? 0 : await timeToNext(store, [...room.keys()])
    if (next === null || next > 0) return Math.min(pollMs, next ?? pollMs)
    mayBeMore = false
    const claimedAt = performance.now()
    const rows = await claimDue(store, { owner, leaseMs, room, limit })
    for (const row of rows) {
      const handler = handlers.get(row.kind)
      if (handler) runner.start(row, handler, claimedAt)
    }
    mayBeMore = rows.length === limit
    return rows.length > 0 ? 0 : pollMs
  }

  const count = async () => {
    if (performance.now() - countedAt < COUNT_EVERY_MS) return
    counts = await countWork(store)
    countedAt = performance.now()
  }

  const run = async () => {
    let failures = 0
    while (!closed) {
      nudged = false
      let ms = pollMs
      try {
        ms = await takeDue()
        await count()
        failures = 0
      } catch (error) {
        if (closed) return
        onTrouble(error)
        ms = Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** failures++)
        nudged = false
      }
      if (ms > 0) await pause(ms)
    }
  }

  return {
    ...openWorkList(store, nudge),
    async add(tx, task) {
      const id = await addTask(tx, task)
      tx.afterCommit(nudge)
      return id
    },
    drop: dropTask,
    handle,
    plan(task) {
      handle(task)
      planned.push({ kind: task.kind, schedule: task.schedule, payload: task.payload })
    },
    async start(tenantId) {
      for (const task of planned) await planTask(store, tenantId, task)
      if (started || closed) return
      if (alone) await freeLeases(store)
      started = true
      running = run()
    },
    counts: () => counts,
    async close() {
      closed = true
      wake()
      await running
      await runner.close(closeMs)
    },
  }
}
