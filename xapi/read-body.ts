import type { Dispatcher } from 'undici'
import { pipeline, Transform, type Readable } from 'node:stream'
import { XapiError } from './errors.ts'
import { networkError } from './network-error.ts'
import type { RawAnswer, RawRequest } from './connection.ts'

type Limits = { bodyMs: number; longest: number; expire: () => void }

/**
 * The answer with its body: read whole within the deadline and the longest length, or handed on as a stream, which goes
 * on outside the lane and must only never pause for longer than the deadline while it is being read.
 */
export async function readBody(
  request: RawRequest,
  answer: Dispatcher.ResponseData,
  limits: Limits,
): Promise<RawAnswer> {
  const headers = (name: string) => {
    const value = answer.headers[name]
    return value === undefined ? null : ([value].flat()[0] ?? null)
  }
  const status = answer.statusCode
  const isGood = status >= 200 && status < 300 && status !== 204
  if (isGood && request.streams?.(headers('content-type') ?? '')) {
    return { status, headers, bytes: Buffer.alloc(0), stream: watched(request, answer.body, limits) }
  }
  const timer = setTimeout(limits.expire, limits.bodyMs)
  try {
    return { status, headers, bytes: await whole(request, answer.body, limits.longest), stream: null }
  } finally {
    clearTimeout(timer)
  }
}

async function whole(request: RawRequest, body: Readable, longest: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > longest) {
      throw new XapiError('server', `${request.operation}: the answer is longer than ${longest} bytes`, {
        operation: request.operation,
        reason: 'too_long',
      })
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** Ends the request when nothing arrives for too long although there is room for more. */
function watched(request: RawRequest, body: Readable, { bodyMs, expire }: Limits): Readable {
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    clearTimeout(timer)
    timer = setTimeout(() => (through.readableLength > 0 ? again() : expire()), bodyMs)
  }
  const through = new Transform({
    transform(piece, _encoding, done) {
      again()
      done(null, piece)
    },
    destroy(error, done) {
      clearTimeout(timer)
      if (error === null) return done(null)
      const isGivenUp = request.signal?.aborted === true
      done(isGivenUp ? (request.signal?.reason as Error) : networkError(error, 'the PBX', request.operation))
    },
  })
  again()
  pipeline(body, through, () => clearTimeout(timer))
  return through
}
