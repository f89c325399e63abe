import type { Readable } from 'node:stream'
import { answerError } from '../answer-error.ts'
import type { RawAnswer } from '../connection.ts'
import { XapiError } from '../errors.ts'
import type { Secrets } from '../secrets.ts'

/**
 * An answer that is no JSON, as a stream. Read it to its end or destroy it: it holds a connection. A pause of the PBX
 * longer than the deadline for bodies ends it with a `timeout`.
 */
export type Download = {
  contentType: string
  /** What the PBX would call the file. */
  fileName: string | null
  /** In bytes, when the PBX says it. */
  length: number | null
  body: Readable
}

/** Whether an answer of this content type is a stream. A web page is no answer: it comes from somebody else's server. */
export function isStreamed(contentType: string): boolean {
  return contentType !== '' && !/\bjson\b|text\/html/i.test(contentType)
}

/** What the PBX answered: a value, null for none, or a download. Throws what its status stands for. */
export function readAnswer(answer: RawAnswer, operation: string, secrets: Secrets): unknown {
  if (answer.status < 200 || answer.status >= 300) throw answerError(answer, operation, secrets)
  if (answer.stream !== null) return downloadOf(answer, answer.stream)
  if (answer.bytes.length === 0) return null
  try {
    return JSON.parse(answer.bytes.toString('utf8'))
  } catch {
    const isPage = /html/i.test(answer.headers('content-type') ?? '')
    const words = isPage ? 'a web page answered; is the address the one of the PBX?' : 'the answer is no JSON'
    throw new XapiError('server', `${operation}: ${words}`, {
      status: answer.status,
      operation,
      reason: 'not_json',
    })
  }
}

function downloadOf(answer: RawAnswer, body: Readable): Download {
  const length = Number(answer.headers('content-length') ?? Number.NaN)
  return {
    contentType: answer.headers('content-type') ?? 'application/octet-stream',
    fileName: fileNameOf(answer.headers('content-disposition') ?? ''),
    length: Number.isFinite(length) ? length : null,
    body,
  }
}

/** The last part of the name only: it may be hostile. */
function fileNameOf(disposition: string): string | null {
  const extended = /filename\*\s*=\s*utf-8''([^;\s]+)/i.exec(disposition)?.[1]
  const quoted = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition)
  const name = decoded(extended) ?? (quoted?.[1] ?? quoted?.[2])?.replaceAll(/\\(.)/g, '$1')
  const last = name
    ?.split(/[/\\]/)
    .at(-1)
    ?.replaceAll(/\p{Cc}/gu, '')
  return last === undefined || ['', '.', '..'].includes(last) ? null : last
}

function decoded(text: string | undefined): string | null {
  try {
    return text === undefined ? null : decodeURIComponent(text)
  } catch {
    return null
  }
}
