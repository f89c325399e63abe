import type { Work } from '../platform/work/work.ts'
import type { CallDeps } from './call-write.ts'

/** The task that reads a host's call log. */
export const CALL_LOG_TASK = 'pbx_call_log'
export type CallLogTask = { host_id: number }

/** One task a host; asked for while it runs, it runs once more. */
export const refreshLaterBy =
  (work: Pick<Work, 'add'>): CallDeps['refreshLater'] =>
  async (tx, tenantId, { id, readsCallLog }, afterMs = 0) => {
    if (!readsCallLog) return
    const payload: CallLogTask = { host_id: id }
    const unique = `host ${id}`
    await work.add(tx as never, { tenantId, kind: CALL_LOG_TASK, payload, unique, again: true, afterMs })
  }
