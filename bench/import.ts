import type { Kysely } from 'kysely'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { randomBytes } from 'node:crypto'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import pg from 'pg'
import { openImports } from '../server/directory/import/imports.ts'
import type { DirectoryTables } from '../server/directory/tables.ts'
import { migrationsFor } from '../server/migrations/migrations.ts'
import { systemClock } from '../server/platform/clock.ts'
import { migrate } from '../server/platform/database/migrate.ts'
import { openStore, type Store, type StoreAddress } from '../server/platform/database/store.ts'
import { openLog } from '../server/platform/log.ts'

/**
 * How fast a customer book is imported, against reading its phone cells with libphonenumber alone on one core, and
 * against the same rows put into one bare table. `bench/import.ts [rows] [--postgres URL] [--json]`.
 */
const { values: flags, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { postgres: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const rows = Number(positionals[0] ?? 1_000_000)
const CONTACTS_PER_CUSTOMER = 4
const FIRST_NAMES = ['Marie', 'Jean', 'Élodie', 'Noël', 'Zoé', 'Luc', 'Anaïs', 'Paul']
const LAST_NAMES = ['Martin', 'Lefèvre', 'Dupont', 'Nguyen', 'Schäfer', 'García', 'O’Connor', 'Petit']

/** A seeded generator, so that every run imports the same book. */
function openRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
}

function* bookRows(count: number): Generator<{ cells: string[]; phones: string[] }> {
  const random = openRandom(20_261_121)
  const pair = () => String(random(100)).padStart(2, '0')
  const mobile = () =>
    random(2) === 0 ? `06 39 98 ${pair()} ${pair()}` : `+33 6 ${pair()} ${pair()} ${pair()} ${pair()}`
  let customer: string[] = []
  for (let i = 0; i < count; i++) {
    const n = Math.floor(i / CONTACTS_PER_CUSTOMER)
    if (i % CONTACTS_PER_CUSTOMER === 0) {
      const account = `CL${String(n + 1).padStart(6, '0')}`
      const landline = `01 ${10 + random(90)} ${pair()} ${pair()} ${pair()}`
      customer = [
        account,
        `Société ${LAST_NAMES[random(8)]} ${n}`,
        landline,
        random(50) === 0 ? 'Gold' : 'Standard',
      ]
    }
    const phones = [mobile(), `02${pair()}${pair()}${pair()}${pair()}`]
    const first = FIRST_NAMES[random(8)] ?? ''
    const person = [
      first,
      `${LAST_NAMES[random(8)]} ${i % CONTACTS_PER_CUSTOMER}`,
      phones.join('; '),
      `p${i}@example.com`,
    ]
    yield { cells: [...customer, ...person], phones: [customer[2] ?? '', ...phones] }
  }
}

async function writeBook(path: string): Promise<number> {
  const file = createWriteStream(path)
  file.write(
    'customer_account,customer_name,customer_phone,category,first_name,last_name,contact_phones,email\n',
  )
  let text = ''
  for (const { cells } of bookRows(rows)) {
    text += `${cells.join(',')}\n`
    if (text.length < 256 * 1024) continue
    if (!file.write(text)) await once(file, 'drain')
    text = ''
  }
  file.end(text)
  await once(file, 'finish')
  return (await stat(path)).size
}

/** Seconds that the library alone takes for every phone of the book; a sample of 200,000 rows stands for larger books. */
function measureLibrary(): { seconds: number; phones: number } {
  const sample = Math.min(rows, 200_000)
  let phones = 0
  const started = performance.now()
  for (const row of bookRows(sample)) {
    for (const phone of row.phones) if (parsePhoneNumberFromString(phone, 'FR')?.isPossible()) phones++
  }
  const withRows = performance.now() - started
  const again = performance.now()
  for (const row of bookRows(sample)) phones += row.phones.length - row.phones.length
  const onlyRows = performance.now() - again
  return {
    seconds: ((withRows - onlyRows) / 1000) * (rows / sample),
    phones: Math.round(phones * (rows / sample)),
  }
}

function measureBareTable(directory: string): number {
  const database = new DatabaseSync(join(directory, 'bare.db'))
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec('create table book (a text, b text, c text, d text, e text, f text, g text, h text)')
  const insert = database.prepare('insert into book values (?, ?, ?, ?, ?, ?, ?, ?)')
  const started = performance.now()
  let n = 0
  for (const { cells } of bookRows(rows)) {
    if (n % 1_000 === 0) database.exec(n === 0 ? 'begin' : 'commit; begin')
    insert.run(...cells)
    n++
  }
  database.exec('commit')
  database.close()
  return (performance.now() - started) / 1000
}

async function newPostgres(url: string): Promise<{ address: StoreAddress; drop(): Promise<void> }> {
  const name = `cordboard_bench_${randomBytes(4).toString('hex')}`
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await run(`create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    address: { kind: 'postgres', url: own.href },
    drop: () => run(`drop database ${name} with (force)`),
  }
}

type Measured = {
  seconds: number
  /** Processor time of all threads, those of the store's included. */
  processorSeconds: number
  rss: { percent: number; mib: number }[]
  accepted: number
  warnings: number
}

async function measureImport(
  store: Store<DirectoryTables>,
  directory: string,
  book: string,
): Promise<Measured> {
  const log = openLog({ level: 'error' })
  const nameCountry = async () => {}
  const imports = openImports({
    store,
    dataDir: directory,
    clock: systemClock,
    log,
    country: () => 'FR',
    nameCountry,
  })
  const actor = {
    kind: 'system',
    id: null,
    name: 'bench',
    tenantId: 1,
    requestId: null,
    address: null,
  } as const
  const started = performance.now()
  const worked = process.cpuUsage()
  const { id, bytes_total } = await imports.create(actor, createReadStream(book), {})
  const rss: Measured['rss'] = []
  const watch = setInterval(() => {
    void imports.get(1, id).then(({ bytes_read }) => {
      const percent = [25, 50, 75, 100].findLast((mark) => bytes_read * 100 >= mark * bytes_total * 0.995)
      if (percent === undefined || rss.some((sample) => sample.percent === percent)) return
      rss.push({ percent, mib: Math.round(process.memoryUsage.rss() / 1024 / 1024) })
    })
  }, 200)
  const ended = await imports.finished(1, id)
  clearInterval(watch)
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(worked)
  const processorSeconds = (user + system) / 1e6
  await imports.close()
  if (ended.status !== 'done') throw new Error(`the import failed: ${ended.error}`)
  if (rss.at(-1)?.percent !== 100)
    rss.push({ percent: 100, mib: Math.round(process.memoryUsage.rss() / 1024 / 1024) })
  return { seconds, processorSeconds, rss, accepted: ended.accepted, warnings: ended.warnings }
}

const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
const postgres = flags.postgres ? await newPostgres(flags.postgres) : null
try {
  const book = join(directory, 'book.csv')
  const bytes = await writeBook(book)
  const library = measureLibrary()
  const bare = measureBareTable(directory)
  const address: StoreAddress = postgres?.address ?? { kind: 'sqlite', file: join(directory, 'cordboard.db') }
  const store = await openStore<DirectoryTables>({ address })
  await migrate(store.write as never, { migrations: migrationsFor(store.engine) })
  const flag = { match_tail: 0, match_switchboard: 0, active: 1, created_at: 0, updated_at: 0 }
  const tenants = store.write as unknown as Kysely<{ tenants: Record<string, unknown> }>
  await tenants
    .insertInto('tenants')
    .values({ id: 1, name: 'Bench', country: 'FR', ...flag })
    .execute()
  const first = await measureImport(store, directory, book)
  const again = await measureImport(store, directory, book)
  await store.close()
  const perSecond = (seconds: number) => Math.round(rows / seconds)
  const result = {
    engine: address.kind,
    node: process.version,
    rows,
    megabytes: Math.round(bytes / 1e6),
    library,
    bare,
    first,
    again,
  }
  if (flags.json) console.log(JSON.stringify(result, null, 2))
  else {
    const line = (what: string, seconds: number) =>
      console.log(
        `${what.padEnd(46)} ${seconds.toFixed(1).padStart(7)} s ${String(perSecond(seconds)).padStart(9)} rows/s ${(seconds / library.seconds).toFixed(2).padStart(6)}`,
      )
    console.log(
      `${rows} rows, ${result.megabytes} MB, ${library.phones} phones, ${address.kind}, Node ${process.version}   (last column: times the library)`,
    )
    line('libphonenumber alone, one core', library.seconds)
    line('the same rows into one bare SQLite table', bare)
    line('import', first.seconds)
    line('the same book again', again.seconds)
    console.log(
      `processor: ${first.processorSeconds.toFixed(1)} s for the import, ${again.processorSeconds.toFixed(1)} s again`,
    )
    console.log(`memory: ${first.rss.map(({ percent, mib }) => `${percent} %: ${mib} MiB`).join(', ')}`)
  }
} finally {
  await postgres?.drop()
  await rm(directory, { recursive: true, force: true })
}
