import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { fillStore, sumsOfPostgres, sumsOfSqlite } from './big-store.ts'
import { startHub } from './hub-process.ts'
import { newCluster, type Cluster } from './own-cluster.ts'
import { stopProcess } from './processes.ts'

/**
 * `npm run bench -- move-to [--programs /usr/lib/postgresql/15/bin] [--contacts 1000000] [--kills 10]`
 *
 * An SQLite store moved to a PostgreSQL of the bench's own: once without a stop, once killed (SIGKILL) at random moments
 * and repeated. Both ends are compared by a walk of the bench's own; the baseline is COPY of the same rows into the same
 * tables, indexes and references in place.
 */
const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '/usr/lib/postgresql/15/bin' },
    contacts: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '10' },
  },
})
const CLI = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
const tell = (text: string) => process.stderr.write(`${text}\n`)
const secondsSince = (start: number) => Math.round((performance.now() - start) / 100) / 10

type Run = { code: number | null; seconds: number; copiedAfter: number | null; peakMiB: number; said: string }

/** One `cordboard move-to`; killed once it has said that this share of its work is done (over 100: of comparing). */
async function moveTo(dataDir: string, url: string, killAt = Number.POSITIVE_INFINITY): Promise<Run> {
  const started = performance.now()
  const env = { ...process.env, CORDBOARD_DATA_DIR: dataDir, DATABASE_URL: url }
  const child = spawn(process.execPath, [CLI, 'move-to'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const run: Run = { code: null, seconds: 0, copiedAfter: null, peakMiB: 0, said: '' }
  const hear = (chunk: Buffer) => {
    run.said = (run.said + String(chunk)).slice(-4_000)
    for (const [, share, act] of run.said.matchAll(/(\d+) % .* rows (\w+)/g)) {
      const done = Number(share) + (act === 'compared' ? 100 : 0)
      if (done >= 100) run.copiedAfter ??= secondsSince(started)
      if (done >= killAt) setTimeout(() => child.kill('SIGKILL'), Math.random() * 200)
    }
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const watch = setInterval(() => {
    try {
      const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
      run.peakMiB = Math.max(run.peakMiB, Math.round(Number(peak ?? 0) / 1024))
    } catch {
      // Gone already, or a system that has no such file.
    }
  }, 100)
  ;[run.code] = (await once(child, 'exit')) as [number | null]
  clearInterval(watch)
  run.seconds = secondsSince(started)
  return run
}

async function newDatabase(cluster: Cluster, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: cluster.url() })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return cluster.url().replace(/postgres$/, name)
}

async function checkSame(file: string, url: string): Promise<string> {
  const here = sumsOfSqlite(file)
  const there = await sumsOfPostgres(url, here.columns)
  const different = [...here.sums].filter(
    ([table, { rows, sum }]) => there.sums.get(table)?.rows !== rows || there.sums.get(table)?.sum !== sum,
  )
  const tables = different.map(([table]) => table).join(', ') || 'none'
  const rows = [...here.sums.values()].reduce((sum, one) => sum + one.rows, 0)
  return `${rows} rows of ${here.sums.size} tables walked; different: ${tables}; sequences that hand out used ids: ${there.usedIds.join(', ') || 'none'}`
}

/** The least it takes: COPY into the same tables, indexes and references in place. */
async function copyAlone(cluster: Cluster, from: string, directory: string): Promise<number> {
  const to = await newDatabase(cluster, 'copied')
  const run = (program: string, args: string[]) => {
    const { status, stderr } = spawnSync(join(values.programs, program), args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${program}: ${stderr}`)
  }
  const [schema, rows] = [join(directory, 'schema.sql'), join(directory, 'rows.sql')]
  run('pg_dump', ['--schema-only', '-f', schema, from])
  run('pg_dump', ['--data-only', '-f', rows, from])
  run('psql', ['-q', '-f', schema, to])
  const started = performance.now()
  run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-f', rows, to])
  return secondsSince(started)
}

async function main(directory: string, cluster: Cluster): Promise<void> {
  const hub = await startHub(directory, undefined)
  await stopProcess(hub.process)
  const dataDir = join(directory, 'data')
  const file = join(dataDir, 'cordboard.db')
  tell(`filling a store with ${values.contacts} contacts …`)
  fillStore(file, Number(values.contacts))

  tell('moving it without a stop …')
  const whole = await moveTo(dataDir, await newDatabase(cluster, 'whole'))
  if (whole.code !== 0) throw new Error(whole.said)
  const copied = await copyAlone(cluster, cluster.url().replace(/postgres$/, 'whole'), directory)

  const interrupted = await newDatabase(cluster, 'interrupted')
  const moments = Array.from({ length: Number(values.kills) }, () => Math.random() * 195)
  const runs: Run[] = []
  for (const moment of moments.sort((a, b) => a - b)) {
    runs.push(await moveTo(dataDir, interrupted, moment))
    tell(`killed at ${moment.toFixed(1)}: ${runs.at(-1)!.code === null ? 'yes' : runs.at(-1)!.said}`)
    await wait(100)
  }
  runs.push(await moveTo(dataDir, interrupted))
  const last = runs.at(-1)!
  console.table([
    { step: 'COPY of the same rows into the same tables', seconds: copied, ratio: 1 },
    { step: 'copied', seconds: whole.copiedAfter, ratio: ratio(whole.copiedAfter ?? 0, copied) },
    { step: 'copied and compared', seconds: whole.seconds, ratio: ratio(whole.seconds, copied) },
    {
      step: `killed ${runs.filter((run) => run.code === null).length} times`,
      seconds: sum(runs),
      ratio: ratio(sum(runs), copied),
    },
  ])
  console.log(`peak of resident memory: ${Math.max(whole.peakMiB, ...runs.map((run) => run.peakMiB))} MiB`)
  console.log(last.code === 0 ? last.said.trim().split('\n').at(-2) : `NOT ENDED: ${last.said}`)
  console.log(await checkSame(file, interrupted))
}

const sum = (runs: Run[]) => Math.round(runs.reduce((all, run) => all + run.seconds, 0) * 10) / 10
const ratio = (seconds: number, base: number) => Number((seconds / base).toFixed(2))

const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
// The user PostgreSQL runs as goes through it.
await chmod(directory, 0o755)
try {
  const cluster = await newCluster(join(directory, 'postgres'), values.programs)
  try {
    await main(directory, cluster)
  } finally {
    await cluster.stop('immediate')
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
