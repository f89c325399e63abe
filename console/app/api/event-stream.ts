import { ApiError, openEvents } from './client.ts'

export type StreamEvent = { id: string | null; name: string; data: string }

export type StreamTold = {
  onOpen(): void
  /** false: enough; the stream is closed and not opened again. */
  onEvent(event: StreamEvent): boolean
  /** It broke, ended, or was refused (then with the refusal); it is tried again. */
  onLost(refusal: ApiError | null): void
}

const AGAIN_AFTER_MS = 3_000
const AGAIN_AFTER_REFUSAL_MS = 10_000

function readEvent(block: string): StreamEvent | null {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? []
    if (name !== undefined) fields.set(name, value ?? '')
  }
  const data = fields.get('data')
  return data === undefined
    ? null
    : { id: fields.get('id') ?? null, name: fields.get('event') ?? 'message', data }
}

/**
 * Follows a stream of server-sent events, and goes on where it was when the connection is lost. As `EventSource`, which
 * cannot say in which tenant it asks.
 */
export function followEvents(path: string, told: StreamTold): () => void {
  const end = new AbortController()
  let lastId: string | null = null
  let again: ReturnType<typeof setTimeout> | undefined

  /** False when there is nothing more to read. */
  const read = async (): Promise<boolean> => {
    const stream = await openEvents(path, { lastId, signal: end.signal })
    told.onOpen()
    const reader = stream
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .getReader()
    for (let rest = ''; ;) {
      const { done, value } = await reader.read()
      if (done) return true
      const blocks = (rest + value).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = readEvent(block)
        if (event === null) continue
        lastId = event.id ?? lastId
        if (!told.onEvent(event)) return false
      }
    }
  }
  const follow = async () => {
    let refusal: ApiError | null = null
    try {
      if (!(await read())) return end.abort()
    } catch (error) {
      if (error instanceof ApiError) refusal = error
    }
    if (end.signal.aborted) return
    told.onLost(refusal)
    again = setTimeout(() => void follow(), refusal ? AGAIN_AFTER_REFUSAL_MS : AGAIN_AFTER_MS)
  }
  void follow()
  return () => {
    clearTimeout(again)
    end.abort()
  }
}
