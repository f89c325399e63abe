import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ADMIN_TOKEN, numberOf, startHub, writeBook } from './hub-process.ts'
import { median, runLoad, stopProcess, type LoadResult } from './processes.ts'

/**
 * `npm run bench -- dialects [--numbers 200000] [--rounds 5] [--seconds 3] [--connections 64] [--json]`
 *
 * Questions by number in every dialect against the identification route, of the same hub in the same run; the dialects
 * take turns in every round. On a busy machine the ratio by processor time is the one to look at.
 */
const { values } = parseArgs({
  options: {
    numbers: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    json: { type: 'boolean' },
  },
})
const numbers = Number(values.numbers)
const ASKED = 20_000

type Dialect = { name: string; path(number: string): string; expected: string }
/** With the seconds of processor time that the hub took. */
type Result = LoadResult & { cpu: number }
const BASELINE = 'identification'
const DIALECTS: Dialect[] = [
  {
    name: BASELINE,
    path: (number) => `/api/isKnownPhoneNumber?phoneNumber=${number}`,
    expected: '"known":true',
  },
  { name: 'DBN query', path: (number) => `/3cx/query?cid=${number}`, expected: '"success":true' },
  {
    name: 'caller data',
    path: (number) => `/api/caller-data?telephone=${number}&dnid=0199001000`,
    expected: '"id":',
  },
  { name: 'Asterisk', path: (number) => `/pbx/asterisk?number=${number}`, expected: '' },
  { name: 'FreeSWITCH', path: (number) => `/pbx/freeswitch?number=${number}`, expected: '' },
  { name: '3CX CRM', path: (number) => `/3cx/crm/lookup?number=${number}`, expected: '"id":' },
  { name: 'MIXvoip', path: (number) => `/pbx/mixvoip?calleridnum=${number}`, expected: 'CALLERIDNAME' },
]

const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))

async function main(): Promise<Map<string, Result[]>> {
  const book = join(directory, 'book.csv')
  await writeBook(book, 'CL', 0, numbers)
  const asked = Array.from({ length: ASKED }, (_, i) =>
    encodeURIComponent(numberOf(Math.floor((i * 104_729) % numbers))),
  )
  const files = new Map<string, string>()
  for (const { name, path } of DIALECTS) {
    const file = join(directory, name.replaceAll(' ', '-'))
    await writeFile(file, asked.map(path).join('\n'))
    files.set(name, file)
  }
  const hub = await startHub(directory, undefined)
  try {
    process.stderr.write(`importing ${numbers} numbers …\n`)
    await hub.importBook(book)
    const load = { connections: Number(values.connections), port: hub.port, token: ADMIN_TOKEN }
    const cpuSeconds = async () => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
      const text = await (await fetch(`http://127.0.0.1:${hub.port}/metrics`, { headers })).text()
      return Number(/^cordboard_process_cpu_seconds_total (\S+)/m.exec(text)?.[1])
    }
    const run = async ({ name, expected }: Dialect, seconds: number): Promise<Result> => {
      const before = await cpuSeconds()
      const result = await runLoad({ ...load, seconds, expected, pathsFile: files.get(name)! })
      return { ...result, cpu: (await cpuSeconds()) - before }
    }
    const results = new Map<string, Result[]>(DIALECTS.map(({ name }) => [name, []]))
    for (const dialect of DIALECTS) await run(dialect, 1)
    for (let round = 0; round < Number(values.rounds); round++) {
      // Nobody is always the one after the same other.
      const first = round % DIALECTS.length
      for (const dialect of [...DIALECTS.slice(first), ...DIALECTS.slice(0, first)])
        results.get(dialect.name)?.push(await run(dialect, Number(values.seconds)))
    }
    return results
  } finally {
    await stopProcess(hub.process)
  }
}

function report(results: Map<string, Result[]>): void {
  const rate = (list: Result[]) => median(list.map((one) => one.requests / one.seconds))
  const cost = (list: Result[]) => median(list.map((one) => (one.cpu * 1e6) / one.requests))
  const baseline = results.get(BASELINE) ?? []
  const rows = [...results].map(([name, list]) => ({
    dialect: name,
    'requests/s': Math.round(rate(list)),
    ratio: Number((rate(list) / rate(baseline)).toFixed(3)),
    'CPU µs a request': Number(cost(list).toFixed(1)),
    'ratio by CPU': Number((cost(baseline) / cost(list)).toFixed(3)),
    'p50 ms': median(list.map((one) => one.p50)),
    'p99 ms': median(list.map((one) => one.p99)),
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
