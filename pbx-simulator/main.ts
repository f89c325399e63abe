import { readOptions, USAGE } from './options.ts'
import { openSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function greet(simulator: Simulator, options: SimulatorOptions): void {
  const { url, clientId, clientSecret, controlToken } = simulator
  say(`
PBX simulator, NOT a 3CX: a pretend one for demonstrations and tests.
  listens on      ${url}
  world, seed     ${options.world ?? 'small'}, ${options.seed ?? 'cordboard'}
  client id       ${clientId}   (role ${options.role ?? 'system_owners'})
  client secret   ${clientSecret}
  description     ${url}/xapi/v1/swagger.yaml${options.description ? `   (from ${options.description})` : ''}
  faults          ${
    simulator.faults
      .list()
      .map(({ name, value, path }) => `${name}=${value}${path ? `@${path}` : ''}`)
      .join(' ') || 'none'
  }
  control         ${url}/simulator   (bearer ${controlToken})`)
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env)
  if (options === null) return say(USAGE)
  const simulator = await openSimulator(options)
  greet(simulator, options)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      void simulator.close().then(() => process.exit(0))
    })
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
