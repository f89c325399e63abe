import { join, resolve } from 'node:path'
import type { StoreAddress } from './database/store.ts'
import { defaultDataDir, thisPlace, type Place } from './data-place.ts'
import type { Env } from './env.ts'
import { openSettings } from './config-settings.ts'
import { LOG_LEVELS, type LogLevel } from './log.ts'
import { RETENTION_DAYS, type RetentionDays } from './retention.ts'

/** More cores than that in one machine are better used by several hubs. */
const MOST_WORKERS = 64

/** How the hub runs. Holds no secret: it may be printed, logged and handed around. */
export type Config = {
  listen: { host: string; port: number; tls: { cert: string; key: string } | null }
  /** Threads that listen and answer calls; with 1 the hub's only one does everything. */
  workers: number
  /** Absolute. */
  dataDir: string
  /** `shownAs` is the PostgreSQL address without password and options; the whole one is in `Secrets`. */
  database: { kind: 'sqlite'; file: string } | { kind: 'postgres'; shownAs: string }
  /** ISO 3166-1 alpha-2; null until the operator or the first import names one. */
  country: string | null
  /** IANA zone; null means UTC, and a warning tells so. */
  timeZone: string | null
  /** Without a slash at its end; null refuses links. */
  publicUrl: string | null
  /** Addresses and CIDR networks whose word on the client's address is taken. */
  trustedProxies: string[]
  /** Private places that outbound requests may reach, see `openHttpClient`. */
  allowPrivate: string[]
  logLevel: LogLevel
  /** Days each kind of record is kept; null is for ever. */
  retention: RetentionDays
  /** How long the same disposition of the same caller is the same record. */
  repeatSeconds: number
  /** The socket PBXs send CDR lines to; no port, no socket. */
  cdr: { host: string; port: number | null }
  /** For the operator, in whole sentences. */
  warnings: string[]
}

const REPEAT_SECONDS = 60

/** What must never be printed. */
export type Secrets = {
  adminToken: string | null
  secretKey: string | null
  /** The master key before this one, while it is changed. */
  secretKeyOld: string | null
  metricsToken: string | null
  databaseUrl: string | null
}

/** The configuration cannot be used; the message lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** Decides and defaults. Throws `ConfigError` with all problems at once, never repeating a secret. */
export function envToConfig(env: Env, place: Place = thisPlace()): { config: Config; secrets: Secrets } {
  const settings = openSettings(env)
  const { values } = env
  const warnings: string[] = []

  const cert = settings.file('CORDBOARD_TLS_CERT')
  const key = settings.file('CORDBOARD_TLS_KEY')
  settings.together('CORDBOARD_TLS_CERT', 'CORDBOARD_TLS_KEY')

  const dataDir = resolve(values.CORDBOARD_DATA_DIR ?? defaultDataDir(place))
  const databaseUrl = settings.postgresUrl('DATABASE_URL')
  const database: Config['database'] =
    databaseUrl === null
      ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
      : { kind: 'postgres', shownAs: withoutPassword(databaseUrl) }

  const host = values.CORDBOARD_HOST ?? '127.0.0.1'
  const country = settings.country('CORDBOARD_COUNTRY')
  const timeZone = settings.timeZone('CORDBOARD_TIME_ZONE') ?? (country === null ? null : onlyZoneOf(country))
  if (timeZone === null) warnings.push(zoneWarning(country))

  const secrets: Secrets = {
    adminToken: settings.secret('CORDBOARD_ADMIN_TOKEN', 32),
    secretKey: settings.masterKey('CORDBOARD_SECRET_KEY'),
    secretKeyOld: settings.masterKey('CORDBOARD_SECRET_KEY_OLD'),
    metricsToken: settings.secret('CORDBOARD_METRICS_TOKEN', 1),
    databaseUrl,
  }
  settings.needs('CORDBOARD_SECRET_KEY_OLD', 'CORDBOARD_SECRET_KEY')
  if (databaseUrl !== null && secrets.secretKey === null) {
    warnings.push(
      'CORDBOARD_SECRET_KEY is not set: with PostgreSQL, secrets such as CRM passwords cannot be stored without it.',
    )
  }

  const config: Config = {
    listen: {
      host,
      port: settings.port('CORDBOARD_PORT') ?? 8377,
      tls: cert !== null && key !== null ? { cert, key } : null,
    },
    workers: settings.count('CORDBOARD_WORKERS', MOST_WORKERS) ?? 1,
    dataDir,
    database,
    country,
    timeZone,
    publicUrl: settings.publicUrl('CORDBOARD_PUBLIC_URL'),
    trustedProxies: settings.addressList('CORDBOARD_TRUSTED_PROXIES'),
    allowPrivate: settings.allowPrivate('CORDBOARD_ALLOW_PRIVATE'),
    logLevel: settings.oneOf('CORDBOARD_LOG_LEVEL', LOG_LEVELS) ?? 'info',
    retention: settings.retention('CORDBOARD_RETENTION') ?? { ...RETENTION_DAYS },
    repeatSeconds: settings.seconds('CORDBOARD_REPEAT_SECONDS', 86_400) ?? REPEAT_SECONDS,
    cdr: { host: values.CORDBOARD_CDR_HOST ?? host, port: settings.port('CORDBOARD_CDR_PORT') },
    warnings,
  }
  if (settings.problems.length > 0) throw new ConfigError(settings.problems)
  return { config, secrets }
}

