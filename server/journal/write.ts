import type { Clock } from '../platform/clock.ts'
import type { Committed } from '../platform/committed.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import type { PlanCallback } from './callback-due.ts'
import type { AppendEvent } from './events.ts'
import type { FollowedParties, Lookup } from '../directory/directory.ts'
import type { JournalTables } from './tables.ts'

export type JournalStore = Store<JournalTables>
export type JournalTx = Tx<JournalTables>

/** What the journal needs to know of its tenants and their callers. */
export type JournalDeps = {
  clock: Clock
  lookup: Lookup
  parties: FollowedParties
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
}

/** What the journal tells of by itself. */
export type Telling = { append: AppendEvent; planCallback: PlanCallback }

/** A write that returns its value and position. */
export type Written<T> = Promise<Committed<T>>

export const isoTime = (at: number): string => new Date(at).toISOString()
export const isoOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at))
