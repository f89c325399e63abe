import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkImports, type HouseFile, type Violation } from './house-rules.ts'
import { checkPlaces, checkShape, checkTests } from './house-text.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Every file that is in the repository or about to be; without a repository, every file that is not installed or made. */
function readHouse(): HouseFile[] {
  return listPaths()
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

function listPaths(): string[] {
  if (existsSync(join(root, '.git'))) {
    const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
    return execFileSync('git', options, { cwd: root, encoding: 'utf8' })
      .split('\0')
      .filter((path) => path !== '')
  }
  const exclude = ['**/node_modules', 'data', '**/dist']
  const found = globSync('**/*.*', { cwd: root, exclude })
  return found.map((path) => path.split(sep).join('/')).filter((path) => statSync(join(root, path)).isFile())
}

const house = readHouse()

test('the house is not empty', () => {
  const paths = house.map(({ path }) => path)
  for (const path of ['server/hub.ts', 'server/platform/log.ts', 'contract/errors.ts', 'cli/main.ts'])
    assert.ok(paths.includes(path), path)
})

test('every room imports only what it may', () => assert.deepEqual(checkImports(house), []))
test('every file is short and says by its name what is in it', () => assert.deepEqual(checkShape(house), []))
test('no file names a machine, a registry or a second description of the API', () =>
  assert.deepEqual(checkPlaces(house), []))
test('no test is left out', () => assert.deepEqual(checkTests(house), []))

function importing(path: string, ...specifiers: string[]): Violation[] {
  return checkImports([
    { path, text: specifiers.map((specifier) => `import { x } from '${specifier}'`).join('\n') },
  ])
}

for (const [path, specifier, reason] of [
  ['contract/tokens.ts', '../server/platform/log.ts', 'contract may not know platform'],
  ['contract/tokens.ts', 'kysely', 'contract takes no package but typebox'],
  ['xapi/client.ts', '../contract/errors.ts', 'xapi may not know contract'],
  ['pbx-simulator/main.ts', '../xapi/client.ts', 'pbx-simulator may not know xapi'],
  ['server/platform/log.ts', '../directory/directory.ts', 'platform may not know directory'],
  ['server/access/access.ts', '../directory/directory.ts', 'access may not know directory'],
  ['server/routing/routing.ts', '../access/access.ts', 'routing may not know access'],
  ['server/fleet/fleet.ts', '../journal/journal.ts', 'fleet may not know journal'],
  ['server/journal/calls.ts', '../directory/customers.ts', 'it is not the door of directory'],
  ['server/journal/calls.ts', '../routing/routing.ts', 'journal may not know routing'],
  ['server/connectors/generic/generic.ts', '../../platform/log.ts', 'connectors may not know platform'],
  ['server/connectors/generic/generic.ts', 'kysely', 'connectors may not know a database'],
  ['server/connectors/generic/generic.ts', 'node:sqlite', 'connectors may not know a database'],
  [
    'server/connectors/generic/generic.ts',
    '../../directory/caller-source.ts',
    'connectors may not know directory',
  ],
  ['server/http/api/tokens.ts', '../../platform/database/store.ts', 'http may not know the database'],
  ['server/http/api/tokens.ts', 'kysely/migration', 'http may not know a database'],
  ['server/http/api/tokens.ts', '../../access/tokens.ts', 'it is not the door of access'],
  ['server/http/api/tokens.ts', '../../migrations/migrations.ts', 'http may not know migrations'],
  ['server/http/dialects/while1/routes.ts', '../dbn/routes.ts', 'a dialect never knows another one'],
  ['server/http/server.ts', '../hub.ts', 'only main.ts and the commands that run a hub open it'],
  ['server/access/access.ts', '../hub.ts', 'only main.ts and the commands that run a hub open it'],
  ['server/migrations/001.ts', '../platform/database/json.ts', 'migrations may not know platform'],
  ['server/migrations/001.ts', 'pg', 'migrations takes no package but kysely'],
  ['server/main.ts', './access/access.ts', 'main may not know access'],
  ['server/access/access.ts', '../../test/stores.ts', 'it stands outside the rooms'],
  ['cli/status.ts', '../server/hub.ts', 'only main.ts and the commands that run a hub open it'],
  ['cli/status.ts', '../server/platform/log.ts', 'cli may not know platform'],
  ['cli/demo.ts', '../server/directory/directory.ts', 'cli may not know directory'],
  ['cli/status.ts', 'kysely', 'cli takes no package'],
  ['console/app/main.tsx', '../../server/platform/log.ts', 'console may not know platform'],
] as const) {
  test(`${path} importing ${specifier} is found: ${reason}`, () => {
    assert.deepEqual(importing(path, specifier), [`${path}: imports ${specifier}, but ${reason}`])
  })
}

test('what the table allows passes', () => {
  for (const [path, ...specifiers] of [
    ['contract/tokens.ts', 'typebox', 'typebox/value', './common.ts'],
    [
      'server/access/access.ts',
      'kysely',
      '../platform/database/json.ts',
      '../../contract/tokens.ts',
      'node:crypto',
    ],
    ['server/journal/calls.ts', '../directory/directory.ts', '../fleet/fleet.ts'],
    [
      'server/http/dialects/while1/routes.ts',
      './answer.ts',
      '../../reply.ts',
      '../../../directory/directory.ts',
    ],
    ['server/http/server.ts', './dialects/while1/routes.ts', 'fastify', '../platform/log.ts'],
    ['server/connectors/generic/generic.ts', '../../platform/http-client.ts', '../connector.ts'],
    ['server/migrations/001.ts', 'kysely', 'kysely/migration', './columns.ts'],
    ['server/hub.ts', './access/tables.ts', './migrations/migrations.ts', '../package.json'],
    ['server/main.ts', './hub.ts', './platform/config.ts'],
    ['cli/demo.ts', '../server/hub.ts', '../server/platform/env.ts'],
    ['cli/status.ts', '../contract/errors.ts', './connection.ts'],
    ['server/access/access.test.ts', '../directory/customers.ts', '../hub.ts'],
  ] as const) {
    assert.deepEqual(importing(path, ...specifiers), [])
  }
})

test('an interface of another room may be known as a type, in every way a type is imported', () => {
  const path = 'server/connectors/generic/generic.ts'
  const check = (text: string) => checkImports([{ path, text }]).length
  const source = `'../../directory/caller-source.ts'`
  assert.equal(check(`import type { CallerSource } from ${source}`), 0)
  assert.equal(check(`import { type CallerSource, type Answer } from ${source}`), 0)
  assert.equal(check(`export type { CallerSource } from ${source}`), 0)
  assert.equal(check(`import { type CallerSource, openIt } from ${source}`), 1)
  assert.equal(check(`import type { Directory } from '../../directory/directory.ts'`), 1)
})

test('an import is found however it is written, and not in a comment', () => {
  const check = (text: string) => checkImports([{ path: 'server/access/access.ts', text }]).length
  const target = `'../directory/directory.ts'`
  for (const text of [
    `import ${target}`,
    `import directory from ${target}`,
    `import * as directory from ${target}`,
    `import {\n  openDirectory,\n  type Directory,\n} from ${target}`,
    `export * from ${target}`,
    `export { openDirectory } from ${target}`,
    `const { openDirectory } = await import(${target})`,
    `new Worker(new URL(${target}, import.meta.url))`,
  ]) {
    assert.equal(check(text), 1, text)
  }
  assert.equal(check(`// import ${target}\n/* import ${target} */`), 0)
})

test('a room that the table does not know is found', () => {
  assert.match(
    checkImports([{ path: 'server/attic/attic.ts', text: '' }])[0] ?? '',
    /does not know the room "attic"/,
  )
})

test('a file of 301 lines is found, unless it is a test', () => {
  const text = 'x\n'.repeat(301)
  assert.deepEqual(checkShape([{ path: 'server/access/long.ts', text }]), [
    'server/access/long.ts: 301 lines, more than 300',
  ])
  assert.deepEqual(checkShape([{ path: 'server/access/long.test.ts', text }]), [])
  assert.deepEqual(checkShape([{ path: 'server/access/long.ts', text: 'x\n'.repeat(300) }]), [])
})

test('a name that says nothing is found, whole or as a word', () => {
  const nameIsFound = (path: string) => checkShape([{ path, text: '' }]).length === 1
  for (const name of [
    'utils',
    'token-helpers',
    'manager',
    'user-service',
    'base',
    'base-dialect',
    'Helper',
  ]) {
    assert.ok(nameIsFound(`server/access/${name}.ts`), name)
  }
  for (const name of ['database', 'servicing', 'manage-tokens'])
    assert.ok(!nameIsFound(`server/access/${name}.ts`), name)
})

test('a place of one machine is found in any file, and an address of the web is not one', () => {
  const find = (text: string) => checkPlaces([{ path: 'docs/install.md', text }]).length
  for (const place of ['work', 'tmp', 'home', 'root', 'Users'])
    assert.equal(find(`see /${place}` + '/cordboard'), 1, place)
  for (const text of [
    'https://pbx.example/work' + '/orders',
    '../tmp' + '/x',
    '/api/v1/home',
    'network/tmp' + '/x',
  ])
    assert.equal(find(text), 0, text)
})

test('a registry is found in a lock file', () => {
  const find = (text: string) => checkPlaces([{ path: 'package-lock.json', text }]).length
  assert.equal(find(`"resolved": ` + `"http://mirror.example/x.tgz"`), 1)
  assert.equal(find(`https:` + `//registry.example/x`), 1)
  assert.equal(find(`"resolved": "server"`), 0)
  assert.equal(find(`"integrity": "sha512-x"`), 0)
})

test('a description of the API beside the generated one is found', () => {
  const find = (path: string, text = '') => checkPlaces([{ path, text }]).length
  assert.equal(find('docs/openapi.yaml'), 1)
  assert.equal(find('docs/api.yml', 'openapi: 3.1.0'), 1)
  assert.equal(find('docs/other.yml', 'name: other'), 0)
})

test('a test that is left out is found', () => {
  const find = (text: string) => checkTests([{ path: 'server/a.test.ts', text }]).length
  for (const text of [
    'test.' + `only('x')`,
    'describe.' + `skip('x')`,
    `test('x', { sk` + `ip: true }, () => {})`,
    `{ on` + `ly: true }`,
  ]) {
    assert.equal(find(text), 1, text)
  }
  assert.equal(find(`t.skip('needs a server')`), 0)
})
