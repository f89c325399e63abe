import { connect } from './connection.ts'

type Ready = { status: string; store: string; store_away_since: string | null; secrets: string }

/** `cordboard status`: exit code 0 when lookups are answered and writes are possible, 1 when degraded. */
export async function status(): Promise<void> {
  const hub = connect(undefined)
  const { version } = await hub.json<{ version: string }>('GET', '/api/version')
  const ready = await hub.json<Ready>('GET', '/health/ready')
  const since = ready.store_away_since ? ` since ${ready.store_away_since}` : ''
  const secrets = ready.secrets === 'available' ? '' : `, secrets ${ready.secrets}`
  process.stdout.write(
    `Cordboard ${version} at ${hub.url}: ${ready.status}, store ${ready.store}${since}${secrets}\n`,
  )
  if (ready.status !== 'ready') process.exitCode = 1
}
