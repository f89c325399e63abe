import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ConfigError, describeConfig, envToConfig, storeAddress, type Config } from './config.ts'
import { defaultDataDir, type Place } from './data-place.ts'
import { RETENTION_DAYS } from './retention.ts'
import { ENV_NAMES, readEnv } from './env.ts'

function configOf(variables: Record<string, string>): Config {
  return envToConfig(readEnv(variables)).config
}

function problemsOf(variables: Record<string, string>): readonly string[] {
  try {
    envToConfig(readEnv(variables))
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    for (const problem of error.problems) assert.ok(error.message.includes(problem))
    return error.problems
  }
  return []
}

async function newDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cordboard-config-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('nothing set is a hub on this machine with SQLite', () => {
  const config = configOf({})
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8377, tls: null })
  assert.ok(isAbsolute(config.dataDir))
  assert.deepEqual(config.database, { kind: 'sqlite', file: join(config.dataDir, 'cordboard.db') })
  assert.equal(config.country, null)
  assert.equal(config.publicUrl, null)
  assert.deepEqual(config.cdr, { host: '127.0.0.1', port: null })
  assert.equal(config.logLevel, 'info')
})

test('an empty variable is one that was not set', () => {
  assert.deepEqual(configOf(Object.fromEntries(ENV_NAMES.map((name) => [name, '']))), configOf({}))
})

test('every variable is read', async (t) => {
  const directory = await newDirectory(t)
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  await writeFile(cert, '')
  await writeFile(key, '')
  const { config, secrets } = envToConfig(
    readEnv({
      CORDBOARD_HOST: '0.0.0.0',
      CORDBOARD_PORT: '8443',
      CORDBOARD_WORKERS: '4',
      CORDBOARD_DATA_DIR: directory,
      DATABASE_URL: 'postgres://hub:p%40ss@db.example:5433/calls?sslmode=require',
      CORDBOARD_ADMIN_TOKEN: 'a'.repeat(32),
      CORDBOARD_SECRET_KEY: 's'.repeat(44),
      CORDBOARD_SECRET_KEY_OLD: 'o'.repeat(44),
      CORDBOARD_COUNTRY: 'fr',
      CORDBOARD_TIME_ZONE: 'America/New_York',
      CORDBOARD_PUBLIC_URL: 'https://hub.example/cordboard/',
      CORDBOARD_TLS_CERT: cert,
      CORDBOARD_TLS_KEY: key,
      CORDBOARD_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      CORDBOARD_CDR_HOST: '192.0.2.1',
      CORDBOARD_CDR_PORT: '5015',
      CORDBOARD_ALLOW_PRIVATE: 'crm.local:8443,10.0.0.0/8',
      CORDBOARD_LOG_LEVEL: 'DEBUG',
      CORDBOARD_RETENTION: 'audit=30, imports=never',
      CORDBOARD_REPEAT_SECONDS: '90',
      CORDBOARD_METRICS_TOKEN: 'm',
    }),
  )
  assert.deepEqual(config, {
    listen: { host: '0.0.0.0', port: 8443, tls: { cert, key } },
    workers: 4,
    dataDir: directory,
    database: { kind: 'postgres', shownAs: 'postgres://hub@db.example:5433/calls' },
    country: 'FR',
    timeZone: 'America/New_York',
    publicUrl: 'https://hub.example/cordboard',
    trustedProxies: ['10.0.0.0/8', '::1'],
    allowPrivate: ['crm.local:8443', '10.0.0.0/8'],
    logLevel: 'debug',
    retention: { ...RETENTION_DAYS, audit: 30, imports: null },
    repeatSeconds: 90,
    cdr: { host: '192.0.2.1', port: 5015 },
    warnings: [],
  })
  assert.equal(secrets.adminToken, 'a'.repeat(32))
  assert.equal(secrets.secretKey, 's'.repeat(44))
  assert.equal(secrets.secretKeyOld, 'o'.repeat(44))
  assert.equal(secrets.metricsToken, 'm')
  assert.deepEqual(storeAddress(config, secrets), {
    kind: 'postgres',
    url: 'postgres://hub:p%40ss@db.example:5433/calls?sslmode=require',
  })
})

