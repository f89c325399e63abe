import type { CallLogState } from '../../contract/pbx3cx-calls.ts'
import { asPbxError, isPassing, type CallLogRow, type Fleet } from '../fleet/fleet.ts'
import type { Tx } from '../platform/database/store.ts'
import { notFound } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { GiveUp, LeaseLost, type Task, type Work } from '../platform/work/work.ts'
import { joinTold } from './call-log-join.ts'
import { storeLogRows } from './call-log-store.ts'
import { CALL_LOG_TASK, refreshLaterBy, type CallLogTask } from './call-log-task.ts'
import type { CallLogStatesTable } from './call-tables.ts'
import type { CallDeps, CallStore, CallTx } from './call-write.ts'

type Reach = { tenantId: number; hostId: number | null }
type FleetOfLogs = Pick<Fleet, 'callLog' | 'hostsWithCallLog'>

/** What is read of the PBXs' own call logs. */
export type CallLogs = {
  /** How far a host's log has been read, and how that went. HubError `not_found`. */
  state(reach: Reach, hostId: number): Promise<CallLogState>
  /** Has a host's log read within a minute or so, in the transaction of a call's end: what ends meanwhile is read with it. */
  readLater(tx: Tx<never>, tenantId: number, hostId: number): Promise<void>
  /** Reads logs as tasks: when a call was told of, and every `cdr_frequency` where calls are to be synchronised. */
  plan(work: Work): void
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** How much is asked for at once. */
const WINDOW_MS = 5 * DAY_MS
/** How far back the first reading goes. */
const FIRST_MS = 30 * DAY_MS
/** A row shows up when its call has ended, by its beginning: the longest call that is still found. */
const OVERLAP_MS = 6 * HOUR_MS
/** A PBX's clock may be ahead of ours. */
const AHEAD_MS = HOUR_MS
/** Calls that end soon after each other are read together, and a PBX writes its log a moment after a call. */
const SETTLED_MS = MINUTE_MS
/** A PBX cuts its report there. */
const MOST_ROWS = 20_000
const AT_ONCE = 200

const isoOrNull = (at: number | null | undefined) =>
  typeof at === 'number' ? new Date(at).toISOString() : null

export function openCallLogs(store: CallStore, deps: CallDeps, fleet: FleetOfLogs, log: Log): CallLogs {
  const readState = (hostId: number) =>
    store.read.selectFrom('call_log_states').selectAll().where('host_id', '=', hostId).executeTakeFirst()

  const note = (
    tx: CallTx,
    { tenantId, hostId }: { tenantId: number; hostId: number },
    changes: Partial<CallLogStatesTable>,
  ) => {
    const blank = {
      position_at: null,
      joined_to: 0,
      due_at: 0,
      started_at: null,
      succeeded_at: null,
      failed_at: null,
      error: null,
      records: 0,
    }
    return tx.db
      .insertInto('call_log_states')
      .values({ ...blank, ...changes, host_id: hostId, tenant_id: tenantId })
      .onConflict((row) => row.column('host_id').doUpdateSet(changes))
      .execute()
  }

  /** The rows of a period; of one that the PBX cuts off, those of its halves. */
  async function* rowsOf(
    reach: Reach,
    hostId: number,
    from: number,
    to: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ rows: CallLogRow[]; to: number }, void, undefined> {
    const rows = await Array.fromAsync(
      fleet.callLog(reach, hostId, { from: new Date(from), to: new Date(to) }, signal),
    )
    if (rows.length < MOST_ROWS || to - from <= MINUTE_MS) {
      yield { rows, to }
      return
    }
    const middle = Math.floor((from + to) / 2)
    yield* rowsOf(reach, hostId, from, middle, signal)
    yield* rowsOf(reach, hostId, middle, to, signal)
  }

  const read = async ({ tenantId, payload: { host_id: hostId }, signal, hold }: Task<CallLogTask>) => {
    const reach = { tenantId, hostId: null }
    const host = await deps.host(reach, hostId)
    if (!host?.readsCallLog) return
    const place = { tenantId, hostId }
    const begun = deps.clock.now()
    await store.transact((tx) => note(tx, place, { started_at: begun }))
    const state = await readState(hostId)
    const from = (state?.position_at ?? begun - FIRST_MS + OVERLAP_MS) - OVERLAP_MS
    const end = begun + AHEAD_MS
    for (let since = from; since < end; since += WINDOW_MS) {
      for await (const { rows, to } of rowsOf(
        reach,
        hostId,
        since,
        Math.min(since + WINDOW_MS, end),
        signal,
      )) {
        // Oldest first, so that a reading that is cut off is gone on with where it ended.
        const inOrder = rows.toReversed()
        for (let at = 0; at === 0 || at < inOrder.length; at += AT_ONCE) {
          const isLast = at + AT_ONCE >= inOrder.length
          await store.transact(async (tx) => {
            const fresh = await storeLogRows(tx, deps, { tenantId, host }, inOrder.slice(at, at + AT_ONCE))
            const before = await tx.db
              .selectFrom('call_log_states')
              .select(['records', 'position_at'])
              .where('host_id', '=', hostId)
              .executeTakeFirstOrThrow()
            const position_at = Math.max(before.position_at ?? 0, Math.min(to, begun))
            const records = before.records + fresh
            await note(tx, place, { records, ...(isLast ? { position_at } : {}) })
            // Last, as everybody else has the task for it behind a call or the state.
            await hold(tx as never)
          })
        }
      }
    }
    await store.transact(async (tx) => {
      const joinedTo = state?.joined_to ?? 0
      const joined_to = await joinTold(tx, deps, { tenantId, host }, { from: from - HOUR_MS, joinedTo })
      await note(tx, place, { joined_to, succeeded_at: deps.clock.now(), error: null })
      await hold(tx as never)
    })
  }

  const run = async (task: Task<CallLogTask>) => {
    const { tenantId, payload, signal } = task
    try {
      await read(task)
    } catch (cause) {
      if (signal.aborted || cause instanceof LeaseLost) throw cause
      const error = asPbxError(cause)
      const words = error instanceof Error ? error.message : 'The log could not be read.'
      const place = { tenantId, hostId: payload.host_id }
      await store.transact((tx) => note(tx, place, { failed_at: deps.clock.now(), error: words }))
      log.warn('the call log of a PBX could not be read', { pbx_host: payload.host_id, error })
      throw isPassing(error) ? error : new GiveUp(words)
    }
  }

  /** Hosts whose next regular reading has come; each is noted with the one after that. */
  const addDue = async (work: Work) => {
    const refreshLater = refreshLaterBy(work)
    const now = deps.clock.now()
    const states = await store.read.selectFrom('call_log_states').select(['host_id', 'due_at']).execute()
    const dueAt = new Map(states.map((row) => [row.host_id, row.due_at]))
    for (const { tenantId, host, everyMs } of await fleet.hostsWithCallLog()) {
      if ((dueAt.get(host.id) ?? 0) > now) continue
      await store.transact(async (tx) => {
        await note(tx, { tenantId, hostId: host.id }, { due_at: now + everyMs })
        await refreshLater(tx, tenantId, host)
      })
    }
  }

  return {
    async state(reach, hostId) {
      const host = await deps.host(reach, hostId)
      if (host === null) throw notFound('PBX host')
      const row = await readState(hostId)
      return {
        pbx3cx_host_id: hostId,
        is_read: host.readsCallLog,
        position_at: isoOrNull(row?.position_at),
        due_at: isoOrNull(row?.due_at || null),
        started_at: isoOrNull(row?.started_at),
        succeeded_at: isoOrNull(row?.succeeded_at),
        failed_at: isoOrNull(row?.failed_at),
        error: row?.error ?? null,
        records: row?.records ?? 0,
      }
    },
    async readLater(tx, tenantId, hostId) {
      await deps.refreshLater(tx as never, tenantId, { id: hostId, readsCallLog: true }, SETTLED_MS)
    },
    plan(work) {
      work.handle<CallLogTask>({ kind: CALL_LOG_TASK, run })
      work.plan({ kind: 'pbx_call_logs', schedule: { everyMs: MINUTE_MS }, run: () => addDue(work) })
    },
  }
}
