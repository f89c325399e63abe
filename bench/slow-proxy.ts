import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A door to a server that holds everything it passes on for `delayMs`, in each direction. */
export type SlowProxy = { port: number; delay(ms: number): void; close(): void }

/** What comes in order leaves in order, each piece `delayMs()` after it came. */
function pass(from: Socket, to: Socket, delayMs: () => number): void {
  let last = 0
  const after = (act: () => void) => {
    last = Math.max(last, performance.now() + delayMs())
    const ms = last - performance.now()
    if (ms <= 0) act()
    else setTimeout(act, ms)
  }
  from.on('data', (chunk) => after(() => to.writable && to.write(chunk)))
  from.on('end', () => after(() => to.end()))
  from.on('error', () => to.destroy())
  from.on('close', () => after(() => to.destroy()))
}

export async function openSlowProxy(target: number): Promise<SlowProxy> {
  let delayMs = 0
  const sockets = new Set<Socket>()
  const server = createServer((inside) => {
    const outside = connect(target, '127.0.0.1')
    for (const socket of [inside, outside]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    pass(inside, outside, () => delayMs)
    pass(outside, inside, () => delayMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the proxy has no port')
  return {
    port: address.port,
    delay: (ms) => void (delayMs = ms),
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
