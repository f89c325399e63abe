import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Import } from '../contract/imports.ts'
import { CommandError, connect, type Connection } from './connection.ts'
import { drawBar } from './progress-bar.ts'

const USAGE = `cordboard import FILE.csv | FILE.vcf [options]
cordboard import --sample

  --country FR        the country in whose form national numbers are written
                      (needed once, unless the tenant or the hub names one)
  --dry-run           read and judge every row, change nothing
  --clear             empty cells empty the field instead of keeping it
  --delimiter ';'     when the header line does not tell
  --mapping JSON      {"Column of the file": "column of ours"}
  --rejects FILE      write the rejected rows there (default: FILE.rejects.csv)
  --tenant ID         import into a child tenant
`

const SAMPLE = fileURLToPath(new URL('../examples/sample-book.csv', import.meta.url))
const POLL_MS = 300

function readOptions(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      country: { type: 'string' },
      'dry-run': { type: 'boolean' },
      clear: { type: 'boolean' },
      delimiter: { type: 'string' },
      mapping: { type: 'string' },
      rejects: { type: 'string' },
      tenant: { type: 'string' },
      sample: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
}

async function follow(hub: Connection, started: Import): Promise<Import> {
  let now = started
  while (now.status === 'queued' || now.status === 'running') {
    drawBar(now)
    await wait(POLL_MS)
    now = await hub.json<Import>('GET', `/api/v1/imports/${now.id}`)
  }
  drawBar(now)
  process.stderr.write('\n')
  return now
}

async function saveRejects(hub: Connection, id: number, file: string): Promise<void> {
  const response = await hub.request('GET', `/api/v1/imports/${id}/rejects`)
  if (!response.body) return
  await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file))
  process.stdout.write(`Rejected rows with their reasons: ${file}\n`)
}

/** `cordboard import`: sends the book, shows the bar, brings back what was rejected. Exit code 1 when the import failed. */
export async function importBook(args: string[]): Promise<void> {
  const { values, positionals } = readOptions(args)
  if (values.help) return void process.stdout.write(USAGE)
  const file = values.sample ? SAMPLE : positionals[0]
  if (file === undefined) throw new CommandError(USAGE)
  if (!existsSync(file)) throw new CommandError(`There is no file ${file}.`)
  const query = new URLSearchParams({ file_name: basename(file) })
  const country = values.sample ? 'FR' : values.country
  if (country !== undefined) query.set('country', country.toUpperCase())
  if (values['dry-run']) query.set('dry_run', '1')
  if (values.clear) query.set('clear', '1')
  if (values.delimiter !== undefined) query.set('delimiter', values.delimiter)
  if (values.mapping !== undefined) query.set('mapping', values.mapping)

  const hub = connect(values.tenant)
  const content = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>
  const sent = await hub.request('POST', `/api/v1/imports?${query.toString()}`, {
    type: /\.(vcf|vcard)$/i.test(file) ? 'text/vcard' : 'text/csv',
    content,
  })
  const done = await follow(hub, (await sent.json()) as Import)
  const { accepted, rejected, warnings, status, error } = done
  const dry = values['dry-run'] ? ' (dry run: nothing was changed)' : ''
  process.stdout.write(
    `${status}: ${accepted} rows accepted, ${rejected} rejected, ${warnings} warnings${dry}\n`,
  )
  if (rejected > 0) await saveRejects(hub, done.id, values.rejects ?? `${basename(file)}.rejects.csv`)
  if (status === 'failed') throw new CommandError(error ?? 'The import failed.')
}
