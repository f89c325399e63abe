import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { CommandError, connect } from './connection.ts'

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
  if (!response.body) throw new CommandError('The hub sent no book.')
  const book = Readable.fromWeb(response.body as never)
  const cutOff = () => new CommandError('The hub broke off in the middle of the book. Repeat it.')
  const [file] = positionals
  if (file === undefined) {
    await pipeline(book, process.stdout, { end: false }).catch((error: unknown) => {
      // Whoever reads along has seen enough, as `head` has.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw cutOff()
    })
    return
  }
  // What is cut off in the middle must not look like a book.
  const partial = `${file}.${process.pid}.partial`
  let received = 0
  book.on('data', (chunk: Buffer) => (received += chunk.length))
  try {
    const output = createWriteStream(partial, { mode: 0o600, flush: true })
    await pipeline(book, output).catch((error: unknown) => {
      throw error instanceof Error && 'syscall' in error ? new CommandError(error.message) : cutOff()
    })
    await rename(partial, file)
  } finally {
    await rm(partial, { force: true })
  }
  process.stdout.write(`${file}: ${received.toLocaleString('en')} bytes\n`)
}
