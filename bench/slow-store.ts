import { spawn } from 'node:child_process'
import { chmod, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ADMIN_TOKEN, numberOf, startHub, writeBook, type HubProcess } from './hub-process.ts'
import { newCluster, newSmallDisk, type Cluster } from './own-cluster.ts'
import { firstLine, stopProcess } from './processes.ts'
import { openSlowProxy, type SlowProxy } from './slow-proxy.ts'
import { judge, tryWrites, type Tried } from './tried-writes.ts'

/**
 * `npm run bench -- slow-store [--programs /usr/lib/postgresql/15/bin] [--numbers 100000] [--seconds 20] [--rate 1000] [--writes 20] [--json]`
 *
 * A hub on a PostgreSQL of its own (made in a temporary directory, in memory where this user may mount one), asked at a
 * fixed rate while the database is calm, stopped, slowed, full and restarted; writes are tried all along. Every lookup
 * is compared with the book, and every write with the tables.
 */
const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '/usr/lib/postgresql/15/bin' },
    numbers: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    writes: { type: 'string', default: '20' },
    json: { type: 'boolean' },
  },
})
const numbers = Number(values.numbers)
const seconds = Number(values.seconds)
const SLOW_MS = 500
const DISK_MIB = 1_024
const LOAD = fileURLToPath(new URL('./steady-load.ts', import.meta.url))
const tell = (text: string) => process.stderr.write(`${text}\n`)

type Load = { requests: number; wrong: number; unanswered: number; p50: number; p99: number; max: number }
type Row = { phase: string; load: Load; tried: Tried }
type Place = { cluster: Cluster; proxy: SlowProxy; disk: string | null }

/** What is done to the store once the load has begun, and how it ends. */
const PHASES: Record<string, (place: Place) => Promise<void>> = {
  calm: async () => wait(seconds * 1000),
  stopped: async ({ cluster }) => {
    await wait(1_000)
    await cluster.stop('immediate')
    await wait(seconds * 1000)
  },
  'started again': async ({ cluster }) => {
    await cluster.start()
    await wait(seconds * 1000)
  },
  'slowed by 500 ms a query': async ({ proxy }) => {
    await wait(1_000)
    proxy.delay(SLOW_MS / 2)
    await wait(seconds * 1000)
  },
  'calm again': async ({ proxy }) => {
    proxy.delay(0)
    await wait(seconds * 1000)
  },
  full: async ({ disk }) => {
    await wait(1_000)
    if (disk) await fill(join(disk, 'filler'))
    await wait(seconds * 1000)
  },
  'room again': async ({ disk, cluster }) => {
    if (disk) await rm(join(disk, 'filler'))
    // A server that could not write its log has ended itself.
    await cluster.start().catch(() => {})
    await wait(seconds * 1000)
  },
  'restarted three times': async ({ cluster }) => {
    for (let n = 0; n < 3; n++) {
      await wait((seconds * 1000) / 4)
      await cluster.restart()
    }
    await wait((seconds * 1000) / 4)
  },
}

async function fill(file: string): Promise<void> {
  const handle = await open(file, 'w')
  try {
    for (const size of [1 << 20, 4_096]) {
      const piece = Buffer.alloc(size)
      for (;;) await handle.write(piece)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    await handle.close()
  }
}

/** Nine of ten questions are about somebody in the book, and the answer must name them. */
function questions(): string {
  const lines = Array.from({ length: 20_000 }, (_, i) => {
    const n = Math.floor((i * 104_729) % numbers)
    const known = i % 10 > 0
    const number = numberOf(known ? n : 60_000_000 + n)
    const holder = n % 4 === 0 ? '"contact":null' : `"name":"First${n % 4} Last${Math.floor(n / 4)}"`
    const path = `/api/isKnownPhoneNumber?phoneNumber=${encodeURIComponent(number)}`
    return `${path}\t${known ? `"account":"CL${Math.floor(n / 4)}"` : '"known":false'}\t${known ? holder : ''}`
  })
  return lines.join('\n')
}

async function runPhase(phase: string, hub: HubProcess, place: Place, file: string): Promise<Row> {
  const ended = new AbortController()
  const args = [LOAD, String(hub.port), '64', values.rate, String(seconds), file, ADMIN_TOKEN]
  const load = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const tried = tryWrites(hub.port, Number(values.writes), ended.signal)
  const done = PHASES[phase]!(place)
  const [line] = await Promise.all([firstLine(load), done]).finally(() => ended.abort())
  return { phase, load: JSON.parse(line) as Load, tried: await tried }
}

/** Waits until the hub writes again, whatever happened to the store before. */
async function untilReady(hub: HubProcess): Promise<void> {
  for (let n = 0; n < 600; n++) {
    const answer = await fetch(`http://127.0.0.1:${hub.port}/health/ready`).catch(() => null)
    const state = (await answer?.json()) as { status: string } | undefined
    if (state?.status === 'ready') return
    await wait(100)
  }
  throw new Error('the hub did not become ready again')
}

async function main(directory: string): Promise<void> {
  const disk = join(directory, 'disk')
  const unmount = await newSmallDisk(disk, DISK_MIB)
  if (!unmount) tell('this user may not mount a small disk: the phase `full` fills none')
  try {
    await measure(directory, await newCluster(disk, values.programs), unmount && disk)
  } finally {
    unmount?.()
  }
}

async function measure(directory: string, cluster: Cluster, disk: string | null): Promise<void> {
  const proxy = await openSlowProxy(cluster.port)
  try {
    const [book, asked] = [join(directory, 'book.csv'), join(directory, 'questions')]
    await writeBook(book, 'CL', 0, numbers)
    await writeFile(asked, questions())
    const hub = await startHub(directory, cluster.url(proxy.port))
    try {
      hub.unpin()
      tell(`importing ${numbers} numbers …`)
      await hub.importBook(book)
      const rows: Row[] = []
      const place: Place = { cluster, proxy, disk }
      // Code that has run is compiled before anything is measured.
      await runPhase('calm', hub, place, asked)
      for (const phase of Object.keys(PHASES)) {
        if (phase === 'full' && !disk) continue
        tell(phase)
        rows.push(await runPhase(phase, hub, place, asked))
        if (!['stopped', 'full', 'slowed by 500 ms a query'].includes(phase)) await untilReady(hub)
      }
      report(rows)
      console.log(
        JSON.stringify(
          await judge(
            cluster.url(),
            rows.map((row) => row.tried),
          ),
        ),
      )
    } finally {
      await stopProcess(hub.process)
    }
  } finally {
    proxy.close()
    await cluster.stop('immediate').catch(() => {})
  }
}

function report(rows: Row[]): void {
  const calm = rows[0]!.load.p99
  const table = rows.map(({ phase, load, tried }) => ({
    phase,
    ...load,
    'p99 to calm': Number((load.p99 / calm).toFixed(2)),
    acknowledged: tried.acknowledged.length,
    refused: tried.refused.length,
    unclear: tried.unclear.length,
  }))
  if (values.json) process.stdout.write(`${JSON.stringify(table)}\n`)
  else console.table(table)
  for (const { phase, tried } of rows) tell(`${phase}: ${JSON.stringify(tried.codes)}`)
}

const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
// The user PostgreSQL runs as goes through it.
await chmod(directory, 0o755)
try {
  await main(directory)
} finally {
  await rm(directory, { recursive: true, force: true })
}
