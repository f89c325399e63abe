import { backup } from './backup.ts'
import { erase } from './erase.ts'
import { doctor } from './doctor.ts'
import { exportBook } from './export.ts'
import { importBook } from './import.ts'
import { keys } from './keys.ts'
import { lookUp } from './lookup.ts'
import { pbx } from './pbx.ts'
import { quality } from './quality.ts'
import { renormalise } from './renormalise.ts'
import { CommandError } from './connection.ts'
import { tenants } from './tenants.ts'
import { tokens } from './tokens.ts'
import { moveTo } from './move-to.ts'
import { restore } from './restore.ts'
import { rules } from './rules.ts'
import { users } from './users.ts'
import { work } from './work.ts'
import { status } from './status.ts'
import { xapi } from './xapi.ts'

const USAGE = `cordboard <command>

  serve                     run the hub (the same as npm start)
  import FILE.csv           import a book and show its progress   (import --help)
  export [FILE.csv]         the book in the columns of an import
  lookup NUMBER [--explain] who is calling, and why
  tokens                    list, create NAME, revoke ID          (tokens --help)
  users                     list, add EMAIL, disable EMAIL        (users --help)
  tenants                   list, create NAME                     (tenants --help)
  keys                      list, rotate, rewrap                  (keys --help)
  pbx snapshot|diff|trace   what a PBX was, what changed, where calls go (pbx --help)
  rules export|plan|apply   inbound rules of PBXs as files (rules --help)
  quality [KIND]            what somebody should look at in the book
  renormalise               read all stored numbers again
  erase NUMBER              forget a number or a party  (erase --help)
  work                      list, redrive ID: what is still to be done
  xapi HOST                 operations, call ID: a PBX's own API   (xapi --help)
  status                    is the hub there, and ready
  doctor                    look at everything, and say what to mend
  backup FILE               copy the store into one file while the hub runs
  restore FILE              fill an empty store from a backup
  move-to postgres://…      carry an SQLite store over to PostgreSQL

CORDBOARD_URL says where the hub is (http://127.0.0.1:8377), CORDBOARD_TOKEN who you are.
--tenant ID acts in a child tenant.
`

type Command = (args: string[]) => Promise<void>

async function serve(args: string[]): Promise<void> {
  process.argv.splice(2, process.argv.length - 2, ...args)
  await import('../server/main.ts')
}

const COMMANDS: Record<string, Command> = {
  serve,
  import: importBook,
  export: exportBook,
  lookup: lookUp,
  tokens,
  tenants,
  keys,
  pbx,
  rules,
  quality,
  renormalise,
  erase,
  users,
  work,
  xapi,
  status,
  doctor,
  backup,
  restore,
  'move-to': moveTo,
}

async function main(): Promise<void> {
  const [name, ...args] = process.argv.slice(2)
  if (name === undefined || name === 'help' || name === '--help') {
    process.stdout.write(USAGE)
    return
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) throw new CommandError(`There is no command ${name}.\n\n${USAGE}`)
  await command(args)
}

/** Errors whose message was written for the person at the terminal. */
function isPlain(error: unknown): error is Error {
  return (
    error instanceof Error && ['CommandError', 'ConfigError', 'CopyError', 'HubError'].includes(error.name)
  )
}

/** PostgreSQL's own words, such as a wrong password. */
const isOfDatabase = (error: unknown): error is Error => error instanceof Error && 'severity' in error

await main().catch((error: unknown) => {
  const known = isPlain(error) || isOfDatabase(error) || (error instanceof TypeError && 'code' in error)
  process.stderr.write(
    `${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  if (error instanceof Error && error.name === 'HubError' && error.cause instanceof Error)
    process.stderr.write(`because: ${error.cause.message}\n`)
  process.exitCode = 1
})