test('the number of workers is one from 1 to 64, and 1 is nothing worth saying', () => {
  for (const CORDBOARD_WORKERS of ['0', '65', '-1', '1.5', 'all']) {
    const problems = problemsOf({ CORDBOARD_WORKERS })
    assert.match(problems.join(), /CORDBOARD_WORKERS: ".*" is not a number from 1 to 64/)
  }
  const { config } = envToConfig(readEnv({}))
  assert.deepEqual([config.workers, describeConfig(config)['CORDBOARD_WORKERS']], [1, 'none'])
})

test('every variable may come from a file, and its last line break does not count', async (t) => {
  const directory = await newDirectory(t)
  for (const name of ENV_NAMES) {
    const file = join(directory, name)
    await writeFile(file, `value of ${name}\n`)
    assert.equal(readEnv({ [`${name}_FILE`]: file }).values[name], `value of ${name}`)
  }
})

test('a variable and its file together, a missing file and an empty one are refused by name', async (t) => {
  const directory = await newDirectory(t)
  const empty = join(directory, 'empty')
  await writeFile(empty, '\n')
  const problems = problemsOf({
    CORDBOARD_PORT: '1',
    CORDBOARD_PORT_FILE: empty,
    CORDBOARD_ADMIN_TOKEN_FILE: join(directory, 'missing'),
    CORDBOARD_SECRET_KEY_FILE: empty,
  })
  assert.equal(problems.length, 3)
  assert.match(problems.join('\n'), /CORDBOARD_PORT and CORDBOARD_PORT_FILE are both set/)
  assert.match(problems.join('\n'), /CORDBOARD_ADMIN_TOKEN_FILE: .*missing cannot be read \(ENOENT\)/)
  assert.match(problems.join('\n'), /CORDBOARD_SECRET_KEY_FILE: .*is empty/)
})

for (const [name, values] of Object.entries({
  CORDBOARD_PORT: ['http', '-1', '65536', '80.5', '1e3'],
  DATABASE_URL: ['mysql://hub:planted@db/x', 'db.example', 'postgres://hub:pla/nted@:x'],
  CORDBOARD_ADMIN_TOKEN: ['planted'],
  CORDBOARD_SECRET_KEY: ['planted'],
  CORDBOARD_COUNTRY: ['France', 'XX', 'UK', '33'],
  CORDBOARD_TIME_ZONE: ['Paris', 'Europe/Nowhere'],
  CORDBOARD_PUBLIC_URL: [
    'hub.example',
    'ftp://hub.example',
    'https://u:planted@hub.example',
    'https://hub.example/?a=1',
  ],
  CORDBOARD_TRUSTED_PROXIES: ['proxy.example', '10.0.0.0/40'],
  CORDBOARD_CDR_PORT: ['none'],
  CORDBOARD_ALLOW_PRIVATE: ['http://crm.local', '10.0.0.0/40'],
  CORDBOARD_LOG_LEVEL: ['loud'],
  CORDBOARD_RETENTION: ['audit', 'audit=0', 'audit=-1', 'audit=soon', 'parties=30', '30'],
})) {
  test(`${name} is refused by name when it cannot be right: ${values.length} ways`, () => {
    for (const value of values) {
      const [problem = '', ...others] = problemsOf({ [name]: value })
      assert.deepEqual(others, [])
      assert.ok(problem.startsWith(`${name}: `), `${value}: ${problem}`)
      assert.doesNotMatch(problem, /planted/)
    }
  })
}

test('TLS needs certificate and key, and both readable', async (t) => {
  const directory = await newDirectory(t)
  const cert = join(directory, 'cert.pem')
  await writeFile(cert, '')
  assert.match(
    problemsOf({ CORDBOARD_TLS_CERT: cert }).join(),
    /^CORDBOARD_TLS_KEY: CORDBOARD_TLS_CERT is set/,
  )
  assert.match(
    problemsOf({ CORDBOARD_TLS_KEY: cert }).join(),
    /^CORDBOARD_TLS_CERT: CORDBOARD_TLS_KEY is set/,
  )
  assert.match(
    problemsOf({ CORDBOARD_TLS_CERT: cert, CORDBOARD_TLS_KEY: join(directory, 'no') }).join(),
    /^CORDBOARD_TLS_KEY: the file/,
  )
})

