import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'

/**
 * `npm run bench -- two-hubs --postgres URL [--seconds 120] [--writes 200] [--kills 30] [--restart COMMAND] [--restarts 5]`
 *
 * Two hubs on one PostgreSQL (an empty database), written to without a pause while either is killed (SIGKILL) again and
 * again and the database is restarted by COMMAND. Afterwards every acknowledged write is looked for in the tables, and
 * every number ever used is asked of both hubs and compared with the tables.
 */
const { values } = parseArgs({
  options: {
    postgres: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    writes: { type: 'string', default: '200' },
    kills: { type: 'string', default: '30' },
    restart: { type: 'string' },
    restarts: { type: 'string', default: '5' },
  },
})
const TOKEN = 'bench-only-token-of-forty-characters-0000'
const MAIN = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const WRITERS = 20
const FIRST_PORT = 46_310
if (!values.postgres) throw new Error('--postgres names an empty database')
const url = values.postgres
let over = false
const endsAt = Date.now() + Number(values.seconds) * 1000

type Hub = { port: number; process: ChildProcess | null; dataDir: string }
/** What a writer was promised of an account; null = deleted. */
const promised = new Map<string, string | null>()
const numbers = new Set<string>()
const counts = { acknowledged: 0, repeated: 0, kills: 0, restarts: 0 }

function start(hub: Hub): void {
  const log = openSync(join(hub.dataDir, 'hub.log'), 'a')
  const env = {
    ...process.env,
    CORDBOARD_PORT: String(hub.port),
    CORDBOARD_DATA_DIR: hub.dataDir,
    CORDBOARD_ADMIN_TOKEN: TOKEN,
    CORDBOARD_COUNTRY: 'FR',
    DATABASE_URL: url,
  }
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', log, log] })
  closeSync(log)
  hub.process = child
  // A hub that finds the database in the middle of a restart, and no snapshot, ends and is started again.
  child.once('exit', (code) => {
    if (hub.process !== child || code === 0 || code === null) return
    void wait(500).then(() => over || start(hub))
  })
}

async function ask(hub: Hub, method: string, path: string, body?: unknown, key?: string) {
  const headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (key !== undefined) headers['idempotency-key'] = key
  const sent = body === undefined ? null : JSON.stringify(body)
  const signal = AbortSignal.timeout(20_000)
  const response = await fetch(`http://127.0.0.1:${hub.port}${path}`, { method, headers, body: sent, signal })
  return {
    status: response.status,
    json: (await response.json().catch(() => null)) as { id?: number; message?: string } | null,
  }
}

/** Repeats a request, at either hub, until one of them acknowledges it. */
async function insist(hubs: Hub[], method: string, path: string, body?: unknown) {
  const key = method === 'POST' ? randomUUID() : undefined
  for (let n = 0; ; n++) {
    try {
      const answer = await ask(hubs[(n + Math.floor(Math.random() * 2)) % 2]!, method, path, body, key)
      if (answer.status < 300 || (method === 'DELETE' && answer.status === 404)) {
        counts.acknowledged++
        return answer
      }
      if (answer.status < 500 && answer.status !== 409)
        throw new Error(`${method} ${path}: ${answer.status} ${answer.json?.message}`)
    } catch (error) {
      if (error instanceof Error && error.message.startsWith(method)) throw error
    }
    counts.repeated++
    await wait(100)
  }
}

let next = 0
const newNumber = () => {
  const number = `+331990${String(next++).padStart(5, '0')}`
  numbers.add(number)
  return number
}

