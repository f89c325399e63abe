import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandError } from './connection.ts'

/**
 * Writes the body of an answer to `file`, whole or not at all, and tells its length; or to standard output without one. `cutOff` is what to
 * say when the hub breaks off in the middle.
 */
export async function saveBody(
  response: Response,
  file: string | undefined,
  cutOff: () => CommandError,
): Promise<void> {
  if (!response.body) throw cutOff()
  const body = Readable.fromWeb(response.body as never)
  if (file === undefined) {
    await pipeline(body, process.stdout, { end: false }).catch((error: unknown) => {
      // Whoever reads along has seen enough, as `head` has.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw cutOff()
    })
    return
  }
  // What is cut off in the middle must not look like the whole.
  const partial = `${file}.${process.pid}.partial`
  let received = 0
  body.on('data', (chunk: Buffer) => (received += chunk.length))
  try {
    const output = createWriteStream(partial, { mode: 0o600, flush: true })
    await pipeline(body, output).catch((error: unknown) => {
      throw error instanceof Error && 'syscall' in error ? new CommandError(error.message) : cutOff()
    })
    await rename(partial, file)
  } finally {
    await rm(partial, { force: true })
  }
  process.stdout.write(`${file}: ${received.toLocaleString('en')} bytes\n`)
}
