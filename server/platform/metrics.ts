import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import { openDurations } from './request-durations.ts'
import type { ThreadCounts } from './thread-metrics.ts'

export type LookupOutcome = 'known' | 'unknown' | 'ambiguous'

/** The hub's numbers in Prometheus form. Labels hold routes and codes, never numbers, names or tokens. */
export type Metrics = {
  /** One request: its route pattern, method, status and duration in seconds. */
  request(route: string, method: string, status: number, seconds: number): void
  lookup(outcome: LookupOutcome): void
  imported(accepted: number, rejected: number): void
  /** A task of that kind ended on this hub. */
  worked(kind: string, outcome: string): void
  /** A value read when the metrics are. */
  gauge(name: string, help: string, read: () => number): void
  /** What another thread counted: part of the sums, and of that thread's own number. */
  add(worker: number, counts: ThreadCounts): void
  /** Called, and waited for, before the metrics are read. */
  gather(collect: () => Promise<void>): void
  text(): Promise<string>
  contentType: string
}

export function openMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'cordboard_' })
  const registers = [registry]
  const lookups = new Counter({
    name: 'cordboard_lookups_total',
    help: 'Questions about a caller by outcome.',
    labelNames: ['outcome'] as const,
    registers,
  })
  const rows = new Counter({
    name: 'cordboard_import_rows_total',
    help: 'Rows of imported books by outcome.',
    labelNames: ['outcome'] as const,
    registers,
  })
  const tasks = new Counter({
    name: 'cordboard_work_ended_total',
    help: 'Tasks that ended on this hub by kind and outcome.',
    labelNames: ['kind', 'outcome'] as const,
    registers,
  })
  const durations = openDurations()
  const outcomes = {
    known: lookups.labels('known'),
    unknown: lookups.labels('unknown'),
    ambiguous: lookups.labels('ambiguous'),
  }
  let workers: Counter<'worker'> | null = null
  const collectors: (() => Promise<void>)[] = []
  return {
    request: durations.observe,
    lookup: (outcome) => outcomes[outcome].inc(),
    imported(accepted, rejected) {
      rows.labels('accepted').inc(accepted)
      rows.labels('rejected').inc(rejected)
    },
    worked: (kind, outcome) => tasks.labels(kind, outcome).inc(),
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    },
    add(worker, counts) {
      workers ??= new Counter({
        name: 'cordboard_worker_requests_total',
        help: 'Requests answered by each worker by itself.',
        labelNames: ['worker'] as const,
        registers,
      })
      const own = workers.labels(String(worker))
      for (const series of counts.requests) {
        durations.add(series)
        own.inc(series.count)
      }
      for (const [outcome, count] of Object.entries(counts.lookups)) {
        outcomes[outcome as LookupOutcome].inc(count)
      }
    },
    gather: (collect) => void collectors.push(collect),
    async text() {
      await Promise.all(collectors.map((collect) => collect()))
      return `${await registry.metrics()}${durations.text()}`
    },
    contentType: registry.contentType,
  }
}
