import { parseArgs } from 'node:util'
import { ROLES, type Role } from './model/pbx.ts'
import type { SimulatorOptions } from './simulator.ts'

export const USAGE = `npm run simulator -- [options]      a pretend 3CX for demonstrations and tests

  --host 127.0.0.1         address to listen at
  --port 5099              0 takes a free one
  --seed cordboard         the same seed gives the same people, ids and calls
  --world small            small, clinic, or fleet-N with N extensions
  --now INSTANT            when the PBX's clock begins (ISO 8601); now unless given
  --client-id simulator    the API client
  --client-secret TEXT     made from the seed unless given
  --role system_owners     ${ROLES.slice(1).join(', ')}
  --fault NAME[=NUMBER][xTIMES][@PATH]   may be given several times: slow, hang, 500, dropped, lost, top, expired-token, clock-skew, 429
  --description FILE       answer every operation of this OpenAPI file
  --token-seconds 3600     how long a token lives
  --control-token TEXT     for /simulator; a new one each time unless given
  --tls-cert FILE --tls-key FILE
  --version-name 20.0.8.1  what it says its version is
  --instant                scripts and backups happen at once

Each is also read from the environment: SIMULATOR_PORT, SIMULATOR_CLIENT_ID …
`

const OPTIONS = {
  host: { type: 'string' },
  port: { type: 'string' },
  seed: { type: 'string' },
  world: { type: 'string' },
  now: { type: 'string' },
  'client-id': { type: 'string' },
  'client-secret': { type: 'string' },
  role: { type: 'string' },
  fault: { type: 'string', multiple: true },
  description: { type: 'string' },
  'token-seconds': { type: 'string' },
  'control-token': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'version-name': { type: 'string' },
  instant: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

const DEFAULT_PORT = 5099

/** Reads the command line and the environment; the command line wins. Null when help is asked for. */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SimulatorOptions | null {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false })
  if (values.help) return null
  const text = (name: Exclude<keyof typeof OPTIONS, 'fault' | 'instant' | 'help'>): string | undefined =>
    values[name] ?? (environment[variable(name)] || undefined)
  const role = text('role')
  if (role !== undefined && !(ROLES as readonly string[]).includes(role))
    throw new Error(`There is no role "${role}". Known are ${ROLES.join(', ')}.`)
  const now = text('now')
  if (now !== undefined && Number.isNaN(Date.parse(now))) throw new Error(`--now: "${now}" is no instant.`)
  if ((text('tls-cert') === undefined) !== (text('tls-key') === undefined))
    throw new Error('--tls-cert and --tls-key belong together.')
  return {
    host: text('host'),
    port: wholeNumber('port', text('port'), DEFAULT_PORT),
    seed: text('seed'),
    world: text('world'),
    now: now === undefined ? undefined : Date.parse(now),
    clientId: text('client-id'),
    clientSecret: text('client-secret'),
    role: role as Role | undefined,
    faults: values.fault ?? environment.SIMULATOR_FAULT?.split(' ').filter((fault) => fault !== ''),
    description: text('description'),
    tokenSeconds: wholeNumber('token-seconds', text('token-seconds'), undefined),
    controlToken: text('control-token'),
    tlsCert: text('tls-cert'),
    tlsKey: text('tls-key'),
    version: text('version-name'),
    instant: values.instant ?? environment.SIMULATOR_INSTANT === 'true',
  }
}

const variable = (name: string): string => `SIMULATOR_${name.replaceAll('-', '_').toUpperCase()}`

function wholeNumber<T>(name: string, text: string | undefined, otherwise: T): number | T {
  if (text === undefined) return otherwise
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name}: "${text}" is no whole number.`)
  return Number(text)
}
