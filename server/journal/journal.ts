import type { PruneOne } from '../platform/retention.ts'
import type { CallDeps, CallStore } from './call-write.ts'
import { openCalls, type Calls } from './calls.ts'
import { pruneCalls } from './calls-forgetting.ts'
import { openRecords, type Records } from './records.ts'

export { CALL_COLUMNS, type Calls } from './calls.ts'
export { RECORD_COLUMNS, type Records } from './records.ts'
export { eraseFromCalls } from './calls-forgetting.ts'
export type { CallFilters } from './call-filters.ts'
export type { CallTables } from './call-tables.ts'

/** What came in about calls, and the calls it comes to. */
export type CallLog = { records: Records; calls: Calls; prune: { calls: PruneOne } }

export function openCallLog({ store, ...deps }: CallDeps & { store: CallStore }): CallLog {
  return {
    records: openRecords(store, deps),
    calls: openCalls(store, deps),
    prune: { calls: pruneCalls(store) },
  }
}
