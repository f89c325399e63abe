import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { ADMIN_TOKEN, numberOf, startHub, type HubProcess } from './hub-process.ts'
import { median, processorTime, runLoad, stopProcess } from './processes.ts'

/**
 * `npm run bench -- hydrate [--numbers 1000000] [--against 100000] [--postgres URL] [--starts 3] [--rounds 3] [--json]`
 *
 * A start without a snapshot: seconds from the start of the process until it is ready, its memory as the kernel counts
 * it, and then, once the first snapshot is written and what was freed is given back, lookups, beside a hub on a book of
 * `--against` numbers in the same run: a second, and the processor time of one, which holds on a busy machine too. The book is written straight
 * into the tables: two or three numbers a person, a customer for every four persons. `--postgres` names an empty
 * database whose user may switch off the checks of references (a superuser), so that ten million rows take minutes.
 */
const { values } = parseArgs({
  options: {
    numbers: { type: 'string', default: '1000000' },
    against: { type: 'string', default: '100000' },
    postgres: { type: 'string' },
    starts: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    json: { type: 'boolean' },
  },
})
const numbers = Number(values.numbers)
const tell = (text: string) => process.stderr.write(`${text}\n`)

/** The same SQL on both engines, given the words for "the integers from 1 to n as i" and for padding. */
function statements(
  of: number,
  series: (to: number) => string,
  padded: (value: string, to: number) => string,
): string[] {
  const customers = Math.ceil(of / 10)
  const contacts = Math.ceil(of / 2.5)
  const number = (at: string) => `'+336' || ${padded(`((${at}) * 7919) % 100000000`, 8)}`
  const phone = (contact: string, position: number, at: string, where: string) =>
    `insert into phones (tenant_id, contact_id, position, kind, raw, e164, country, normaliser)
     select 1, ${contact}, ${position}, 'mobile', ${number(at)}, ${number(at)}, 'FR', 1 from ${series(contacts)} where ${where} order by i`
  const party = `${customers} + i`
  const first = '((i - 1) / 2) * 5 + ((i - 1) % 2) * 2'
  return [
    `insert into customers (id, tenant_id, account, account_key, name, name_folded, active, created_at, updated_at)
     select i, 1, 'CL' || i, 'cl' || i, 'Customer ' || i, 'customer ' || i, 1, 0, 0 from ${series(customers)}`,
    `insert into contacts (id, tenant_id, customer_id, first_name, last_name, name_folded, active, created_at, updated_at)
     select ${party}, 1, (i - 1) / 4 + 1, 'First' || i, 'Last' || i, 'last' || i, 1, 0, 0 from ${series(contacts)}`,
    phone(party, 0, first, '1 = 1'),
    phone(party, 1, `${first} + 1`, '1 = 1'),
    phone(party, 2, `${first} + 2`, 'i % 2 = 0'),
  ]
}

function writeSqlite(file: string, of: number): void {
  const database = new DatabaseSync(file)
  database.exec('pragma journal_mode = wal; pragma synchronous = off; pragma foreign_keys = off; begin')
  const series = (to: number) =>
    `(with recursive s(i) as (select 1 union all select i + 1 from s where i < ${to}) select i from s)`
  for (const statement of statements(of, series, (value, to) => `printf('%0${to}d', ${value})`))
    database.exec(statement)
  database.exec(`update id_sequences set next = ${of} where name = 'party'`)
  database.exec('commit; analyze; pragma wal_checkpoint(truncate)')
  database.close()
}

async function writePostgres(url: string, of: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('set session_replication_role = replica')
  await client.query('set synchronous_commit = off')
  const series = (to: number) => `(select generate_series(1, ${to}::bigint) as i) as series`
  for (const statement of statements(of, series, (value, to) => `lpad((${value})::text, ${to}, '0')`))
    await client.query(statement)
  await client.query(`select setval('party_ids', ${of})`)
  await client.query('vacuum analyze')
  await client.end()
}

async function processMemory(pid: number): Promise<{ now: number; most: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const megabytes = (name: string) =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return { now: megabytes('VmRSS'), most: megabytes('VmHWM') }
}

async function start(
  directory: string,
  postgres: string | undefined,
): Promise<{ hub: HubProcess; seconds: number }> {
  await rm(join(directory, 'data', 'memory.snapshot'), { force: true })
  const started = performance.now()
  const hub = await startHub(directory, postgres, { cores: '0,1' })
  return { hub, seconds: (performance.now() - started) / 1000 }
}

