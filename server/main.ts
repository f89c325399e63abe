import { parseArgs } from 'node:util'
import { openHub, type Hub } from './hub.ts'
import { describeConfig, envToConfig } from './platform/config.ts'
import { readEnv } from './platform/env.ts'
import { HubError } from './platform/errors.ts'
import { openLog, type Log } from './platform/log.ts'
import { loadSampleBook } from './sample-book.ts'

const CLOSE_WITHIN_MS = 15_000

const USAGE = `npm start -- [--sample]

  --sample  load the sample book when the directory is empty
`

/** Words for the person at the terminal go to stderr; stdout carries the log alone. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function fail(error: unknown): never {
  say(error instanceof Error ? error.message : String(error))
  process.exit(1)
}

/** Resolves at the first signal that asks to stop; a second one a moment later stops at once. */
function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = 0
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (first === 0) {
          first = Date.now()
          resolve(name)
        } else if (Date.now() - first > 1_000) process.exit(1)
      })
    }
  })
}

async function greet(hub: Hub, sample: boolean): Promise<void> {
  const empty = hub.directory.stats().parties === 0
  const lines = [`\nCordboard listens on ${hub.url}   (API description: ${hub.url}/docs)`]
  if (hub.tokenFile) lines.push(`  first token            ${hub.tokenFile}`)
  if (empty && !sample) {
    lines.push('  The directory is empty. Load the sample book:  npm run cordboard -- import --sample')
  }
  say(lines.join('\n'))
  if (empty && sample) say(`  sample book            ${await loadSampleBook(hub)}`)
}

async function stop(hub: Hub, log: Log): Promise<void> {
  const late = setTimeout(() => {
    say('Cordboard did not stop in time: some requests were cut off.')
    process.exit(1)
  }, CLOSE_WITHIN_MS)
  await hub.close()
  clearTimeout(late)
  log.info('Cordboard stopped')
  await log.close()
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { sample: { type: 'boolean' }, help: { type: 'boolean' } } })
  if (values.help) return say(USAGE)
  const { config, secrets } = envToConfig(readEnv(process.env))
  const log = openLog({ level: config.logLevel })
  process.on('uncaughtException', (error) => {
    log.error('a fault nobody handled: stopping', { error })
    void log.close().finally(() => process.exit(1))
  })
  // What the hub writes is for its own user: a book of customers is nobody else's to read.
  process.umask(0o077)
  const asked = signalled()
  for (const [name, value] of Object.entries(describeConfig(config))) {
    if (value !== 'none') say(`  ${name.padEnd(22)} ${value}`)
  }
  for (const warning of config.warnings) say(`  warning: ${warning}`)
  const hub = await openHub({ config, secrets, log }).catch(async (error: unknown) => {
    await log.close()
    throw error
  })
  await greet(hub, values.sample ?? false)
  const signal = await asked
  say(`${signal}: stopping`)
  await stop(hub, log)
}

await main().catch((error: unknown) => {
  const { code, address, port } = error as { code?: unknown; address?: unknown; port?: unknown }
  if (code === 'EADDRINUSE') {
    fail(
      `Something else listens on ${String(address)}:${String(port)}. Stop it, or set CORDBOARD_PORT to another port.`,
    )
  }
  if (error instanceof HubError && error.cause instanceof Error) say(`  because: ${error.cause.message}`)
  fail(error)
})
process.exit(0)
