import { connect } from './connection.ts'

type Ready = { status: string; store: string; store_away_since: string | null; feed_position: number }

/** `cordboard status`: exit code 0 when lookups are answered and writes are possible, 1 when degraded. */
export async function status(): Promise<void> {
  const hub = connect(undefined)
  const { version } = await hub.json<{ version: string }>('GET', '/api/version')
  const ready = await hub.json<Ready>('GET', '/health/ready')
  const since = ready.store_away_since ? ` since ${ready.store_away_since}` : ''
  process.stdout.write(`Cordboard ${version} at ${hub.url}: ${ready.status}, store ${ready.store}${since}\n`)
  if (ready.status !== 'ready') process.exitCode = 1
}
