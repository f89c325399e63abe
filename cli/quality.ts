import { parseArgs } from 'node:util'
import type { Page } from '../contract/common.ts'
import {
  QUALITY_KINDS,
  type QualityCounts,
  type QualityFinding,
  type QualityParty,
} from '../contract/quality.ts'
import { CommandError, connect, type Connection } from './connection.ts'

const USAGE = `cordboard quality [${QUALITY_KINDS.join(' | ')}] [--tenant ID]
`

function party(one: QualityParty): string {
  const company = one.customer_name === null ? '' : ` of ${one.customer_name} (${one.customer_id})`
  const number =
    one.written === null
      ? ''
      : `: "${one.written}" read as ${one.read}${one.country ? ` in ${one.country}` : ''}`
  return `  ${one.party} ${one.id} ${one.name}${company}${number}\n`
}

async function printFindings(hub: Connection, kind: string): Promise<void> {
  let advice = ''
  for (let page = 1, last = 1; page <= last; page++) {
    const found = await hub.json<Page<QualityFinding>>(
      'GET',
      `/api/v1/quality/${kind}?per_page=200&page=${page}`,
    )
    last = found.last_page
    for (const finding of found.data) {
      if (finding.advice !== advice) process.stdout.write(`${finding.why}: ${finding.advice}\n`)
      advice = finding.advice
      const more = finding.parties_total - finding.parties.length
      process.stdout.write(
        `${finding.subject}\n${finding.parties.map(party).join('')}${more > 0 ? `  and ${more} more\n` : ''}`,
      )
    }
  }
}

/** `cordboard quality`: how much of the book needs a look; with a kind, what it is and what to do. */
export async function quality(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { tenant: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return void process.stdout.write(USAGE)
  const [kind] = positionals
  const hub = connect(values.tenant)
  if (kind !== undefined) {
    if (!QUALITY_KINDS.some((known) => known === kind)) throw new CommandError(USAGE)
    return printFindings(hub, kind)
  }
  const counts = await hub.json<QualityCounts>('GET', '/api/v1/quality')
  for (const [name, count] of Object.entries(counts)) process.stdout.write(`${name.padEnd(14)} ${count}\n`)
}
