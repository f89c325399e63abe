import { isUtf8 } from 'node:buffer'
import { HubError } from '../platform/errors.ts'

/** A line of a body, numbered from 1, or why it cannot be read. */
export type TextLine = { line: number; text: string } | { line: number; problem: HubError }

export type LineLimits = {
  /** Longest line, in bytes. */
  maxBytes: number
  /** Lines a body; the first one beyond is told, and the last that is read. */
  maxLines: number
  /** Lines handed over together. */
  batch: number
}

const NEWLINE = 10
const MARK = '\uFEFF'

/**
 * The lines of a body as they come in: as many together as have arrived, `batch` at most. Blank ones count and are left
 * out. Throws what the source throws; a line that was cut off by that is not handed over.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  { maxBytes, maxLines, batch }: LineLimits,
): AsyncGenerator<TextLine[]> {
  let parts: Uint8Array[] = []
  let bytes = 0
  let line = 0
  let ready: TextLine[] = []

  const keep = (part: Uint8Array) => {
    bytes += part.length
    if (bytes <= maxBytes) parts.push(part)
    else parts = []
  }
  const endLine = () => {
    line++
    const content = Buffer.concat(parts)
    const size = bytes
    parts = []
    bytes = 0
    const problem = (code: 'payload_too_large' | 'bad_request', message: string) =>
      ready.push({ line, problem: new HubError(code, message) })
    if (line > maxLines) problem('payload_too_large', `No more than ${maxLines} lines are read.`)
    else if (size > maxBytes) problem('payload_too_large', `The line is longer than ${maxBytes} bytes.`)
    else if (!isUtf8(content)) problem('bad_request', 'The line is not UTF-8.')
    else {
      const text = content.toString('utf8').replace(line === 1 ? MARK : '', '')
      if (text.trim() !== '') ready.push({ line, text })
    }
  }

  for await (const chunk of source) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, end))
      endLine()
      from = end + 1
      if (ready.length < batch && line <= maxLines) continue
      yield ready
      ready = []
      if (line > maxLines) return
    }
    keep(chunk.subarray(from))
    if (ready.length > 0) yield ready
    ready = []
  }
  if (bytes > 0) endLine()
  if (ready.length > 0) yield ready
}
