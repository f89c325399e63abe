import { Agent, request } from 'node:http'

export type RawAnswer = { status: number; body: string }

/** Sends requests over keep-alive connections, `connections` at a time, paths byte for byte as given. */
export async function sendAll<Item>(
  url: string,
  items: Iterable<Item>,
  toRequest: (item: Item) => {
    method?: string
    path: string
    headers?: Record<string, string>
    body?: string | Buffer
  },
  onAnswer: (item: Item, answer: RawAnswer) => void,
  connections = 32,
): Promise<void> {
  const { hostname, port } = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const iterator = items[Symbol.iterator]()
  const sendOne = (item: Item) =>
    new Promise<void>((resolve, reject) => {
      const { method = 'GET', path, headers = {}, body } = toRequest(item)
      const sent = request({ hostname, port, method, path, headers, agent }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => {
          onAnswer(item, { status: response.statusCode ?? 0, body: text })
          resolve()
        })
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const lane = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await sendOne(next.value)
  }
  try {
    await Promise.all(Array.from({ length: connections }, lane))
  } finally {
    agent.destroy()
  }
}

/** A seeded generator of numbers in [0, 1): the same seed gives the same test. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
