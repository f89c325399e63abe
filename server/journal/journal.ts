import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { FollowedParties, Lookup } from '../directory/directory.ts'
import { openCallbacks, type Callbacks } from './callbacks.ts'
import { openDispositionCodes, type DispositionCodes } from './codes.ts'
import { openDispositions, type Dispositions } from './dispositions.ts'
import { openDoNotCalls, type DoNotCalls } from './do-not-call.ts'
import { pruneDispositions } from './journal-retention.ts'
import type { JournalTables } from './tables.ts'

export type { Callbacks } from './callbacks.ts'
export type { DispositionCodes } from './codes.ts'
export type { Dispositions } from './dispositions.ts'
export type { DoNotCalls } from './do-not-call.ts'
export type { NewDisposition } from './record.ts'
export type { JournalTables } from './tables.ts'
export { eraseFromJournal } from './journal-erasure.ts'

export type Journal = {
  dispositions: Dispositions
  codes: DispositionCodes
  callbacks: Callbacks
  doNotCalls: DoNotCalls
  /** How the journal forgets what is too old. */
  prune: { dispositions: PruneOne }
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
}

/** What became of calls: dispositions, who is to be called back, who wants no calls. */
export function openJournal(options: JournalOptions): Journal {
  const { store, repeatWindowMs, ...deps } = options
  return {
    dispositions: openDispositions(store, { ...deps, windowMs: repeatWindowMs }),
    codes: openDispositionCodes(store, deps),
    callbacks: openCallbacks(store, deps),
    doNotCalls: openDoNotCalls(store, deps),
    prune: { dispositions: pruneDispositions(store) },
  }
}
