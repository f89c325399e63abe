import type { AuditTables } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { pruneChanges, type ChangeTables } from '../platform/changes.ts'
import { pickTables, type Store } from '../platform/database/store.ts'
import type { Idempotency } from '../platform/idempotency.ts'
import type { Log } from '../platform/log.ts'
import {
  openRetention,
  pruneAudit,
  pruneWork,
  type PruneOne,
  type RetentionDays,
  type RetentionName,
} from '../platform/retention.ts'
import type { Work, WorkTables } from '../platform/work/work.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
const CHANGES_KEPT_MS = DAY_MS

export type UpkeepTables = AuditTables & WorkTables & ChangeTables

export type UpkeepDeps = {
  days: RetentionDays
  /** How each room forgets. */
  prune: Omit<Record<RetentionName, PruneOne>, 'audit' | 'work'>
  store: Store<UpkeepTables>
  clock: Clock
  log: Log
  idempotency: Idempotency
}

/** What a store needs done now and then, once for all hubs on it. */
export function planUpkeep(work: Work, deps: UpkeepDeps): void {
  const { days, prune, store, clock, log, idempotency } = deps
  const feed = pickTables<UpkeepTables, ChangeTables>(store)
  const retention = openRetention({
    prune: {
      audit: pruneAudit(pickTables<UpkeepTables, AuditTables>(store)),
      work: pruneWork(pickTables<UpkeepTables, WorkTables>(store)),
      ...prune,
    },
    now: clock.now,
    log,
  })
  work.plan<RetentionDays>({
    kind: 'retention',
    schedule: { everyMs: DAY_MS },
    // Part of the task: other days, as a hub was last started with, are followed at once.
    payload: days,
    async run({ payload, signal }) {
      await retention.run(payload, signal)
    },
  })
  work.plan({
    kind: 'prune',
    schedule: { everyMs: HOUR_MS },
    async run() {
      await pruneChanges(feed, Date.now() - CHANGES_KEPT_MS)
      await idempotency.prune()
    },
  })
}
