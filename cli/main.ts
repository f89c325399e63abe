import { CommandError } from './connection.ts'

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

/** Each is loaded when it is called: most need only a small part of the hub. */
const COMMANDS: Record<string, Command> = {
  serve,
  import: async (args) => (await import('./import.ts')).importBook(args),
  export: async (args) => (await import('./export.ts')).exportBook(args),
  lookup: async (args) => (await import('./lookup.ts')).lookUp(args),
  tokens: async (args) => (await import('./tokens.ts')).tokens(args),
  tenants: async (args) => (await import('./tenants.ts')).tenants(args),
  keys: async (args) => (await import('./keys.ts')).keys(args),
  pbx: async (args) => (await import('./pbx.ts')).pbx(args),
  rules: async (args) => (await import('./rules.ts')).rules(args),
  quality: async (args) => (await import('./quality.ts')).quality(args),
  renormalise: async (args) => (await import('./renormalise.ts')).renormalise(args),
  erase: async (args) => (await import('./erase.ts')).erase(args),
  users: async (args) => (await import('./users.ts')).users(args),
  work: async (args) => (await import('./work.ts')).work(args),
  xapi: async (args) => (await import('./xapi.ts')).xapi(args),
  status: async () => (await import('./status.ts')).status(),
  doctor: async (args) => (await import('./doctor.ts')).doctor(args),
  backup: async (args) => (await import('./backup.ts')).backup(args),
  restore: async (args) => (await import('./restore.ts')).restore(args),
  'move-to': async (args) => (await import('./move-to.ts')).moveTo(args),
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
