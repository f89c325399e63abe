import { parseArgs } from 'node:util'
import { CommandError, connect } from './connection.ts'
import { saveBody } from './save-body.ts'

const USAGE = `cordboard export [FILE] [--tenant ID]

Writes the customer book as CSV in the columns of an import, to FILE or to standard output.
`

/** `cordboard export`: the book, whole or not at all. */
export async function exportBook(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { tenant: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return void process.stdout.write(USAGE)
  const response = await connect(values.tenant).request('GET', '/api/v1/export')
  const cutOff = () => new CommandError('The hub broke off in the middle of the book. Repeat it.')
  await saveBody(response, positionals[0], cutOff)
}
