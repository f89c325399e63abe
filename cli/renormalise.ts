import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Renormalisation } from '../contract/renormalise.ts'
import { CommandError, connect } from './connection.ts'

const USAGE = `cordboard renormalise [--tenant-country] [--tenant ID]

  --tenant-country  read all numbers with the tenant's country, not with the one each was written with
`
const POLL_MS = 300

function drawLine({ numbers_read, numbers_total, changed }: Renormalisation): void {
  const text = `${numbers_read.toLocaleString('en')} of ${numbers_total.toLocaleString('en')} numbers, ${changed.toLocaleString('en')} changed`
  if (process.stderr.isTTY) process.stderr.write(`\r${text}  `)
}

/** `cordboard renormalise`: starts a run and shows how far it is. Exit code 1 when it failed. */
export async function renormalise(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      'tenant-country': { type: 'boolean' },
      tenant: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return void process.stdout.write(USAGE)
  const hub = connect(values.tenant)
  const country = values['tenant-country'] ? 'tenant' : 'written'
  let now = await hub.json<Renormalisation>('POST', '/api/v1/quality/renormalise', { country })
  while (now.status === 'running') {
    drawLine(now)
    await wait(POLL_MS)
    now = await hub.json<Renormalisation>('GET', '/api/v1/quality/renormalise')
  }
  drawLine(now)
  if (process.stderr.isTTY) process.stderr.write('\n')
  process.stdout.write(`${now.status}: ${now.numbers_read} numbers read, ${now.changed} changed\n`)
  if (now.status === 'failed') throw new CommandError(now.error ?? 'It failed.')
}
