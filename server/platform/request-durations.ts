const NAME = 'cordboard_http_request_seconds'
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/** Requests of one kind, counted: `buckets` as `BOUNDS`, each request in the first that holds it. */
export type DurationCounts = {
  route: string
  method: string
  status: number
  buckets: number[]
  sum: number
  count: number
}

type Series = DurationCounts & { labels: string }

/**
 * The histogram of request durations in Prometheus' text form. Every request passes here, so observing is three
 * additions; the client library's own histogram costs as much as a lookup.
 */
export function openDurations() {
  const byRoute = new Map<string, Map<string, Map<number, Series>>>()
  const all: Series[] = []

  const seriesOf = (route: string, method: string, status: number): Series => {
    let ofRoute = byRoute.get(route)
    if (!ofRoute) byRoute.set(route, (ofRoute = new Map()))
    let ofMethod = ofRoute.get(method)
    if (!ofMethod) ofRoute.set(method, (ofMethod = new Map()))
    let series = ofMethod.get(status)
    if (!series) {
      const labels = `route=${JSON.stringify(route)},method=${JSON.stringify(method)},status="${status}"`
      series = { labels, route, method, status, buckets: BOUNDS.map(() => 0), sum: 0, count: 0 }
      ofMethod.set(status, series)
      all.push(series)
    }
    return series
  }

  const textOf = ({ labels, buckets, sum, count }: Series): string => {
    let below = 0
    const lines = BOUNDS.map((bound, i) => {
      below += buckets[i] ?? 0
      return `${NAME}_bucket{le="${bound}",${labels}} ${below}\n`
    })
    return `${lines.join('')}${NAME}_bucket{le="+Inf",${labels}} ${count}\n${NAME}_sum{${labels}} ${sum}\n${NAME}_count{${labels}} ${count}\n`
  }

  return {
    /** One request: its route pattern, method, status and duration in seconds. */
    observe(route: string, method: string, status: number, seconds: number): void {
      const series = seriesOf(route, method, status)
      series.sum += seconds
      series.count++
      const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
      if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1
    },
    /** Requests counted by another thread. */
    add({ route, method, status, buckets, sum, count }: DurationCounts): void {
      const series = seriesOf(route, method, status)
      series.sum += sum
      series.count += count
      for (const [i, more] of buckets.entries()) series.buckets[i] = (series.buckets[i] ?? 0) + more
    },
    /** What was counted since it was last taken. */
    take(): DurationCounts[] {
      const taken = all
        .filter(({ count }) => count > 0)
        .map(({ route, method, status, buckets, sum, count }) => ({
          route,
          method,
          status,
          buckets,
          sum,
          count,
        }))
      for (const series of all) Object.assign(series, { buckets: BOUNDS.map(() => 0), sum: 0, count: 0 })
      return taken
    },
    text(): string {
      const head = `# HELP ${NAME} Duration of HTTP requests by route, method and status.\n# TYPE ${NAME} histogram\n`
      return head + all.map(textOf).join('')
    },
  }
}
