import type { LookupOutcome, Metrics } from './metrics.ts'
import { openDurations, type DurationCounts } from './request-durations.ts'

/** What a thread counted since it last said so. */
export type ThreadCounts = { requests: DurationCounts[]; lookups: Record<LookupOutcome, number> }

/** The numbers of a thread that answers calls, on their way to the hub's. */
export type ThreadMetrics = Pick<Metrics, 'request' | 'lookup'> & { take(): ThreadCounts }

const nothing = (): ThreadCounts['lookups'] => ({ known: 0, unknown: 0, ambiguous: 0 })

export function openThreadMetrics(): ThreadMetrics {
  const durations = openDurations()
  let lookups = nothing()
  return {
    request: durations.observe,
    lookup: (outcome) => void lookups[outcome]++,
    take() {
      const counts = { requests: durations.take(), lookups }
      lookups = nothing()
      return counts
    },
  }
}
