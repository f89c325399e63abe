import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ADMIN_TOKEN, questions, startHub, writeBook } from './hub-process.ts'
import {
  firstLine,
  median,
  processorTime,
  residentMemory,
  runLoad,
  startServer,
  stopProcess,
  type LoadResult,
} from './processes.ts'

/**
 * `npm run bench -- workers [--numbers 1000000] [--workers 2] [--rounds 5] [--seconds 4] [--connections 64] [--cores 0-1] [--json]`
 *
 * The hub with one thread and with several, and bare node:http servers likewise. Servers and the load share the same
 * cores and nobody spins, so the figure to compare is the processor time of an answer; requests a second only grow as
 * far as the cores the load generator leaves allow. Servers take turns in every round.
 */
const { values } = parseArgs({
  options: {
    numbers: { type: 'string', default: '1000000' },
    workers: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
    cores: { type: 'string', default: '0-1' },
    json: { type: 'boolean' },
  },
})
const { workers, cores } = values
const numbers = Number(values.numbers)
const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
const tell = (text: string) => process.stderr.write(`${text}\n`)

type Target = { name: string; pid: number; port: number; token: string }
type Round = LoadResult & { server: number }

async function measure(targets: Target[], pathsFile: string): Promise<Map<string, Round[]>> {
  const load = {
    connections: Number(values.connections),
    pathsFile,
    expected: '"known":true',
    cores,
    sleeps: true,
  }
  const results = new Map<string, Round[]>(targets.map(({ name }) => [name, []]))
  for (const { port, token } of targets) await runLoad({ ...load, seconds: 2, port, token })
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { name, pid, port, token } of targets) {
      const before = processorTime(pid)
      const result = await runLoad({ ...load, seconds: Number(values.seconds), port, token })
      results.get(name)?.push({ ...result, server: processorTime(pid) - before })
    }
  }
  return results
}

function report(targets: Target[], results: Map<string, Round[]>, memory: Map<string, number>): void {
  const rows = targets.map(({ name }) => {
    const rounds = results.get(name) ?? []
    const of = (figure: (round: Round) => number) => median(rounds.map(figure))
    const microseconds = (seconds: (round: Round) => number) =>
      Number(of((round) => (seconds(round) / round.requests) * 1e6).toFixed(1))
    return {
      server: name,
      'requests/s': Math.round(of((round) => round.requests / round.seconds)),
      'p50 ms': of((round) => round.p50),
      'p99 ms': of((round) => round.p99),
      'server, µs an answer': microseconds((round) => round.server),
      'load, µs an answer': microseconds((round) => round.cpu),
      'cores of the server': Number(of((round) => round.server / round.seconds).toFixed(2)),
      'MiB resident': memory.get(name) ?? Number.NaN,
      wrong: rounds.reduce((sum, one) => sum + one.wrong, 0),
    }
  })
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  else console.table(rows)
}

async function main(): Promise<void> {
  const [book, pathsFile] = ['book.csv', 'paths'].map((name) => join(directory, name)) as [string, string]
  await writeBook(book, 'CL', 0, numbers)
  await writeFile(pathsFile, questions(numbers, 20_000).join('\n'))
  const bare = (args: string[]) => startServer('./bare-server.ts', { args, cores, output: 'pipe' })
  const bareServers = [bare([]), bare([workers])] as const
  const hub = async (name: string, count: string) => {
    const environment = { CORDBOARD_WORKERS: count }
    const data = await mkdtemp(join(directory, 'hub-'))
    const one = await startHub(data, undefined, { environment, cores })
    tell(`${name}: importing ${numbers} numbers …`)
    await one.importBook(book)
    return one
  }
  const alone = await hub('one thread', '1')
  const several = await hub(`${workers} workers`, workers)
  const processes = [...bareServers, alone.process, several.process]
  try {
    const ports = [
      ...(await Promise.all(bareServers.map(firstLine))).map(Number),
      alone.port,
      several.port,
    ] as const
    const names = [
      'bare node:http',
      `bare node:http, ${workers} threads`,
      'cordboard',
      `cordboard, ${workers} workers`,
    ]
    const targets = names.map((name, i) => {
      const token = i < 2 ? '' : ADMIN_TOKEN
      return { name, pid: processes[i]?.pid ?? 0, port: ports[i] ?? 0, token }
    })
    const results = await measure(targets, pathsFile)
    report(targets, results, new Map(targets.map(({ name, pid }) => [name, residentMemory(pid)])))
  } finally {
    await Promise.all(processes.map(stopProcess))
  }
}

try {
  await main()
} finally {
  await rm(directory, { recursive: true, force: true })
}
