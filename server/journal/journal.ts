import type { Fleet } from '../fleet/fleet.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import type { Work } from '../platform/work/work.ts'
import type { Log } from '../platform/log.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { FollowedParties, Lookup } from '../directory/directory.ts'
import type { CallDeps, CallStore } from './call-write.ts'
import { openAudiences } from './audiences.ts'
import { openCallLogs, type CallLogs } from './call-logs.ts'
import { refreshLaterBy } from './call-log-task.ts'
import { openCallbacks, type Callbacks } from './callbacks.ts'
import { openCalls, type Calls } from './calls.ts'
import { pruneCalls } from './calls-forgetting.ts'
import { openDispositionCodes, type DispositionCodes } from './codes.ts'
import { openDispositions, type Dispositions } from './dispositions.ts'
import { openDoNotCallMemory, type DoNotCallMemory } from './do-not-call-memory.ts'
import { openDoNotCalls, type DoNotCalls } from './do-not-call.ts'
import { pruneDispositions } from './journal-retention.ts'
import { openPbxEvents, prunePbxEvents, type PbxEvents } from './pbx-events.ts'
import { openRecords, type Records } from './records.ts'
import { openRecordStore } from './store-records.ts'
import type { JournalTables } from './tables.ts'

export type { Callbacks } from './callbacks.ts'
export type { CallReach } from './call-filters.ts'
export { CALL_COLUMNS, type Calls } from './calls.ts'
export { eraseFromCalls } from './calls-forgetting.ts'
export type { DispositionCodes } from './codes.ts'
export type { Dispositions } from './dispositions.ts'
export type { DoNotCallImage } from './do-not-call-memory.ts'
export type { DoNotCalls } from './do-not-call.ts'
export type { NewPbxEvent, PbxEvents } from './pbx-events.ts'
export type { NewDisposition } from './record.ts'
export { RECORD_COLUMNS, type Records } from './records.ts'
export type { JournalTables } from './tables.ts'
export { eraseFromJournal } from './journal-erasure.ts'

export type Journal = {
  dispositions: Dispositions
  codes: DispositionCodes
  callbacks: Callbacks
  doNotCalls: DoNotCalls
  pbxEvents: PbxEvents
  /** Who wants no calls, in memory. */
  doNotCall: DoNotCallMemory
  /** What came in about calls, and the calls it comes to. */
  records: Records
  calls: Calls
  callLogs: CallLogs
  /** How the journal forgets what is too old. */
  prune: { calls: PruneOne; dispositions: PruneOne; pbx_events: PruneOne }
}

export type JournalOptions = {
  store: Store<JournalTables>
  clock: Clock
  lookup: Lookup
  parties: FollowedParties
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
  /** How long (ms) the same token, number, status and comment are the same record. */
  repeatWindowMs: number
  /** See `CallDeps`. */
  host: CallDeps['host']
  work: Work
  fleet: Pick<Fleet, 'callLog' | 'hostsWithCallLog'>
  log: Log
}

/** Calls and what became of them: dispositions, who is to be called back, who wants no calls. */
export function openJournal(options: JournalOptions): Journal {
  const { store, repeatWindowMs, host, work, fleet, log, ...deps } = options
  const callStore = store as unknown as CallStore
  const callDeps: CallDeps = { ...deps, host, audiences: openAudiences(), refreshLater: refreshLaterBy(work) }
  const storeRecord = openRecordStore(callStore, callDeps)
  return {
    dispositions: openDispositions(store, { ...deps, windowMs: repeatWindowMs }),
    codes: openDispositionCodes(store, deps),
    callbacks: openCallbacks(store, deps),
    doNotCalls: openDoNotCalls(store, deps),
    pbxEvents: openPbxEvents(store, deps),
    doNotCall: openDoNotCallMemory(store),
    records: openRecords(callStore, callDeps, storeRecord),
    calls: openCalls(callStore, callDeps, storeRecord),
    callLogs: openCallLogs(callStore, callDeps, fleet, log),
    prune: {
      calls: pruneCalls(callStore),
      dispositions: pruneDispositions(store),
      pbx_events: prunePbxEvents(store),
    },
  }
}