/** Where the store is, password included: for `openStore` only. */
export function storeAddress(config: Config, secrets: Secrets): StoreAddress {
  if (config.database.kind === 'sqlite') return { kind: 'sqlite', file: config.database.file }
  if (secrets.databaseUrl === null) throw new Error('These secrets belong to another configuration')
  return { kind: 'postgres', url: secrets.databaseUrl }
}

/** The configuration in words, variable by variable, without secrets. */
export function describeConfig(config: Config): Record<string, string> {
  const { listen, database, cdr } = config
  return {
    CORDBOARD_HOST: listen.host,
    CORDBOARD_PORT: String(listen.port),
    CORDBOARD_WORKERS: config.workers === 1 ? 'none' : String(config.workers),
    CORDBOARD_TLS_CERT: listen.tls?.cert ?? 'none',
    CORDBOARD_TLS_KEY: listen.tls?.key ?? 'none',
    CORDBOARD_DATA_DIR: config.dataDir,
    DATABASE_URL: database.kind === 'postgres' ? database.shownAs : `none: SQLite in ${database.file}`,
    CORDBOARD_COUNTRY: config.country ?? 'none: named by the first import',
    CORDBOARD_TIME_ZONE: config.timeZone ?? 'none: UTC',
    CORDBOARD_PUBLIC_URL: config.publicUrl ?? 'none',
    CORDBOARD_TRUSTED_PROXIES: config.trustedProxies.join(', ') || 'none',
    CORDBOARD_ALLOW_PRIVATE: config.allowPrivate.join(', ') || 'none',
    CORDBOARD_LOG_LEVEL: config.logLevel,
    CORDBOARD_RETENTION: Object.entries(config.retention)
      .map(([name, days]) => `${name}=${days ?? 'never'}`)
      .join(', '),
    CORDBOARD_REPEAT_SECONDS: String(config.repeatSeconds),
    CORDBOARD_CDR_HOST: cdr.host,
    CORDBOARD_CDR_PORT: cdr.port === null ? 'none' : String(cdr.port),
  }
}

function onlyZoneOf(country: string): string | null {
  const zones = new Intl.Locale(`und-${country}`).getTimeZones?.() ?? []
  return zones.length === 1 ? (zones[0] ?? null) : null
}

function zoneWarning(country: string | null): string {
  const why = country === null ? 'CORDBOARD_COUNTRY is not set either' : `${country} has several time zones`
  return `CORDBOARD_TIME_ZONE is not set and ${why}: days begin at midnight UTC for tenants that name neither a zone nor a country with only one.`
}

function withoutPassword(databaseUrl: string): string {
  const { protocol, username, host, pathname } = new URL(databaseUrl)
  return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`
}
