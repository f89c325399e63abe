import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { migrationsFor } from '../server/migrations/migrations.ts'
import { envToConfig, type Config } from '../server/platform/config.ts'
import { move } from '../server/platform/copies/move.ts'
import { holdDataDirectory } from '../server/platform/data-directory.ts'
import { readEnv } from '../server/platform/env.ts'
import { CommandError } from './connection.ts'
import { drawRows } from './progress-bar.ts'

const USAGE = `cordboard move-to postgres://user:password@host/database

Carries the SQLite store of CORDBOARD_DATA_DIR over to an empty PostgreSQL database, ids included.
Stop the hub first. Interrupted, run it again: it goes on where it was. Without an argument it moves
to DATABASE_URL, which keeps the password out of the list of processes.
`

type Environment = Record<string, string | undefined>

/** The SQLite store is the one a hub without DATABASE_URL would use. */
function sourceOf(environment: Environment): { config: Config; file: string } {
  const { config } = envToConfig(
    readEnv({ ...environment, DATABASE_URL: undefined, DATABASE_URL_FILE: undefined }),
  )
  if (config.database.kind !== 'sqlite' || !existsSync(config.database.file)) {
    throw new CommandError(
      `There is no SQLite store in ${config.dataDir}. CORDBOARD_DATA_DIR says where it is.`,
    )
  }
  return { config, file: config.database.file }
}

function targetOf(environment: Environment, given: string | undefined): { url: string; shownAs: string } {
  const named =
    given === undefined ? environment : { ...environment, DATABASE_URL: given, DATABASE_URL_FILE: undefined }
  const { config, secrets } = envToConfig(readEnv(named))
  if (config.database.kind !== 'postgres' || secrets.databaseUrl === null) throw new CommandError(USAGE)
  return { url: secrets.databaseUrl, shownAs: config.database.shownAs }
}

/** `cordboard move-to`: from SQLite to PostgreSQL, resumable, compared at the end. */
export async function moveTo(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' } },
  })
  if (values.help) return void process.stdout.write(USAGE)
  const { url, shownAs } = targetOf(process.env, positionals[0])
  const { config, file } = sourceOf(process.env)
  const held = await holdDataDirectory(config.dataDir)
  try {
    const { tables, resumed } = await move({
      file,
      url,
      migrations: migrationsFor,
      onCopied: (done, total) => drawRows(done, total, 'rows copied'),
      onCompared: (done, total) => drawRows(done, total, 'rows compared'),
    })
    const rows = Object.values(tables).reduce((sum, count) => sum + count, 0)
    process.stdout.write(
      `${rows.toLocaleString('en')} rows of ${Object.keys(tables).length} tables are in ${shownAs}${resumed ? ' (gone on from an interrupted move)' : ''}, the same on both sides.\n` +
        `Start the hub with DATABASE_URL and with the same CORDBOARD_DATA_DIR. ${file} was only read: keep it until you are content.\n`,
    )
  } finally {
    await held.release()
  }
}
