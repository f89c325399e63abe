import { existsSync, statfsSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { migrationsFor } from '../server/migrations/migrations.ts'
import {
  ConfigError,
  envToConfig,
  storeAddress,
  type Config,
  type Secrets,
} from '../server/platform/config.ts'
import { examineStore } from '../server/platform/copies/examine.ts'
import { examineKey, type KeyCheck } from '../server/platform/examine-key.ts'
import { readEnv } from '../server/platform/env.ts'
import { connect } from './connection.ts'

const USAGE = `cordboard doctor [--json]

Looks at the configuration, the store, the data directory and the hub; changes nothing.
Exit code 1 when something must be mended.
`

type Finding = { check: string; state: 'ok' | 'warn' | 'FAIL'; text: string }

const SCARCE_BYTES = 1024 ** 3
const TOO_SCARCE_BYTES = 100 * 1024 ** 2
const CLOCK_APART_MS = 5_000

const messageOf = (error: unknown) => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}

function directoryFindings({ dataDir }: Config): Finding[] {
  if (!existsSync(dataDir)) {
    return [
      {
        check: 'data directory',
        state: 'warn',
        text: `${dataDir} is not there yet: the first start makes it.`,
      },
    ]
  }
  const open = process.platform !== 'win32' && (statSync(dataDir).mode & 0o077) !== 0
  const { bavail, bsize } = statfsSync(dataDir)
  const free = bavail * bsize
  const state = free < TOO_SCARCE_BYTES ? 'FAIL' : free < SCARCE_BYTES ? 'warn' : 'ok'
  const advice = state === 'ok' ? '' : ' Make room: with a full disk no write succeeds.'
  return [
    {
      check: 'data directory',
      state: open ? 'warn' : 'ok',
      text: open ? `Others on this machine may read ${dataDir}: chmod 700 it.` : dataDir,
    },
    { check: 'disk space', state, text: `${Math.floor(free / 1024 ** 2)} MiB are free.${advice}` },
  ]
}

async function storeFindings(config: Config, secrets: Secrets): Promise<Finding[]> {
  const check = 'store'
  if (config.database.kind === 'sqlite' && !existsSync(config.database.file)) {
    return [
      {
        check,
        state: 'warn',
        text: `There is no store ${config.database.file} yet: the first start makes it.`,
      },
    ]
  }
  try {
    const migrations = migrationsFor('sqlite')
    const found = await examineStore(storeAddress(config, secrets), migrations)
    const { schema, unknown, isHalfMoved, clockAheadMs } = found
    const pending = Object.keys(migrations).length - schema.length
    const findings: Finding[] = [
      unknown.length > 0
        ? {
            check,
            state: 'FAIL',
            text: `A newer Cordboard has upgraded it (${unknown.join(', ')}): run that version.`,
          }
        : isHalfMoved
          ? { check, state: 'FAIL', text: 'It is half moved: run `cordboard move-to` again.' }
          : pending > 0
            ? {
                check,
                state: 'warn',
                text: `The next start upgrades it (${pending} steps): make a backup before.`,
              }
            : { check, state: 'ok', text: 'It answers, is whole and of this version.' },
    ]
    if (clockAheadMs !== null) {
      const apart = Math.abs(clockAheadMs) > CLOCK_APART_MS
      const text = `${Math.abs(clockAheadMs)} ms apart from the database's.`
      findings.push({
        check: 'clock',
        state: apart ? 'warn' : 'ok',
        text: apart ? `${text} Set both by NTP.` : text,
      })
    }
    return [...findings, await keyFinding(config, secrets, found.keyCheck)]
  } catch (error) {
    return [
      {
        check,
        state: 'FAIL',
        text: `${messageOf(error)} DATABASE_URL or CORDBOARD_DATA_DIR says where it is.`,
      },
    ]
  }
}

/** The key that stored secrets are kept under: whether it is there, and the right one for this store. */
async function keyFinding(config: Config, { secretKey }: Secrets, check: KeyCheck | null): Promise<Finding> {
  const isSqlite = config.database.kind === 'sqlite'
  const given = { secretKey, dataDirectory: config.dataDir, mayUseFile: isSqlite }
  const { state, file, othersMayRead } = await examineKey(given, check)
  const say = (how: Finding['state'], text: string): Finding => ({ check: 'secret key', state: how, text })
  const place = file ?? 'CORDBOARD_SECRET_KEY'
  if (state === 'missing')
    return say(
      'FAIL',
      `Secrets are stored and their key is not here: set CORDBOARD_SECRET_KEY${isSqlite ? `, or put secret.key back into ${config.dataDir}` : ''}.`,
    )
  if (state === 'wrong')
    return say('FAIL', `${place} is not the key that secrets of this store are kept under.`)
  if (othersMayRead) return say('warn', `Others on this machine may read ${place}: chmod 600 it.`)
  if (state !== 'not needed yet')
    return say(
      'ok',
      `${file === null ? 'It is set' : `It is in ${file}`}. No backup holds it: keep a copy elsewhere.`,
    )
  return isSqlite
    ? say('ok', `None yet: the first secret makes ${config.dataDir}/secret.key.`)
    : say('warn', 'CORDBOARD_SECRET_KEY is not set: with PostgreSQL no secret can be stored without it.')
}

function settingFindings({ country, publicUrl }: Config): Finding[] {
  const given = (check: string, isGiven: boolean, text: string, advice: string): Finding =>
    isGiven ? { check, state: 'ok', text } : { check, state: 'warn', text: advice }
  return [
    given(
      'country',
      country !== null,
      country ?? '',
      'CORDBOARD_COUNTRY is not set: each tenant or first import must name one.',
    ),
    given(
      'public URL',
      publicUrl !== null,
      publicUrl ?? '',
      'CORDBOARD_PUBLIC_URL is not set: answers hold no links.',
    ),
  ]
}

async function hubFinding(): Promise<Finding> {
  const check = 'hub'
  try {
    const hub = connect(undefined)
    const { version } = await hub.json<{ version: string }>('GET', '/api/version')
    // The public routes ask for no token: this one does.
    await hub.request('GET', '/api/v1/tokens?per_page=1')
    return { check, state: 'ok', text: `Cordboard ${version} answers at ${hub.url} and takes the token.` }
  } catch (error) {
    return { check, state: 'FAIL', text: messageOf(error) }
  }
}

async function examine(): Promise<Finding[]> {
  try {
    const { config, secrets } = envToConfig(readEnv(process.env))
    return [
      { check: 'configuration', state: 'ok', text: 'It can be read.' },
      ...directoryFindings(config),
      ...(await storeFindings(config, secrets)),
      ...settingFindings(config),
      await hubFinding(),
    ]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [{ check: 'configuration', state: 'FAIL', text: error.problems.join(' ') }]
  }
}

/** `cordboard doctor`: a line for everything worth looking at, with what to do. Exit code 1 when a line says FAIL. */
export async function doctor(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean' } } })
  if (values.help) return void process.stdout.write(USAGE)
  const findings = await examine()
  const lines = findings.map(({ check, state, text }) => `${state.padEnd(5)} ${check.padEnd(15)} ${text}\n`)
  process.stdout.write(values.json ? `${JSON.stringify(findings, null, 2)}\n` : lines.join(''))
  if (findings.some(({ state }) => state === 'FAIL')) process.exitCode = 1
}
