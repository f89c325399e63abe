import type { Fleet } from '../fleet/fleet.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import type { Log } from '../platform/log.ts'
import { openHttpClient } from '../platform/http-client.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { Work } from '../platform/work/work.ts'
import type { Directory, FollowedParties, Lookup } from '../directory/directory.ts'
import type { CallDeps, CallStore } from './call-write.ts'
import { openAudiences } from './audiences.ts'
import { openCallLogs, type CallLogs } from './call-logs.ts'
import { refreshLaterBy } from './call-log-task.ts'
import { callbackDue, openPlanCallback } from './callback-due.ts'
import { openCallbacks, type Callbacks } from './callbacks.ts'
import { callOver, openPlanCallOver } from './call-events.ts'
import { openCalls, type Calls } from './calls.ts'
import { pruneCalls } from './calls-forgetting.ts'
import { openChats, type Chats } from './chats.ts'
import { openDispositionCodes, type DispositionCodes } from './codes.ts'
import { openDispositions, type Dispositions } from './dispositions.ts'
import { openDoNotCallMemory, type DoNotCallMemory } from './do-not-call-memory.ts'
import { openDoNotCalls, type DoNotCalls } from './do-not-call.ts'
import { pruneEvents } from './event-forgetting.ts'
import { openEventList } from './event-list.ts'
import { openAppend, type AppendEvent } from './events.ts'
import { pruneDispositions } from './journal-retention.ts'
import { openOutbox } from './outbox.ts'
import { openDeliveries, type Deliveries } from './webhook-deliveries.ts'
import { HEADERS, WEBHOOKS } from './webhook-send.ts'
import { webhookSender } from './webhook-sender.ts'
import { openWebhooks, type Webhooks } from './webhooks.ts'
import { pruneLastAgents } from './last-agents/forgetting.ts'
import { openLastAgentMemory, type LastAgentMemory } from './last-agents/memory.ts'
import { openNoteTalks, type NoteTalks } from './last-agents/note-talks.ts'
import { openKnownCalls } from './known-calls.ts'
import { openLinkedCalls } from './linked-calls.ts'
import { openNotes, type Notes } from './notes.ts'
import { pruneNotes } from './notes-forgetting.ts'
import { openPbxEvents, prunePbxEvents, type PbxEvents } from './pbx-events.ts'
import { openPhoneCalls, type PhoneCalls } from './phone-calls.ts'
import { openPop, type Pop } from './pop.ts'
import { openPopLinks, type PopLinks } from './pop-links.ts'
import { openRecords, type Records } from './records.ts'
import { openRecordStore } from './store-records.ts'
import { openReports, type Reports } from './reports.ts'
import { openSeenCalls, type FindSeenCall, type SeenCalls } from './seen-calls.ts'
import type { JournalTables } from './tables.ts'

export type { Callbacks } from './callbacks.ts'
export type { CallReach } from './call-filters.ts'
export { CALL_COLUMNS, type Calls } from './calls.ts'
export { eraseFromEvents } from './event-forgetting.ts'
export { eraseFromCalls } from './calls-forgetting.ts'
export type { Chats, NewChat } from './chats.ts'
export type { DispositionCodes } from './codes.ts'
export type { Dispositions } from './dispositions.ts'
export type { DoNotCallImage } from './do-not-call-memory.ts'
export type { DoNotCalls } from './do-not-call.ts'
export type { AppendEvent, NewEvent } from './events.ts'
export { eraseFromLastAgents, forgetOtherExtensions } from './last-agents/forgetting.ts'
export { LAST_AGENT_BLOCKS, type LastAgentMemory, type LastAgentsImage } from './last-agents/memory.ts'
export type { NoteTalks } from './last-agents/note-talks.ts'
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
export type { CallReport, Reports } from './reports.ts'
export type { FindSeenCall, SeenCall } from './seen-calls.ts'
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
  chats: Chats
  events: {
    /**
     * Tells what happened, in the transaction of what did: one row per (tenant, key), and a delivery for every webhook that
     * wants it. Answers the event's id; null for a key that was told of before, and then writes nothing.
     */
    append: AppendEvent
    /** For those who poll. */
    list: ReturnType<typeof openEventList>
  }
  webhooks: Webhooks
  deliveries: Deliveries
  /** Who wants no calls, in memory. */
  doNotCall: DoNotCallMemory
  /** Who talked with a caller last, in memory. */
  lastAgents: LastAgentMemory
  /** For those who hear of talks before a record tells of them. */
  noteTalks: NoteTalks
  /** A seen call is over, in the transaction that notes it. */
  seenOver: SeenCalls['over']
  /** What came in about calls, and the calls it comes to. */
  records: Records
  /** What PBXs report of ended calls themselves. */
  reports: Reports
  calls: Calls
  callLogs: CallLogs
  /** How the journal forgets what is too old. */
  prune: Record<'calls' | 'dispositions' | 'events' | 'last_agents' | 'notes' | 'pbx_events', PruneOne>
  /** Ends what is being sent; call once nothing is sent any more. */
  close(): Promise<void>
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
  work: Work
  fleet: Pick<Fleet, 'callLog' | 'hostsWithCallLog'>
  /** Calls as hubs saw them on PBXs. */
  findSeen: FindSeenCall
  log: Log
  /** Where webhooks may be, besides public addresses, and what the hub calls itself there. */
  outbound: { allowPrivate: readonly string[]; userAgent: string }
}

