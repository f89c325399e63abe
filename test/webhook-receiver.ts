import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Json } from './hub.ts'

export type Received = {
  path: string
  headers: IncomingHttpHeaders
  text: string
  json: Json
}

/** How a delivery is answered; 204 at once unless told otherwise. */
export type Answering = (received: Received, response: ServerResponse, request: IncomingMessage) => unknown

export type Receiver = {
  url: string
  /** `host:port`, as `CORDBOARD_ALLOW_PRIVATE` takes it. */
  place: string
  received: Received[]
  /** From now on. */
  answerWith(answering: Answering): void
  /** Waits until what was received is as wanted. */
  until(isEnough: (received: Received[]) => boolean): Promise<void>
}

/** A server that takes webhooks. */
export async function newReceiver(t: TestContext): Promise<Receiver> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  let answering: Answering = (_, response) => response.writeHead(204).end()
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, text, json: JSON.parse(text) }
      received.push(one)
      for (const look of waiting) look()
      void answering(one, response, request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    place: `127.0.0.1:${port}`,
    received,
    answerWith: (given) => void (answering = given),
    until: (isEnough) =>
      new Promise((resolve) => {
        const look = () => {
          if (!isEnough(received)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}
