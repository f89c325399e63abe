import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A wire to the database that can be cut, held (whatever is sent waits) and mended. */
export async function newWire(
  t: TestContext,
  url: string,
): Promise<{ url: string; cut(): void; hold(): void; mend(): void }> {
  const { hostname, port } = new URL(url)
  const open = new Set<Socket>()
  let whole = true
  let held = false
  const server = createServer((near) => {
    if (!whole) return void near.destroy()
    const far = connect(Number(port || 5432), hostname)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
    if (held) for (const socket of [near, far]) socket.pause()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const address = server.address()
  const near = new URL(url)
  near.hostname = '127.0.0.1'
  near.port = String(typeof address === 'object' ? address?.port : 0)
  return {
    url: near.href,
    cut() {
      whole = false
      for (const socket of open) socket.destroy()
    },
    hold() {
      held = true
      for (const socket of open) socket.pause()
    },
    mend() {
      whole = true
      if (held) for (const socket of open) socket.resume()
      held = false
    },
  }
}

/** Only says what was waited for in vain: no machine is so slow that it needs this long. */
const VAIN_MS = 240_000

/** Waits for something to come true. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const vain = performance.now() + VAIN_MS
  while (!(await holds())) {
    if (performance.now() > vain) assert.fail(`never came true: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
