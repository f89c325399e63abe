import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fillStore } from './big-store.ts'
import { ADMIN_TOKEN, startHub } from './hub-process.ts'
import { stopProcess } from './processes.ts'

/**
 * `npm run bench -- erase [--contacts 1000000]`
 *
 * How long other writers wait on SQLite while somebody is forgotten in a large book, and while its quality is counted.
 */
const { values } = parseArgs({ options: { contacts: { type: 'string', default: '1000000' } } })
const contacts = Number(values.contacts)
const customers = Math.ceil(contacts / 4)

const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
let hub = await startHub(directory, undefined)
await stopProcess(hub.process)
fillStore(join(directory, 'data', 'cordboard.db'), contacts)
hub = await startHub(directory, undefined)
hub.unpin()

async function ask(method: string, path: string, body?: unknown): Promise<number> {
  const headers: Record<string, string> = { authorization: `Bearer ${ADMIN_TOKEN}` }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const sent = body === undefined ? null : JSON.stringify(body)
  const response = await fetch(`http://127.0.0.1:${hub.port}${path}`, { method, headers, body: sent })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return response.status
}

/** Writes one behind the other until `act` has ended; answers the longest each of the two took, in ms. */
async function beside(act: () => Promise<unknown>) {
  const started = performance.now()
  let isOver = false
  let longest = 0
  const acting = act().finally(() => (isOver = true))
  // Met when it is awaited below.
  acting.catch(() => {})
  while (!isOver) {
    const from = performance.now()
    await ask('PATCH', `/api/v1/customers/${customers}`, { comment: String(from) })
    longest = Math.max(longest, performance.now() - from)
    await wait(5)
  }
  await acting
  return {
    'it took ms': Math.round(performance.now() - started),
    'longest write beside it ms': Math.round(longest),
  }
}

const ACTS: Record<string, () => Promise<unknown>> = {
  'nothing (2 s)': () => wait(2_000),
  'erasing a number': () => ask('POST', '/api/v1/erase', { number: '+33600000007' }),
  'erasing a contact': () => ask('POST', '/api/v1/erase', { contact_id: customers + 100 }),
  'erasing a customer': () => ask('POST', '/api/v1/erase', { customer_id: 50 }),
  'counting the quality': () => ask('GET', '/api/v1/quality'),
}
try {
  await wait(3_000)
  const rows = []
  for (const [act, work] of Object.entries(ACTS)) rows.push({ beside: act, ...(await beside(work)) })
  console.table(rows)
} finally {
  await stopProcess(hub.process)
  await rm(directory, { recursive: true, force: true })
}
