import { parseArgs } from 'node:util'
import { migrationsFor } from '../server/migrations/migrations.ts'
import { envToConfig, storeAddress } from '../server/platform/config.ts'
import { restore as restoreInto } from '../server/platform/copies/restore.ts'
import { holdDataDirectory } from '../server/platform/data-directory.ts'
import { readEnv } from '../server/platform/env.ts'
import { CommandError } from './connection.ts'
import { drawRows } from './progress-bar.ts'

const USAGE = `cordboard restore FILE

Fills the empty store of CORDBOARD_DATA_DIR, or of DATABASE_URL when it is set, from a backup.
No hub may run on it. A store that holds anything is refused.
`

/** `cordboard restore`: all of a backup into an empty store, or nothing. */
export async function restore(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' } },
  })
  if (values.help) return void process.stdout.write(USAGE)
  const [file] = positionals
  if (file === undefined) throw new CommandError(USAGE)
  const { config, secrets } = envToConfig(readEnv(process.env))
  const held = await holdDataDirectory(config.dataDir)
  try {
    const header = await restoreInto({
      file,
      address: storeAddress(config, secrets),
      migrations: migrationsFor,
      onProgress: drawRows,
    })
    const where = config.database.kind === 'sqlite' ? config.database.file : config.database.shownAs
    process.stdout.write(
      `${where} is as it was on ${header.made_at}. Every table was read back and compared.\n` +
        'The secret key is not part of a backup: start the hub with the CORDBOARD_SECRET_KEY it had then.\n',
    )
  } finally {
    await held.release()
  }
}
