import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readOptions } from './options.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

test('started, it says that it is no 3CX and what it uses, answers, and stops on a signal', async (t) => {
  const child = spawn(
    process.execPath,
    [main, '--port', '0', '--world', 'small', '--client-secret', 's3cret', '--fault', '429x1'],
    {
      env: { ...process.env, SIMULATOR_CLIENT_ID: 'from-environment' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      text += String(chunk)
      const match = /listens on\s+(\S+)[\s\S]*control\s+\S+/.exec(text)
      if (match) resolve(match[1] ?? '')
    })
    child.on('exit', () => reject(new Error(text)))
  })
  assert.match(text, /NOT a 3CX/)
  assert.match(text, /client id\s+from-environment/)
  assert.match(text, /faults\s+429=1/)
  const body = (): URLSearchParams =>
    new URLSearchParams({
      client_id: 'from-environment',
      client_secret: 's3cret',
      grant_type: 'client_credentials',
    })
  assert.equal((await fetch(`${url}/connect/token`, { method: 'POST', body: body() })).status, 429)
  assert.equal((await fetch(`${url}/connect/token`, { method: 'POST', body: body() })).status, 200)
  child.removeAllListeners('exit')
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  assert.equal((await exit)[0], 0)
})

test('the command line wins over the environment, and nonsense is refused', () => {
  const options = readOptions(['--seed', 'a', '--role', 'managers', '--now', '2026-01-01T00:00:00Z'], {
    SIMULATOR_SEED: 'b',
    SIMULATOR_WORLD: 'clinic',
    SIMULATOR_FAULT: 'slow=5 top',
  })
  assert.deepEqual(
    [options?.seed, options?.world, options?.role, options?.now, options?.port],
    ['a', 'clinic', 'managers', 1767225600000, 5099],
  )
  assert.deepEqual(options?.faults, ['slow=5', 'top'])
  assert.equal(readOptions(['--help'], {}), null)
  for (const args of [
    ['--role', 'king'],
    ['--now', 'soon'],
    ['--port', 'x'],
    ['--tls-key', 'f'],
    ['--nonsense'],
  ])
    assert.throws(() => readOptions(args, {}), Error, args.join(' '))
})
