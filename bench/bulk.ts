import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ADMIN_TOKEN, numberOf, startHub } from './hub-process.ts'
import { stopProcess } from './processes.ts'

/**
 * `npm run bench -- bulk [--lines 100000] [--postgres URL]`
 *
 * A book pushed line by line, a customer and three contacts in turn: new, again without a change, with every name
 * changed, and with every line deleted.
 */
const { values } = parseArgs({
  options: { lines: { type: 'string', default: '100000' }, postgres: { type: 'string' } },
})
const count = Number(values.lines)

function book(change: string): string {
  const lines = Array.from({ length: count }, (_, i) => {
    const account = `CL${Math.floor(i / 4)}`
    const phone = numberOf(i)
    const line =
      i % 4 === 0
        ? {
            type: 'customer',
            customer_account: account,
            name: `Customer ${i}${change}`,
            phone,
            vip: i % 200 === 0,
          }
        : {
            type: 'contact',
            external_id: `p${i}`,
            customer_account: account,
            last_name: `P ${i}${change}`,
            phones: [phone],
          }
    return JSON.stringify({ op: 'upsert', ...line })
  })
  return lines.join('\n')
}

function removals(): string {
  const lines = Array.from({ length: count }, (_, i) =>
    i % 4 === 0
      ? { op: 'delete', type: 'contact', external_id: `p${i + 3}` }
      : i % 4 === 3
        ? { op: 'delete', type: 'customer', customer_account: `CL${Math.floor(i / 4)}` }
        : { op: 'delete', type: 'contact', external_id: `p${i}` },
  )
  return lines.map((line) => JSON.stringify(line)).join('\n')
}

/** CPU time of a process so far, in seconds; NaN where the system does not say. */
function cpuOf(pid: number | undefined): number {
  const said = spawnSync('ps', ['-o', 'cputimes=', '-p', String(pid)], { encoding: 'utf8' }).stdout
  return said ? Number(said) : Number.NaN
}

const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
const hub = await startHub(directory, values.postgres)
hub.unpin()
try {
  const rows = []
  const steps: [string, string][] = [
    ['new', book('')],
    ['again, nothing changed', book('')],
    ['every name changed', book(' changed')],
    ['deleted', removals()],
  ]
  for (const [step, body] of steps) {
    const [started, cpu] = [performance.now(), cpuOf(hub.process.pid)]
    const answer = await fetch(`http://127.0.0.1:${hub.port}/api/v1/directory/bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/x-ndjson' },
      body,
    })
    const statuses: Record<string, number> = {}
    for (const [, status] of (await answer.text()).matchAll(/"status":"(\w+)"/g))
      statuses[status!] = (statuses[status!] ?? 0) + 1
    const seconds = (performance.now() - started) / 1000
    rows.push({
      step,
      seconds: Number(seconds.toFixed(1)),
      'lines/s': Math.round(count / seconds),
      'CPU s of the hub': cpuOf(hub.process.pid) - cpu,
      ...statuses,
    })
  }
  console.table(rows)
} finally {
  await stopProcess(hub.process)
  await rm(directory, { recursive: true, force: true })
}