/** Calls and what became of them: dispositions, who is to be called back, who wants no calls. */
export function openJournal(options: JournalOptions): Journal {
  const {
    store,
    repeatWindowMs,
    host,
    work,
    keyring,
    outbound,
    book,
    publicUrl,
    fleet,
    log,
    findSeen,
    ...deps
  } = options
  const callStore = store as unknown as CallStore
  const callDeps = {
    ...deps,
    host,
    audiences: openAudiences(),
    refreshLater: refreshLaterBy(work),
    planCallOver: openPlanCallOver(work, deps.clock),
    noteTalks: openNoteTalks(),
  }
  const storeRecord = openRecordStore(callStore, callDeps)
  const outbox = openOutbox(work)
  for (const column of ['secret', 'old_secret']) keyring.register({ table: WEBHOOKS, column })
  keyring.register({ table: HEADERS, column: 'value' })
  const http = openHttpClient(outbound)
  const sending = { store, clock: deps.clock, keyring, http }
  work.handle(webhookSender(sending))
  const append = openAppend(deps.clock.now, outbox)
  const telling = { append, planCallback: openPlanCallback(work, deps.clock) }
  work.handle(callbackDue(store, append))
  work.handle(callOver(store, append))
  const calls = openCalls(callStore, callDeps, storeRecord)
  const seenCalls = openSeenCalls(callStore, { ...callDeps, findSeen, work })
  work.handle(seenCalls.ending)
  const knownCalls = openKnownCalls(store, seenCalls)
  const keyOf = deps.lookup.key
  const pbxEvents = openPbxEvents(store, deps)
  const linkedCalls = openLinkedCalls(knownCalls, seenCalls, { now: deps.clock.now, keyOf })
  const card = {
    dispositions: openDispositions(store, { ...deps, ...telling, windowMs: repeatWindowMs, linkedCalls }),
    codes: openDispositionCodes(store, deps),
    callbacks: openCallbacks(store, { ...deps, ...telling }),
    doNotCalls: openDoNotCalls(store, deps),
    notes: openNotes(store, { ...deps, book, calls, seenCalls }),
  }
  return {
    ...card,
    phoneCalls: openPhoneCalls(store, { ...callDeps, book }),
    popLinks: openPopLinks(store, { ...deps, keyring, publicUrl }),
    pop: openPop({ ...deps, ...card, book, knownCalls }),
    pbxEvents,
    chats: openChats(store, { ...deps, book, pbxEvents }),
    events: { append, list: openEventList(store, deps.timeZone) },
    webhooks: openWebhooks({ store, clock: deps.clock, keyring, work, outbox, host }),
    deliveries: openDeliveries({ ...sending, outbox }),
    doNotCall: openDoNotCallMemory(store),
    lastAgents: openLastAgentMemory(store),
    noteTalks: callDeps.noteTalks,
    seenOver: seenCalls.over,
    records: openRecords(callStore, callDeps, storeRecord),
    reports: openReports(callStore, callDeps),
    calls,
    callLogs: openCallLogs(callStore, callDeps, fleet, log),
    prune: {
      calls: pruneCalls(callStore),
      dispositions: pruneDispositions(store),
      events: pruneEvents(store),
      last_agents: pruneLastAgents(store),
      notes: pruneNotes(store),
      pbx_events: prunePbxEvents(store),
    },
    close: http.close,
  }
}
