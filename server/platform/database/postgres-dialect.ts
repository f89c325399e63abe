import { PostgresDialect, type Dialect } from 'kysely'
import pg from 'pg'
import { checkBinding } from './binding.ts'

const INT8 = 20

/** pg's own parsers, except that int8 (ids, counts, instants: all below 2^53) is a number. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary'
      ? Number
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

export type PostgresOptions = {
  url: string
  maxConnections: number
  onIdleError: (error: Error) => void
}

function checkAll(value: unknown): void {
  if (Array.isArray(value)) value.forEach(checkAll)
  else checkBinding(value)
}

/** A client that refuses values which would be stored as something else. */
class CheckedClient extends pg.Client {
  // pg's query() has seven overloads; only the place of the parameters matters here.
  override query = ((...input: unknown[]) => {
    const [text, parameters] = input
    // Only the schema reader of the migrations asks the catalogue, and it asks with booleans.
    const ofCatalogue = typeof text === 'string' && text.includes('pg_catalog')
    if (Array.isArray(parameters) && !ofCatalogue) parameters.forEach(checkAll)
    return (super.query as (...passed: unknown[]) => unknown).apply(this, input)
  }) as pg.Client['query']
}

/** A pool of checked clients; connections are made when first needed. */
export function openPostgresPool({ url, maxConnections, onIdleError }: PostgresOptions): pg.Pool {
  const pool = new pg.Pool({
    Client: CheckedClient,
    connectionString: url,
    max: maxConnections,
    types,
    application_name: 'cordboard',
    connectionTimeoutMillis: 5_000,
    statement_timeout: 50_000,
    query_timeout: 60_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  })
  pool.on('error', onIdleError)
  // The pool listens to idle connections alone. One that breaks between two statements of a transaction is told of by
  // the next statement; without a listener Node would take it for a fault nobody handles and end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

export function postgresDialect(pool: pg.Pool): Dialect {
  return new PostgresDialect({ pool })
}
