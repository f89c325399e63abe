import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const runner = fileURLToPath(new URL('./test.mjs', import.meta.url))

type Run = { code: number | null; text: string; last: string }

async function runTests(
  t: TestContext,
  files: Record<string, string>,
  args: string[] = [],
  env = {},
): Promise<Run> {
  const directory = await mkdtemp(join(tmpdir(), 'cordboard-runner-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'package.json'), '{"type":"module"}')
  for (const [path, source] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), `import { describe, test } from 'node:test'\n${source}\n`)
  }
  const {
    NODE_TEST_CONTEXT: _own,
    CORDBOARD_TEST_POSTGRES: _postgres,
    DATABASE_URL: _url,
    ...inherited
  } = process.env
  const child = spawn(process.execPath, [runner, ...args], { cwd: directory, env: { ...inherited, ...env } })
  let text = ''
  child.stdout.on('data', (chunk) => (text += chunk))
  child.stderr.on('data', (chunk) => (text += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, text, last: text.trimEnd().split('\n').at(-1) ?? '' }
}

const passing = `test('fine', () => {})`

test('cases are counted, not the suites and tests that hold them', async (t) => {
  const { code, last } = await runTests(t, {
    'server/deep/a.test.ts': `describe('suite', () => { test('one', () => {}); test('two', () => {}) })`,
    'cli/b.test.ts': `test('parent', async (t) => { await t.test('child', () => {}) })`,
  })
  assert.equal(last, '3 passed, 0 failed')
  assert.equal(code, 0)
})

test('a failing case fails the run and is counted once', async (t) => {
  const { code, last } = await runTests(t, {
    'test/a.test.ts': `describe('suite', () => { test('no', () => { throw new Error('no') }); test('yes', () => {}) })`,
  })
  assert.equal(last, '1 passed, 1 failed')
  assert.equal(code, 1)
})

test('what was skipped is listed with its reason', async (t) => {
  const { code, text, last } = await runTests(t, {
    'test/a.test.ts': `${passing}\ntest('far', (t) => t.` + `skip('needs the moon'))`,
  })
  assert.match(text, /skipped: .*a\.test\.ts: far \(needs the moon\)/)
  assert.equal(last, '1 passed, 0 failed, 1 skipped')
  assert.equal(code, 0)
})

for (const [title, source] of [
  ['crashes', `throw new Error('crash')`],
  ['holds no test', `console.log('nothing')`],
  ['leaves half way', `${passing}\ntest('leaves', () => process.exit(0))\ntest('never reached', () => {})`],
  ['is killed', `${passing}\ntest('dies', () => process.kill(process.pid, 'SIGKILL'))`],
  ['ends with an error after its tests', `${passing}\nprocess.on('exit', () => { process.exitCode = 7 })`],
  [
    'fails in a hook',
    `import { after } from 'node:test'\nafter(() => { throw new Error('hook') })\n${passing}`,
  ],
]) {
  test(`a file that ${title} fails the run`, async (t) => {
    const { code, last } = await runTests(t, {
      'test/broken.test.ts': source ?? '',
      'test/fine.test.ts': passing,
    })
    assert.match(last, /, 1 failed$/)
    assert.equal(code, 1)
  })
}

test('a run without any test fails', async (t) => {
  const { code, text, last } = await runTests(t, { 'test/a.test.ts': passing }, ['no-such-path'])
  assert.match(text, /no test ran/)
  assert.equal(last, '0 passed, 0 failed')
  assert.equal(code, 1)
})

test('arguments keep the files whose path contains one of them', async (t) => {
  const files = { 'server/one/a.test.ts': passing, 'server/two/b.test.ts': passing, 'cli/c.test.ts': passing }
  const { last } = await runTests(t, files, ['server/two', 'c.test'])
  assert.equal(last, '2 passed, 0 failed')
})

const stores = {
  'test/stores.ts': '',
  'test/world.ts': `import './stores.ts'\nexport * from './stores.ts'`,
  'server/direct.test.ts': `import * as s from '../test/stores.ts'\ntest(String(process.env.CORDBOARD_TEST_POSTGRES), () => s)`,
  'server/through.test.ts': `import * as s from '../test/world.ts'\ntest('through', () => s)`,
  'server/plain.test.ts': passing,
}

test('on PostgreSQL only the files that test on a database run, with the address they need', async (t) => {
  const { code, text, last } = await runTests(t, stores, ['--postgres'], {
    DATABASE_URL: 'postgres://somewhere/db',
  })
  assert.match(text, /postgres:\/\/somewhere\/db/)
  assert.equal(last, '2 passed, 0 failed')
  assert.equal(code, 0)
})

test('without PostgreSQL every file runs and the missing half is named', async (t) => {
  const { text, last } = await runTests(t, stores)
  assert.match(text, /skipped: the PostgreSQL half of 2 test files/)
  assert.equal(last, '3 passed, 0 failed')
})

const journeys = { 'test/browser/a.test.ts': passing, 'test/b.test.ts': passing }

test('journeys in a browser are left to their own run, and named', async (t) => {
  const { text, last } = await runTests(t, journeys)
  assert.match(text, /skipped: 1 files of journeys in a browser \(need Chromium: npm run test:browser\)/)
  assert.equal(last, '1 passed, 0 failed')
})

test('in a browser only the journeys run; without one nothing does, and the advice is clear', async (t) => {
  const found = await runTests(t, journeys, ['--browser'], { CHROMIUM_PATH: process.execPath })
  assert.equal(found.last, '1 passed, 0 failed')
  assert.doesNotMatch(found.text, /^skipped:/m)
  const { code, text } = await runTests(t, journeys, ['--browser'], { CHROMIUM_PATH: '/no/such/program' })
  assert.match(text, /CHROMIUM_PATH/)
  assert.equal(code, 1)
})

test('on PostgreSQL without an address nothing runs and the advice is clear', async (t) => {
  const { code, text } = await runTests(t, stores, ['--postgres'])
  assert.match(text, /DATABASE_URL/)
  assert.equal(code, 1)
})
