import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { askAt, type Ask } from './hub.ts'

const MAIN = fileURLToPath(new URL('../server/main.ts', import.meta.url))

/** A hub as a process of its own on a free port; resolves when it listens. */
export async function start(
  environment: NodeJS.ProcessEnv,
): Promise<{ hub: ChildProcess; ask: Ask; url: string }> {
  const hub = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...environment, CORDBOARD_PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  hub.stderr?.on('data', (chunk) => (said += String(chunk)))
  const url = await new Promise<string>((resolve, reject) => {
    hub.stderr?.on('data', () => {
      const [, found] = /listens on (http:\/\/\S+)\s/.exec(said) ?? []
      if (found) resolve(found)
    })
    hub.once('exit', (code, signal) =>
      reject(new Error(`the hub ended at start (${code ?? signal}): ${said}`)),
    )
  })
  return { hub, ask: askAt(url), url }
}

/** kill -9. */
export async function kill(hub: ChildProcess): Promise<void> {
  const gone = once(hub, 'exit')
  hub.kill('SIGKILL')
  await gone
}
