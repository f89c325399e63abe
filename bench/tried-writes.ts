import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { ADMIN_TOKEN, numberOf } from './hub-process.ts'

/** What became of the writes that were tried: told so by the hub. */
export type Tried = {
  acknowledged: string[]
  /** Told that nothing was written. */
  refused: string[]
  /** Told that it may have been written, or told nothing in time. */
  unclear: string[]
  /** Code of the answer → how often. */
  codes: Record<string, number>
}

/** Of numbers that no book of a bench holds: far behind the last one. */
let next = 80_000_000

/** Creates customers at a fixed rate until `signal`, whatever becomes of them, and says what did. */
export async function tryWrites(port: number, perSecond: number, signal: AbortSignal): Promise<Tried> {
  const tried: Tried = { acknowledged: [], refused: [], unclear: [], codes: {} }
  const writes: Promise<void>[] = []
  while (!signal.aborted) {
    writes.push(write(port, next++, tried))
    await wait(1000 / perSecond)
  }
  await Promise.all(writes)
  return tried
}

async function write(port: number, n: number, tried: Tried): Promise<void> {
  const account = `W${n}`
  const body = JSON.stringify({ name: `Written ${n}`, customer_account: account, phone: numberOf(n) })
  const told = await fetch(`http://127.0.0.1:${port}/api/v1/customers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(60_000),
  })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch((error: Error) => ({ status: 0, text: error.name }))
  const code = /"code":"(\w+)"/.exec(told.text)?.[1] ?? told.text.slice(0, 40)
  const key = told.status === 201 ? '201' : `${told.status} ${code}`
  tried.codes[key] = (tried.codes[key] ?? 0) + 1
  if (told.status === 201) tried.acknowledged.push(account)
  else if (/nothing was written/.test(told.text)) tried.refused.push(account)
  else tried.unclear.push(account)
}

export type Verdict = { lost: number; ghosts: number; halves: number; stored: number }

/**
 * Looks into the tables: acknowledged writes that are not there (`lost`), refused ones that are (`ghosts`), and
 * customers without their number, their audit record or their change (`halves`).
 */
export async function judge(url: string, all: Tried[]): Promise<Verdict> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ account: string; phones: string; audits: string; changes: string }>(
    `select c.account,
       (select count(*) from phones p where p.tenant_id = c.tenant_id and p.customer_id = c.id) as phones,
       (select count(*) from audit a where a.tenant_id = c.tenant_id and a.entity = 'customer' and a.entity_id = c.id) as audits,
       (select count(*) from changes h where h.tenant_id = c.tenant_id and h.entity = 'customer' and h.ids = '[' || c.id || ']') as changes
     from customers c where c.account like 'W%'`,
  )
  await client.end()
  const stored = new Set(rows.map((row) => row.account))
  const whole = (row: (typeof rows)[number]) =>
    [row.phones, row.audits, row.changes].every((n) => Number(n) > 0)
  return {
    lost: all.flatMap((one) => one.acknowledged).filter((account) => !stored.has(account)).length,
    ghosts: all.flatMap((one) => one.refused).filter((account) => stored.has(account)).length,
    halves: rows.filter((row) => !whole(row)).length,
    stored: stored.size,
  }
}
