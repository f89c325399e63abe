import { pruneChanges, type ChangeTables } from '../platform/changes.ts'
import type { Store } from '../platform/database/store.ts'
import type { Idempotency } from '../platform/idempotency.ts'
import type { Retention, RetentionDays } from '../platform/retention.ts'
import type { Work } from '../platform/work/work.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
const CHANGES_KEPT_MS = DAY_MS

export type UpkeepDeps = {
  days: RetentionDays
  retention: Retention
  feed: Store<ChangeTables>
  idempotency: Idempotency
}

/** What a store needs done now and then, once for all hubs on it. */
export function planUpkeep(work: Work, { days, retention, feed, idempotency }: UpkeepDeps): void {
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
