import { setTimeout as wait } from 'node:timers/promises'
import { fromJson } from '../database/json.ts'
import type { Store } from '../database/store.ts'
import type { Log } from '../log.ts'
import { scrubText } from '../log-masking.ts'
import { pauseAfter } from './back-off.ts'
import { openFinisher } from './finish-together.ts'
import { ComeBack, GiveUp, HubStops, NotYet, type Handler, type Task } from './handlers.ts'
import {
  failTask,
  finishTask,
  holdLease,
  LeaseLost,
  postponeTask,
  releaseTask,
  renewLeases,
} from './lease.ts'
import type { WorkRow, WorkTables } from './tables.ts'

export type Outcome = 'done' | 'failed' | 'dead' | 'lost' | 'released'

const ATTEMPTS = 10
const BACK_OFF = { firstMs: 5_000, longestMs: 60 * 60_000 }
const LONGEST_MESSAGE = 1_000

type Running = {
  row: WorkRow
  kind: string
  abort: AbortController
  /** On this process's own monotonic clock: from then on another hub may hold the lease. */
  heldUntil: number
  /** The handler completed it in a transaction of its own. */
  finished: boolean
  /** The handler has ended: what is left is to write down how. */
  ended: boolean
  over: Promise<void>
}

export type RunnerOptions = {
  store: Store<WorkTables>
  owner: string
  leaseMs: number
  log: Log
  onOutcome(kind: string, outcome: Outcome): void
  /** Called when a handler has ended and there may be room for another one. */
  onRoom(): void
  onTrouble(error: unknown): void
}

/** Runs leased tasks and keeps their leases. */
export type Runner = {
  /** How many handlers of a kind are at work. */
  running(kind: string): number
  /** How many in all. */
  count(): number
  /** `claimedAt`: `performance.now()` before the claim was sent. */
  start(row: WorkRow, handler: Handler<never>, claimedAt: number): void
  /** Tells every handler to stop, waits at most that long for all of them, and gives back what did not end. */
  close(longestMs: number): Promise<void>
}

function describe(error: unknown): string {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return scrubText(said).replaceAll('\u0000', '').toWellFormed().slice(0, LONGEST_MESSAGE).toWellFormed()
}

export function openRunner(options: RunnerOptions): Runner {
  const { store, owner, leaseMs, log, onOutcome, onRoom, onTrouble } = options
  const all = new Set<Running>()
  const finish = openFinisher(store)

  const fail = async (handler: Handler<never>, row: WorkRow, error: unknown): Promise<Outcome> => {
    const isLast = error instanceof GiveUp || row.attempts >= (handler.attempts ?? ATTEMPTS)
    const pause =
      error instanceof ComeBack
        ? error.inMs
        : pauseAfter(row.attempts, handler.backOff ?? BACK_OFF, Math.random())
    const failure = { message: describe(error), retryMs: isLast ? null : Math.round(pause) }
    const { value } = await store.transact((tx) => failTask(tx, row, failure))
    const told = { kind: row.kind, id: row.id, attempt: row.attempts, error }
    if (value === 'dead') log.error('a task failed for good', told)
    else log.warn('a task failed', told)
    return value === 'dead' ? 'dead' : 'failed'
  }

  /** Writes down how it ended; while the store is away the lease runs out by itself. */
  const settle = async (one: Running, handler: Handler<never>, error: unknown): Promise<Outcome> => {
    const { row, abort, finished } = one
    if (finished) return 'done'
    if (error instanceof LeaseLost || abort.signal.reason instanceof LeaseLost) return 'lost'
    if (error === null) {
      await finish(row)
      return 'done'
    }
    if (error instanceof NotYet) {
      await store.transact((tx) => postponeTask(tx, row, error.inMs))
      return 'done'
    }
    if (!(abort.signal.reason instanceof HubStops)) return await fail(handler, row, error)
    await store.transact((tx) => releaseTask(tx, row))
    return 'released'
  }

  const taskOf = (one: Running): Task<never> => ({
    id: one.row.id,
    tenantId: one.row.tenant_id,
    kind: one.row.kind,
    payload: fromJson<never>(one.row.payload),
    dueAt: one.row.due_at,
    attempt: one.row.attempts,
    signal: one.abort.signal,
    async hold(tx) {
      await holdLease(tx as never, one.row)
    },
    async finish(tx) {
      await finishTask(tx as never, one.row)
      tx.afterCommit(() => (one.finished = true))
    },
  })

  const work = async (one: Running, handler: Handler<never>): Promise<void> => {
    let error: unknown = null
    try {
      if (one.row.attempts > (handler.attempts ?? ATTEMPTS))
        throw new GiveUp('every hub that ran this task ended before it did')
      await handler.run(taskOf(one))
    } catch (thrown) {
      error = thrown ?? new Error('nothing was thrown')
    }
    one.ended = true
    onRoom()
    const outcome = await settle(one, handler, error).catch((trouble: unknown): Outcome => {
      if (!(trouble instanceof LeaseLost)) onTrouble(trouble)
      return 'lost'
    })
    if (outcome === 'lost') log.warn('the lease of a task was lost', { kind: one.kind, id: one.row.id })
    all.delete(one)
    onOutcome(one.kind, outcome)
  }

  const renew = async () => {
    const asked = [...all].filter((one) => !isLost(one))
    if (asked.length === 0) return
    const at = performance.now()
    try {
      const claims = await renewLeases(store, { owner, leaseMs, ids: asked.map(({ row }) => row.id) })
      for (const one of asked) {
        if (claims.get(one.row.id) === one.row.claims) one.heldUntil = at + leaseMs
        else lose(one)
      }
    } catch (error) {
      onTrouble(error)
      for (const one of asked) if (performance.now() > one.heldUntil) lose(one)
    }
  }
  const renewing = setInterval(() => void renew(), leaseMs / 3)
  renewing.unref()

  return {
    running: (kind) => [...all].filter((one) => !one.ended && one.kind === kind).length,
    count: () => [...all].filter((one) => !one.ended).length,
    start(row, handler, claimedAt) {
      const abort = new AbortController()
      const heldUntil = claimedAt + leaseMs
      const one: Running = {
        row,
        kind: row.kind,
        abort,
        heldUntil,
        finished: false,
        ended: false,
        over: Promise.resolve(),
      }
      all.add(one)
      one.over = work(one, handler)
    },
    async close(longestMs) {
      for (const one of all) one.abort.abort(new HubStops('the hub stops'))
      const ended = Promise.all([...all].map((one) => one.over))
      const late = new AbortController()
      await Promise.race([ended, wait(longestMs, undefined, { signal: late.signal }).catch(() => {})])
      late.abort()
      clearInterval(renewing)
      for (const { row, kind } of all) {
        log.warn('a task did not stop in time: another hub begins it anew', { kind, id: row.id })
        await store.transact((tx) => releaseTask(tx, row)).catch(() => {})
      }
    },
  }
}

const isLost = (one: Running) => one.abort.signal.reason instanceof LeaseLost

/** A signal that was aborted by a stop stays so: its handler is to end either way, and what it writes is fenced. */
function lose(one: Running): void {
  if (!one.finished) one.abort.abort(new LeaseLost())
}
