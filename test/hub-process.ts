import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { askAt, type Ask } from './hub.ts'

const MAIN = fileURLToPath(new URL('../server/main.ts', import.meta.url))

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** A hub as a process of its own on a free port; resolves when it listens. */
export async function start(
  environment: NodeJS.ProcessEnv,
): Promise<{ hub: ChildProcess; ask: Ask; url: string }> {
  const port = await freePort()
  const hub = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...environment, CORDBOARD_PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  hub.stderr?.on('data', (chunk) => (said += String(chunk)))
  await new Promise<void>((resolve, reject) => {
    hub.stderr?.on('data', () => said.includes('listens on') && resolve())
    hub.once('exit', (code, signal) =>
      reject(new Error(`the hub ended at start (${code ?? signal}): ${said}`)),
    )
  })
  const url = `http://127.0.0.1:${port}`
  return { hub, ask: askAt(url), url }
}

/** kill -9. */
export async function kill(hub: ChildProcess): Promise<void> {
  const gone = once(hub, 'exit')
  hub.kill('SIGKILL')
  await gone
}
