import { parseArgs } from 'node:util'
import type { LookupAnswer } from '../contract/lookup.ts'
import { CommandError, connect } from './connection.ts'

function who(answer: Pick<LookupAnswer, 'customer' | 'contact'>): string {
  const { customer, contact } = answer
  const badges = [customer?.vip && 'VIP', customer?.on_call_duty && 'on-call contract']
    .filter(Boolean)
    .join(', ')
  const company = customer && `${customer.name}${customer.account ? ` (${customer.account})` : ''}`
  return [contact?.name, company, badges].filter(Boolean).join(' · ') || 'nobody we know'
}

function explain(answer: LookupAnswer): string {
  const { number } = answer
  const read = number.e164 ?? number.text ?? ''
  const country = number.country ? `with ${number.country} as the national form` : 'with no country named'
  const lines = [
    `read as      ${number.kind} ${read}${number.extension ? ` extension ${number.extension}` : ''} (${country})`,
    `matched by   ${answer.tier ?? 'nothing'}${answer.tier ? `, confidence ${answer.confidence}` : ''}`,
    `because      ${answer.reason}`,
    ...answer.tried.map(
      (one) => `tried        ${one.tier.padEnd(12)} ${one.key.padEnd(18)} ${one.hits} found`,
    ),
    ...answer.candidates.map((one) => `candidate    ${who(one)}`),
  ]
  return lines.join('\n')
}

/** `cordboard lookup NUMBER [--explain] [--json]`: who is calling, and why. */
export async function lookUp(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { explain: { type: 'boolean' }, json: { type: 'boolean' }, tenant: { type: 'string' } },
  })
  const number = positionals.join(' ')
  if (number === '') throw new CommandError('cordboard lookup NUMBER [--explain] [--json]')
  const answer = await connect(values.tenant).json<LookupAnswer>(
    'GET',
    `/api/v1/lookup/${encodeURIComponent(number)}`,
  )
  if (values.json) return void process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
  process.stdout.write(`${answer.ambiguous ? 'several owners' : who(answer)}\n`)
  if (values.explain) process.stdout.write(`${explain(answer)}\n`)
}
