import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ADMIN_TOKEN, questions, startHub, writeBook } from './hub-process.ts'
import {
  firstLine,
  median,
  processorTime,
  runLoad,
  startServer,
  stopProcess,
  type LoadResult,
} from './processes.ts'

/**
 * `npm run bench -- lookup [--numbers 1000000] [--rounds 5] [--seconds 4] [--connections 64] [--postgres URL] [--json]`
 *
 * The hub as `npm start` ships it, one process on one core, against a bare node:http server with a constant answer,
 * and with `--postgres` (an empty database that this bench fills) against the same question as a SELECT. Servers take
 * turns in every round; the load comes from another core. Then the same load while a second book is imported.
 *
 * `cpu µs` is what the server's process (all its threads, the kernel's work for it included) has had of processors for
 * one answer, whoever else wanted them meanwhile; `of cpu` is the baseline's in relation to it.
 */
const { values } = parseArgs({
  options: {
    numbers: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
    postgres: { type: 'string' },
    json: { type: 'boolean' },
  },
})
const numbers = Number(values.numbers)
const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
const tell = (text: string) => process.stderr.write(`${text}\n`)

type Measured = LoadResult & { processor: number }
type Load = Omit<Parameters<typeof runLoad>[0], 'port' | 'token'>

async function measure(load: Load, port: number, token: string, pid: number): Promise<Measured> {
  const before = processorTime(pid)
  const result = await runLoad({ ...load, port, token })
  return { ...result, processor: processorTime(pid) - before }
}

const IMPORTING = 'cordboard, importing'

async function main(): Promise<Map<string, Measured[]>> {
  const [book, second, pathsFile] = ['book.csv', 'second.csv', 'paths'].map((name) =>
    join(directory, name),
  ) as [string, string, string]
  await writeBook(book, 'CL', 0, numbers)
  await writeBook(second, 'DL', numbers, numbers / 4)
  await writeFile(pathsFile, questions(numbers, 20_000).join('\n'))
  const hub = await startHub(directory, values.postgres)
  const bare = startServer('./bare-server.ts', { output: 'pipe' })
  const select = values.postgres
    ? startServer('./select-server.ts', { args: [values.postgres], output: 'pipe' })
    : null
  try {
    const load: Load = {
      connections: Number(values.connections),
      seconds: Number(values.seconds),
      pathsFile,
      expected: '"known":true',
    }
    const targets = [
      { name: 'bare node:http', port: Number(await firstLine(bare)), token: '', pid: bare.pid! },
      { name: 'cordboard', port: hub.port, token: ADMIN_TOKEN, pid: hub.process.pid! },
      ...(select
        ? [
            {
              name: 'SELECT through pg',
              port: Number(await firstLine(select)),
              token: '',
              pid: select.pid!,
            },
          ]
        : []),
    ]
    tell(`importing ${numbers} numbers …`)
    await hub.importBook(book)
    const results = new Map<string, Measured[]>(targets.map(({ name }) => [name, []]))
    for (const { port, token } of targets) await runLoad({ ...load, seconds: 2, port, token })
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const { name, port, token, pid } of targets)
        results.get(name)?.push(await measure(load, port, token, pid))
    }
    tell('the same while a second book is imported …')
    hub.unpin()
    let importing = true
    const imported = hub.importBook(second).finally(() => (importing = false))
    results.set(IMPORTING, [])
    while (importing)
      results.get(IMPORTING)?.push(await measure(load, hub.port, ADMIN_TOKEN, hub.process.pid!))
    await imported
    return results
  } finally {
    await Promise.all([hub.process, bare, ...(select ? [select] : [])].map(stopProcess))
  }
}

function report(results: Map<string, Measured[]>): void {
  const processor = (list: Measured[]) => median(list.map((one) => (one.processor / one.requests) * 1e6))
  const baselineProcessor = processor(results.get('bare node:http') ?? [])
  const rate = (list: Measured[]) => median(list.map((one) => one.requests / one.seconds))
  const baseline = rate(results.get('bare node:http') ?? [])
  const rows = [...results].map(([name, list]) => ({
    server: name,
    'requests/s': Math.round(rate(list)),
    ratio: Number((rate(list) / baseline).toFixed(3)),
    // While importing, the import's own work is in it.
    'cpu µs': name === IMPORTING ? null : Number(processor(list).toFixed(1)),
    'of cpu': name === IMPORTING ? null : Number((baselineProcessor / processor(list)).toFixed(3)),
    'p50 ms': median(list.map((one) => one.p50)),
    'p99 ms': median(list.map((one) => one.p99)),
    'p99.9 ms': median(list.map((one) => one.p999)),
    wrong: list.reduce((sum, one) => sum + one.wrong, 0),
  }))
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  else console.table(rows)
}

try {
  report(await main())
} finally {
  await rm(directory, { recursive: true, force: true })
}
