import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type ListenOptions } from 'node:net'
import { HubError } from '../platform/errors.ts'

async function tryToListen(options: ListenOptions): Promise<void> {
  const server = createServer()
  server.listen(options)
  await once(server, 'listening')
  const closed = once(server, 'close')
  server.close()
  await closed
}

/** The addresses a host name means; `localhost` means both families, as far as the machine has them. */
export async function hostsOf(host: string): Promise<string[]> {
  if (host !== 'localhost') return [host]
  const found = await lookup(host, { all: true })
  return [...new Set(found.map(({ address }) => address))]
}

/**
 * Several threads can listen on one port only where the system lets them, and then another hub could slip in among them:
 * a port that is not free is refused as it is for a hub alone (`EADDRINUSE`).
 */
export async function checkSharedPort(
  hosts: readonly string[],
  port: number,
  listen: (options: ListenOptions) => Promise<void> = tryToListen,
): Promise<void> {
  await listen({ host: '127.0.0.1', port: 0, reusePort: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTSUP') throw error
    throw new HubError(
      'conflict',
      'CORDBOARD_WORKERS: this system does not let several threads listen on one port. Leave it unset.',
      { cause: error },
    )
  })
  if (port === 0) return
  for (const host of hosts) await listen({ host, port })
}

/** Where a hub is reached that listens on these addresses, as a URL without a path. */
export function urlOf(hosts: readonly string[], port: number, tls: boolean): string {
  const anywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const [host = ''] = hosts
  const address = anywhere[host] ?? host
  return `${tls ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}`
}