test('the key of secrets is 32 bytes or a long passphrase, and the one before it comes only beside it', () => {
  const bytes = Buffer.alloc(32, 7)
  const keys = [bytes.toString('hex'), bytes.toString('base64'), 'thirty-two characters are enough']
  for (const key of keys) assert.deepEqual(problemsOf({ CORDBOARD_SECRET_KEY: key }), [])
  for (const name of ['CORDBOARD_SECRET_KEY', 'CORDBOARD_SECRET_KEY_OLD']) {
    const given = { CORDBOARD_SECRET_KEY: keys[0]!, [name]: 'planted' }
    const [problem = '', ...others] = problemsOf(given)
    assert.deepEqual(others, [])
    assert.match(problem, /^CORDBOARD_SECRET_KEY.*: it has 7 characters: give 32 bytes as base64 or hex/)
    assert.ok(problem.startsWith(`${name}: `))
    assert.doesNotMatch(problem, /planted/)
  }
  assert.match(
    problemsOf({ CORDBOARD_SECRET_KEY_OLD: keys[0]! }).join(),
    /^CORDBOARD_SECRET_KEY: CORDBOARD_SECRET_KEY_OLD is set/,
  )
})

test('all problems are told at once', () => {
  const variables = {
    CORDBOARD_PORT: 'x',
    CORDBOARD_COUNTRY: 'x',
    CORDBOARD_LOG_LEVEL: 'x',
    DATABASE_URL: 'x',
  }
  assert.equal(problemsOf(variables).length, 4)
})

test('a country with one time zone brings it, another one is asked for', () => {
  const french = configOf({ CORDBOARD_COUNTRY: 'FR' })
  assert.equal(french.timeZone, 'Europe/Paris')
  assert.deepEqual(french.warnings, [])
  const american = configOf({ CORDBOARD_COUNTRY: 'US' })
  assert.equal(american.timeZone, null)
  assert.match(american.warnings.join(), /CORDBOARD_TIME_ZONE is not set and US has several/)
  assert.match(configOf({}).warnings.join(), /CORDBOARD_TIME_ZONE is not set and CORDBOARD_COUNTRY/)
})

test('PostgreSQL without a key for secrets is warned about', () => {
  const warnings = configOf({ DATABASE_URL: 'postgres://db/x', CORDBOARD_TIME_ZONE: 'UTC' }).warnings
  assert.match(warnings.join(), /CORDBOARD_SECRET_KEY/)
})

test('nothing secret is in the configuration or in its description', () => {
  const { config } = envToConfig(
    readEnv({
      DATABASE_URL: 'postgresql://hub:planted@db/x?password=planted',
      CORDBOARD_ADMIN_TOKEN: 'planted'.repeat(8),
      CORDBOARD_SECRET_KEY: 'planted'.repeat(8),
      CORDBOARD_SECRET_KEY_OLD: 'planted'.repeat(8),
      CORDBOARD_METRICS_TOKEN: 'planted',
    }),
  )
  assert.doesNotMatch(JSON.stringify([config, describeConfig(config)]), /planted/)
  assert.equal(describeConfig(config)['DATABASE_URL'], 'postgresql://hub@db/x')
})

test('a checkout keeps its data beside the code, an installed package in the state directory of its platform', async (t) => {
  const directory = await newDirectory(t)
  const installed = join(directory, 'node_modules', 'cordboard')
  for (const root of [directory, installed]) {
    await mkdir(join(root, 'server', 'platform'), { recursive: true })
    await writeFile(join(root, 'package.json'), '{"name":"cordboard"}')
  }
  const place: Place = {
    code: join(directory, 'server', 'platform'),
    platform: 'linux',
    home: join(directory, 'home'),
    variables: {},
  }
  assert.equal(defaultDataDir(place), join(directory, 'data'))

  const away = { ...place, code: join(installed, 'server', 'platform') }
  const { home } = place
  assert.equal(defaultDataDir(away), join(home, '.local', 'state', 'cordboard'))
  assert.equal(
    defaultDataDir({ ...away, variables: { XDG_STATE_HOME: join(home, 'state') } }),
    join(home, 'state', 'cordboard'),
  )
  assert.equal(
    defaultDataDir({ ...away, platform: 'darwin' }),
    join(home, 'Library', 'Application Support', 'Cordboard'),
  )
  assert.equal(
    defaultDataDir({ ...away, platform: 'win32', variables: { LOCALAPPDATA: join(home, 'Local') } }),
    join(home, 'Local', 'Cordboard'),
  )
})
