import { HubError } from '../errors.ts'
import { BindingError } from './binding.ts'
import { SqliteError, SqliteGone } from './sqlite-client.ts'

const SQLITE_FULL = 13
const SQLITE_CONSTRAINT_UNIQUE = 2067
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555
const SQLITE_CONSTRAINT_FOREIGNKEY = 787
const SQLITE_CONSTRAINT_TRIGGER = 1811

function postgresCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

function sqliteCode(error: unknown): number | null {
  return error instanceof SqliteError ? error.errcode : null
}

/** Another row already has this key. */
export function isUniqueViolation(error: unknown): boolean {
  const sqlite = sqliteCode(error)
  return (
    sqlite === SQLITE_CONSTRAINT_UNIQUE ||
    sqlite === SQLITE_CONSTRAINT_PRIMARYKEY ||
    postgresCode(error) === '23505'
  )
}

/** The row refers to something that is not there, or something still refers to it. */
export function isReferenceViolation(error: unknown): boolean {
  const sqlite = sqliteCode(error)
  return (
    sqlite === SQLITE_CONSTRAINT_FOREIGNKEY ||
    sqlite === SQLITE_CONSTRAINT_TRIGGER ||
    postgresCode(error) === '23503'
  )
}

const POSTGRES_AWAY = /^(08|57P|53300|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/
const AWAY_MESSAGES =
  /connection (terminated|timeout)|timeout exceeded when trying to connect|Query read timeout|client has encountered a connection error/i

/** The store itself is away (stopped, locked, cut off), as opposed to refusing this statement. */
export function isStoreAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isStoreAway)
  const sqlite = sqliteCode(error)
  if (error instanceof SqliteError) return sqlite === null || [5, 6, 10, 14].includes(sqlite & 0xff)
  const code = postgresCode(error)
  if (code !== null && POSTGRES_AWAY.test(code)) return true
  return error instanceof Error && AWAY_MESSAGES.test(error.message)
}

function isStoreFull(error: unknown): boolean {
  const sqlite = sqliteCode(error)
  return (sqlite !== null && (sqlite & 0xff) === SQLITE_FULL) || postgresCode(error) === '53100'
}

/**
 * What a client should be told of an error of the store; other errors pass through as they are. `committing`: the
 * transaction's work was done and its commit was under way.
 */
export function asHubError(error: unknown, committing = false): unknown {
  if (error instanceof HubError) return error
  if (error instanceof BindingError)
    return new HubError('bad_request', `Not storable: ${error.message}`, { cause: error })
  if (isStoreFull(error)) {
    return new HubError('store_full', 'The disk of the store is full: nothing was written.', { cause: error })
  }
  if (isStoreAway(error)) {
    const outcome =
      committing && (error instanceof SqliteGone || !(error instanceof SqliteError))
        ? 'The connection to the store broke during the commit: it may have been written. Look before repeating it.'
        : 'The store cannot be reached: nothing was written.'
    return new HubError('store_unavailable', outcome, { cause: error })
  }
  return error
}
