import type { Directory } from '../directory/directory.ts'
import type { Follower } from '../platform/changes.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Work } from '../platform/work/work.ts'

/** The hub's values that are read when the metrics are. */
export function openGauges(
  { gauge }: Metrics,
  { directory, follower, work }: { directory: Directory; follower: Follower; work: Work },
): void {
  gauge('cordboard_index_numbers', 'Numbers the caller index holds.', () => directory.stats().numbers)
  gauge('cordboard_index_bytes', 'Bytes the caller index takes.', () => directory.stats().bytes)
  gauge('cordboard_feed_position', 'Number of the last change in memory.', follower.position)
  gauge(
    'cordboard_feed_lag_seconds',
    'How long the last change took from its commit into memory.',
    () => follower.lagMs() / 1000,
  )
  gauge(
    'cordboard_feed_age_seconds',
    'Time since the feed was read to its end.',
    () => (Date.now() - follower.caughtUpAt()) / 1000,
  )
  gauge('cordboard_work_due', 'Tasks of this store that are due.', () => work.counts().due)
  gauge(
    'cordboard_work_running',
    'Tasks of this store that run, on whatever hub.',
    () => work.counts().running,
  )
  gauge('cordboard_work_dead', 'Tasks of this store that failed for good.', () => work.counts().dead)
  gauge(
    'cordboard_work_oldest_due_seconds',
    'How long the oldest due task has been due.',
    () => work.counts().oldestDueSeconds,
  )
}