/** A hub without a snapshot writes one at once; what lookups cost is measured when that is done. */
async function untilWritten({ port }: HubProcess): Promise<void> {
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`)
    const { snapshot_written_at } = (await ready.json()) as { snapshot_written_at: string | null }
    if (snapshot_written_at !== null) return
    await wait(250)
  }
}

/** A data directory (and database) with a book of `of` numbers in it. */
async function prepare(directory: string, postgres: string | undefined, of: number): Promise<void> {
  const { hub } = await start(directory, postgres)
  await stopProcess(hub.process)
  tell(`writing ${of} numbers …`)
  if (postgres) await writePostgres(postgres, of)
  else writeSqlite(join(directory, 'data', 'cordboard.db'), of)
}

async function main() {
  const opened: string[] = []
  const running: HubProcess[] = []
  const fresh = async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
    opened.push(directory)
    return directory
  }
  try {
    const [large, small] = [await fresh(), await fresh()]
    await prepare(large, values.postgres, numbers)
    await prepare(small, undefined, Number(values.against))
    const seconds: number[] = []
    const memory: { now: number; most: number }[] = []
    let hub: HubProcess | null = null
    for (let i = 0; i < Number(values.starts); i++) {
      if (hub !== null) await stopProcess(hub.process)
      const one = await start(large, values.postgres)
      hub = one.hub
      seconds.push(one.seconds)
      memory.push(await processMemory(hub.process.pid!))
      tell(`ready after ${one.seconds.toFixed(1)} s`)
    }
    const other = (await start(small, undefined)).hub
    running.push(hub!, other)
    for (const one of running) await untilWritten(one)
    const rates = new Map<HubProcess, number[]>(running.map((one) => [one, []]))
    const costs = new Map<HubProcess, number[]>(running.map((one) => [one, []]))
    const ask = async (one: HubProcess, of: number) => {
      const paths = Array.from({ length: 20_000 }, (_, i) => numberOf((i * 104_729) % of))
      const pathsFile = join(small, 'paths')
      await writeFile(
        pathsFile,
        paths.map((number) => `/api/isKnownPhoneNumber?phoneNumber=${encodeURIComponent(number)}`).join('\n'),
      )
      const load = { connections: 64, seconds: Number(values.seconds), pathsFile, expected: '"known":true' }
      const before = processorTime(one.process.pid!)
      const result = await runLoad({ ...load, port: one.port, token: ADMIN_TOKEN })
      costs.get(one)?.push(((processorTime(one.process.pid!) - before) * 1e6) / result.requests)
      if (result.wrong > 0) throw new Error(`${result.wrong} answers were wrong`)
      rates.get(one)?.push(result.requests / result.seconds)
    }
    for (const one of running) one.pin()
    for (let round = 0; round <= Number(values.rounds); round++) {
      await ask(hub!, numbers)
      await ask(other, Number(values.against))
      // The first round warms both up.
      if (round === 0) for (const list of [...rates.values(), ...costs.values()]) list.length = 0
    }
    const [rate, against] = running.map((one) => median(rates.get(one)!))
    const [cost, costAgainst] = running.map((one) => median(costs.get(one)!))
    const rounded = (value: number) => Math.round(value * 1000) / 1000
    return {
      numbers,
      store: values.postgres ? 'PostgreSQL' : 'SQLite',
      ready_seconds: Math.round(median(seconds) * 10) / 10,
      resident_mb: Math.max(...memory.map(({ now }) => now)),
      most_resident_mb: Math.max(...memory.map(({ most }) => most)),
      lookups_a_second: Math.round(rate!),
      [`with_${values.against}`]: Math.round(against!),
      ratio: rounded(rate! / against!),
      processor_us: rounded(cost!),
      [`processor_us_with_${values.against}`]: rounded(costAgainst!),
      processor_ratio: rounded(costAgainst! / cost!),
    }
  } finally {
    await Promise.all(running.map((one) => stopProcess(one.process)))
    for (const directory of opened) await rm(directory, { recursive: true, force: true })
  }
}

const result = await main()
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else for (const [name, value] of Object.entries(result)) process.stdout.write(`${name.padEnd(18)} ${value}\n`)
