import { parseArgs } from 'node:util'
import type { EraseAnswer } from '../contract/erase.ts'
import { CommandError, connect } from './connection.ts'

const USAGE = `cordboard erase NUMBER --yes          forget a number wherever it is written
cordboard erase --customer ID --yes   forget a customer with its contacts, contracts and files
cordboard erase --contact ID --yes    forget a person

  --yes         really: nothing brings it back
  --tenant ID   in a child tenant
`

const idOf = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new CommandError(`"${text}" is no id.`)
  return Number(text)
}

/** `cordboard erase`: forgets and says what was removed where. */
export async function erase(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      customer: { type: 'string' },
      contact: { type: 'string' },
      yes: { type: 'boolean' },
      tenant: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return void process.stdout.write(USAGE)
  const number = positionals.join(' ')
  const wanted = {
    ...(number === '' ? {} : { number }),
    ...(values.customer === undefined ? {} : { customer_id: idOf(values.customer) }),
    ...(values.contact === undefined ? {} : { contact_id: idOf(values.contact) }),
  }
  if (Object.keys(wanted).length !== 1) throw new CommandError(USAGE)
  if (!values.yes) throw new CommandError('Nothing was erased: add --yes to do it. Nothing brings it back.')
  const { removed } = await connect(values.tenant).json<EraseAnswer>('POST', '/api/v1/erase', wanted)
  const lines = Object.entries(removed).map(([place, count]) => `${place.padEnd(16)} ${count}\n`)
  process.stdout.write(lines.join('') || 'It was nowhere.\n')
}
