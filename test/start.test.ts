import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { askAt } from './hub.ts'
import { newDirectory } from './stores.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

type Started = { child: ChildProcess; url: string; said(): string }

function npm(t: TestContext, script: string, args: string[], environment: NodeJS.ProcessEnv) {
  const child = spawn('npm', ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: '', CORDBOARD_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  t.after(() => child.kill('SIGTERM'))
  return { child, said: () => said }
}

async function start(t: TestContext, args: string[], environment: NodeJS.ProcessEnv): Promise<Started> {
  const { child, said } = npm(t, 'start', args, environment)
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const found = /listens on (http:\/\/\S+)/.exec(said())?.[1]
      if (found && (args.length === 0 || said().includes('sample book'))) resolve(found)
    }
    child.stderr?.on('data', look)
    child.once('exit', () => reject(new Error(`npm start ended: ${said()}`)))
  })
  return { child, url, said }
}

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`).then(
    (response) => response.ok,
    () => false,
  )
}

test('npm start runs the hub, offers the sample book, and a SIGTERM to npm stops all of it', async (t) => {
  const dataDir = await newDirectory(t)
  const environment = { CORDBOARD_DATA_DIR: dataDir }
  const { child, url, said } = await start(t, [], environment)
  assert.match(said(), /The directory is empty. Load the sample book/)
  assert.ok(await isUp(url))
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  while (await isUp(url)) await new Promise((resolve) => setTimeout(resolve, 10))
  // The directory can be taken again at once: nobody was left behind holding it.
  const again = await start(t, [], environment)
  assert.ok(await isUp(again.url))
})

test('npm start -- --sample answers the first question of the README', async (t) => {
  const dataDir = await newDirectory(t)
  const { url } = await start(t, ['--sample'], { CORDBOARD_DATA_DIR: dataDir })
  const file = join(dataDir, 'admin-token')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const path = /curl "http:\/\/127\.0\.0\.1:8377([^"&]+)&token=/.exec(readme)?.[1]
  const shown = /^\{"result".*\}$/m.exec(readme)?.[0]
  assert.ok(path && shown, 'the README shows no question and answer')
  const token = (await readFile(file, 'utf8')).trim()
  assert.equal((await askAt(url)('GET', path, { token })).text, shown)
})

test('a second hub on the same data directory is refused with the reason', async (t) => {
  const environment = { CORDBOARD_DATA_DIR: await newDirectory(t) }
  await start(t, [], environment)
  const second = npm(t, 'start', [], environment)
  const [code] = (await once(second.child, 'exit')) as [number]
  assert.equal(code, 1)
  assert.match(second.said(), /Another hub is already running on the data directory/)
})

test('the command line imports a book, brings back the rejects, and explains a lookup', async (t) => {
  const dataDir = await newDirectory(t)
  const { url } = await start(t, [], { CORDBOARD_DATA_DIR: dataDir })
  const environment = { CORDBOARD_DATA_DIR: dataDir, CORDBOARD_URL: url }
  const rejects = join(dataDir, 'rejects.csv')
  const run = async (args: string[]) => {
    const { child, said } = npm(t, 'cordboard', args, environment)
    const [code] = (await once(child, 'close')) as [number]
    return { code, said: said() }
  }
  const imported = await run(['import', '--sample'])
  assert.equal(imported.code, 0, imported.said)
  assert.match(imported.said, /100 %/)
  assert.match(imported.said, /done: \d+ rows accepted, 0 rejected/)
  const explained = await run(['lookup', '01 99 00 10 10', '--explain'])
  assert.match(explained.said, /read as +external \+33199001010/)
  assert.match(explained.said, /matched by +exact, confidence 1/)
  const withoutCountry = await run(['lookup', '--json', '+33199001010'])
  assert.equal(JSON.parse(withoutCountry.said).known, true)
  const missing = await run(['import', join(dataDir, 'nowhere.csv'), '--rejects', rejects])
  assert.equal(missing.code, 1)
  assert.match(missing.said, /There is no file/)
})
