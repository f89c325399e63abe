import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { Directory, FollowedParties, Lookup } from '../directory/directory.ts'
import type { CallDeps, CallStore } from './call-write.ts'
import { openCallbacks, type Callbacks } from './callbacks.ts'
import { openCalls, type Calls } from './calls.ts'
import { pruneCalls } from './calls-forgetting.ts'
import { openDispositionCodes, type DispositionCodes } from './codes.ts'
import { openDispositions, type Dispositions } from './dispositions.ts'
import { openDoNotCallMemory, type DoNotCallMemory } from './do-not-call-memory.ts'
import { openDoNotCalls, type DoNotCalls } from './do-not-call.ts'
import { pruneDispositions } from './journal-retention.ts'
import { openNotes, type Notes } from './notes.ts'
import { pruneNotes } from './notes-forgetting.ts'
import { openPbxEvents, prunePbxEvents, type PbxEvents } from './pbx-events.ts'
import { openPhoneCalls, type PhoneCalls } from './phone-calls.ts'
import { openPop, type Pop } from './pop.ts'
import { openPopLinks, type PopLinks } from './pop-links.ts'
import { openRecords, type Records } from './records.ts'
import type { JournalTables } from './tables.ts'

export type { Callbacks } from './callbacks.ts'
export { CALL_COLUMNS, type Calls } from './calls.ts'
export { eraseFromCalls } from './calls-forgetting.ts'
export type { DispositionCodes } from './codes.ts'
export type { Dispositions } from './dispositions.ts'
export type { DoNotCallImage } from './do-not-call-memory.ts'
export type { DoNotCalls } from './do-not-call.ts'
export type { NoteWriter, Notes } from './notes.ts'
export { eraseFromNotes } from './notes-forgetting.ts'
export type { NewPbxEvent, PbxEvents } from './pbx-events.ts'
export { DEFAULT_LANGUAGE, acceptedLanguage, languageOf } from './labels.ts'
export type { Pop, PopMay } from './pop.ts'
export { isLinkToken, type LinkClaim } from './link-token.ts'
export { PHONE_CALL_COLUMNS, type PhoneCalls } from './phone-calls.ts'
export type { PopLinks } from './pop-links.ts'
export type { NewDisposition } from './record.ts'
export { RECORD_COLUMNS, type Records } from './records.ts'
export type { JournalTables } from './tables.ts'
export { eraseFromJournal } from './journal-erasure.ts'

export type Journal = {
  dispositions: Dispositions
  codes: DispositionCodes
  callbacks: Callbacks
  doNotCalls: DoNotCalls
  notes: Notes
  pop: Pop
  popLinks: PopLinks
  phoneCalls: PhoneCalls
  pbxEvents: PbxEvents
  /** Who wants no calls, in memory. */
  doNotCall: DoNotCallMemory
  /** What came in about calls, and the calls it comes to. */
  records: Records
  calls: Calls
  /** How the journal forgets what is too old. */
  prune: { calls: PruneOne; dispositions: PruneOne; notes: PruneOne; pbx_events: PruneOne }
}

export type JournalOptions = {
  store: Store<JournalTables>
  clock: Clock
  lookup: Lookup
  parties: FollowedParties
  /** Who customers and contacts are. */
  book: Pick<Directory, 'customers' | 'contacts' | 'contracts'>
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
  /** How long (ms) the same token, number, status and comment are the same record. */
  repeatWindowMs: number
  keyring: Keyring
  /** Where the hub is reached from outside. */
  publicUrl: string | null
  /** See `CallDeps`. */
  host: CallDeps['host']
}

/** Calls and what became of them: dispositions, who is to be called back, who wants no calls. */
export function openJournal(options: JournalOptions): Journal {
  const { store, repeatWindowMs, host, book, keyring, publicUrl, ...deps } = options
  const callStore = store as unknown as CallStore
  const callDeps = { ...deps, host }
  const calls = openCalls(callStore, callDeps)
  const card = {
    dispositions: openDispositions(store, { ...deps, windowMs: repeatWindowMs }),
    codes: openDispositionCodes(store, deps),
    callbacks: openCallbacks(store, deps),
    doNotCalls: openDoNotCalls(store, deps),
    notes: openNotes(store, { ...deps, book, calls }),
  }
  return {
    ...card,
    phoneCalls: openPhoneCalls(store, { ...callDeps, book }),
    popLinks: openPopLinks(store, { ...deps, keyring, publicUrl }),
    pop: openPop(store, { ...deps, ...card, book }),
    pbxEvents: openPbxEvents(store, deps),
    doNotCall: openDoNotCallMemory(store),
    records: openRecords(callStore, callDeps),
    calls,
    prune: {
      calls: pruneCalls(callStore),
      dispositions: pruneDispositions(store),
      notes: pruneNotes(store),
      pbx_events: prunePbxEvents(store),
    },
  }
}
