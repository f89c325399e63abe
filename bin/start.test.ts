import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PARTS = ['console-build.mjs', 'console-sources.mjs', 'launch.mjs', 'start.mjs']

/** A checkout with a console of one line, and a hub that only says that it has started. */
async function newCheckout(t: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'cordboard-start-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  for (const place of ['bin', 'contract', 'console/app']) await mkdir(join(root, place), { recursive: true })
  for (const part of PARTS) await cp(join(ROOT, 'bin', part), join(root, 'bin', part))
  await cp(join(ROOT, 'console', 'vite.config.mjs'), join(root, 'console', 'vite.config.mjs'))
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  await writeFile(join(root, 'package.json'), '{"type":"module"}')
  await writeFile(join(root, 'contract', 'word.ts'), `export const WORD: string = 'first words'`)
  await writeFile(
    join(root, 'console', 'index.html'),
    '<!doctype html><title>x</title><script type="module" src="/app/main.tsx"></script>',
  )
  await writeFile(
    join(root, 'console', 'app', 'main.tsx'),
    `import { WORD } from '../../contract/word.ts'\ndocument.title = WORD`,
  )
  await writeFile(join(root, 'hub.mjs'), `console.log('started ' + process.argv.slice(2).join(' '))`)
  return root
}

async function start(root: string): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [join(root, 'bin', 'start.mjs'), 'hub.mjs', '--sample'], {
    cwd: root,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, said }
}

const dist = (root: string) => join(root, 'console', 'dist')

async function script(root: string): Promise<string> {
  const assets = join(dist(root), 'site', 'assets')
  const name = (await readdir(assets)).find((file) => file.endsWith('.js'))
  return await readFile(join(assets, name ?? ''), 'utf8')
}

test('the console is built at the first start and whenever its sources changed, and not otherwise', async (t) => {
  const root = await newCheckout(t)
  const first = await start(root)
  assert.equal(first.code, 0)
  assert.match(first.said, /^Building the console/)
  assert.match(first.said, /started --sample/)
  assert.match(await script(root), /first words/)
  const names = (await readdir(join(dist(root), 'site', 'assets'))).map((name) => name.replace(/^[^.]+/, ''))
  assert.deepEqual(names.sort(), ['.js', '.js.br', '.js.gz'])
  // Another user may run the hub than the one who built.
  assert.equal((await stat(join(dist(root), 'site'))).mode & 0o055, 0o055)

  assert.equal((await start(root)).said, 'started --sample\n')

  await writeFile(join(root, 'contract', 'word.ts'), `export const WORD: string = 'other words'`)
  assert.match((await start(root)).said, /^Building the console/)
  assert.match(await script(root), /other words/)
  assert.deepEqual(await readdir(dist(root)), ['site'])
})

test('a console that cannot be built is told, and the hub starts with the one there was', async (t) => {
  const root = await newCheckout(t)
  await start(root)
  await writeFile(join(root, 'console', 'app', 'main.tsx'), `import { gone } from './gone.ts'\ngone()`)
  const { code, said } = await start(root)
  assert.equal(code, 0)
  assert.match(said, /gone\.ts/)
  assert.match(said, /warning: the console could not be built/)
  assert.match(said, /npm run build/)
  assert.match(said, /started --sample/)
  assert.match(await script(root), /first words/)
  assert.deepEqual(await readdir(dist(root)), ['site'])
})

test('two hubs that start at once build the same and both start', async (t) => {
  const root = await newCheckout(t)
  for (const { code, said } of await Promise.all([start(root), start(root)])) {
    assert.equal(code, 0, said)
    assert.doesNotMatch(said, /warning/)
  }
  assert.match(await script(root), /first words/)
  assert.deepEqual(await readdir(dist(root)), ['site'])
})
