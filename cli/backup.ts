import { parseArgs } from 'node:util'
import packageJson from '../package.json' with { type: 'json' }
import { migrationsFor } from '../server/migrations/migrations.ts'
import { envToConfig, storeAddress } from '../server/platform/config.ts'
import { backUp } from '../server/platform/copies/backup.ts'
import { noteActOn } from '../server/platform/copies/note-act.ts'
import { readEnv } from '../server/platform/env.ts'
import { CommandError } from './connection.ts'
import { drawRows } from './progress-bar.ts'

const USAGE = `cordboard backup FILE [--replace]

Copies the whole store, as it is at this moment, into FILE, while the hub goes on. Reads the
store of CORDBOARD_DATA_DIR or DATABASE_URL directly; the file restores into either kind.

  --replace   put it in the place of an older backup of that name, once it is whole
`

/** `cordboard backup`: a verified copy of the store in one file, made while the hub runs. */
export async function backup(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { replace: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return void process.stdout.write(USAGE)
  const [file] = positionals
  if (file === undefined) throw new CommandError(USAGE)
  const { config, secrets } = envToConfig(readEnv(process.env))
  const address = storeAddress(config, secrets)
  const header = await backUp({
    address,
    file,
    migrations: migrationsFor('sqlite'),
    version: packageJson.version,
    replace: values.replace ?? false,
    onProgress: drawRows,
  })
  const rows = Object.values(header.tables).reduce((sum, count) => sum + count, 0)
  // The copy is whole by now: a store that cannot be written to is no reason to call it failed.
  await noteActOn(address, 'backup', { action: 'backup', after: { rows } }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    process.stderr.write(`The audit trail holds no line of this backup: ${reason}\n`)
  })
  process.stdout.write(
    `${file}: ${rows.toLocaleString('en')} rows of ${Object.keys(header.tables).length} tables, read back and found whole.\n` +
      'The secret key (CORDBOARD_SECRET_KEY) is not in it: keep it elsewhere.\n',
  )
}