async function write(hubs: Hub[], writer: number): Promise<void> {
  const own: { id: number; account: string }[] = []
  const pause = (WRITERS / Number(values.writes)) * 1000
  for (let n = 0; Date.now() < endsAt; n++) {
    const since = Date.now()
    const one = own[Math.floor(Math.random() * own.length)]
    const dice = Math.random()
    if (one === undefined || dice < 0.5) {
      const [account, phone] = [`W${writer}-${n}`, newNumber()]
      const made = await insist(hubs, 'POST', '/api/v1/customers', {
        name: account,
        customer_account: account,
        phone,
      })
      own.push({ id: made.json!.id!, account })
      promised.set(account, phone)
    } else if (dice < 0.8) {
      const phone = newNumber()
      await insist(hubs, 'PATCH', `/api/v1/customers/${one.id}`, { phone })
      promised.set(one.account, phone)
    } else {
      await insist(hubs, 'DELETE', `/api/v1/customers/${one.id}`)
      promised.set(one.account, null)
      own.splice(own.indexOf(one), 1)
    }
    await wait(Math.max(0, pause - (Date.now() - since)))
  }
}

async function kill(hubs: Hub[]): Promise<void> {
  const pause = (Number(values.seconds) * 1000) / Math.max(1, Number(values.kills))
  while (Date.now() + pause < endsAt) {
    await wait(pause)
    if (over) return
    const hub = hubs[Math.floor(Math.random() * 2)]!
    const victim = hub.process!
    hub.process = null
    victim.kill('SIGKILL')
    if (victim.exitCode === null && victim.signalCode === null) await once(victim, 'exit')
    counts.kills++
    start(hub)
  }
}

async function restart(): Promise<void> {
  if (!values.restart) return
  const pause = (Number(values.seconds) * 1000) / (Number(values.restarts) + 1)
  for (let n = 0; n < Number(values.restarts); n++) {
    await wait(pause)
    await once(spawn('sh', ['-c', values.restart], { stdio: 'ignore' }), 'exit')
    counts.restarts++
  }
}

async function ready(hubs: Hub[]): Promise<void> {
  for (let n = 0; n < 600; n++) {
    const states = await Promise.all(
      hubs.map(async ({ port }) => {
        const response = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null)
        return (await response?.json()) as { status: string; feed_position: number } | undefined
      }),
    )
    const positions = new Set(states.map((state) => (state?.status === 'ready' ? state.feed_position : null)))
    if (positions.size === 1 && !positions.has(null)) return
    await wait(200)
  }
  throw new Error('the hubs did not come to the same position')
}

/** Walks through the tables by itself, then asks both hubs for every number there ever was. */
async function compare(hubs: Hub[]): Promise<{ lost: number; wrong: number; stored: number }> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ account: string; e164: string; id: string }>(
    'select c.account, c.id, p.e164 from customers c join phones p on p.customer_id = c.id and p.tenant_id = c.tenant_id',
  )
  await client.end()
  const stored = new Map(rows.map((row) => [row.account, row.e164]))
  const owners = new Map(rows.map((row) => [row.e164, Number(row.id)]))
  const lost = [...promised].filter(([account, phone]) => (stored.get(account) ?? null) !== phone).length
  let wrong = 0
  for (const hub of hubs) {
    for (const number of numbers) {
      const path = `/api/isKnownPhoneNumber?number=${encodeURIComponent(number)}`
      const { json } = (await ask(hub, 'GET', path)) as { json: { customer?: { id: number } | null } | null }
      if ((json?.customer?.id ?? null) !== (owners.get(number) ?? null)) wrong++
    }
  }
  return { lost, wrong, stored: stored.size }
}

const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
const hubs: Hub[] = [1, 2].map((n) => ({
  port: FIRST_PORT + n,
  process: null,
  dataDir: join(directory, String(n)),
}))
try {
  for (const hub of hubs) {
    await mkdir(hub.dataDir, { mode: 0o700 })
    start(hub)
    await wait(2_000)
  }
  await ready(hubs)
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(hubs, writer))
  await Promise.all([...writers, kill(hubs), restart()])
  await ready(hubs)
  console.log(JSON.stringify({ ...counts, numbers: numbers.size, ...(await compare(hubs)) }))
} finally {
  over = true
  for (const hub of hubs) {
    const child = hub.process
    hub.process = null
    child?.kill('SIGTERM')
  }
  await wait(3_000)
  await rm(directory, { recursive: true, force: true })
}
