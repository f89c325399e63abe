import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { connectToBackDoor, type BackDoorAddress } from './back-door.ts'

/** What belongs to one connection rather than to the request or answer on it; trailers are read by nobody. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'trailer', 'expect'])

/** Hands a request to the hub and its answer back, both as they come: nothing is kept, nothing is changed. */
export type Passage = (request: IncomingMessage, response: ServerResponse) => void

export type PassageDeps = {
  door: BackDoorAddress
  /** Whether an answer is the last one of its connection, whatever the client would like. */
  isLast(): boolean
  onTrouble(error: unknown): void
}

export function openPassage({ door, isLast, onTrouble }: PassageDeps): Passage {
  const agents = new WeakMap<Duplex, Agent>()

  /** Each client has a connection of its own to the hub, for as long as it is there itself. */
  const agentFor = (client: IncomingMessage['socket']): Agent => {
    const found = agents.get(client)
    if (found) return found
    const { remoteAddress = '', remotePort = 0 } = client
    const encrypted = (client as Partial<TLSSocket>).encrypted === true
    const peer = { address: remoteAddress, port: remotePort, encrypted }
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agent.createConnection = () => connectToBackDoor(door, peer)
    agents.set(client, agent)
    // Whoever leaves is not waited for, nor answered, nor are his requests that still wait for their turn handed over.
    client.once('close', () => {
      agent.createConnection = () => null
      agent.destroy()
    })
    return agent
  }

  return (request, response) => {
    const client = request.socket
    const fail = (error: unknown) => {
      onTrouble(error)
      request.resume()
      response.writeHead(500, { 'content-type': 'application/json; charset=utf-8' })
      response.end('{"message":"Something went wrong on our side.","code":"internal"}')
    }
    let outgoing: ClientRequest
    try {
      outgoing = repeat(request, agentFor(client))
    } catch (error) {
      return fail(error)
    }

    let answered = false
    outgoing.on('response', (answer) => {
      answered = true
      const headers = headersOfAnswer(answer)
      if (isLast()) response.shouldKeepAlive = false
      response.writeHead(answer.statusCode ?? 500, answer.statusMessage, headers)
      // An answer that breaks off shall look like one.
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    })
    outgoing.on('error', (error) => {
      if (answered || client.destroyed) return
      fail(error)
    })
    request.pipe(outgoing)
  }
}

/** The request once more, its head on its way. Throws for a head that may be received but not sent. */
function repeat(request: IncomingMessage, agent: Agent): ClientRequest {
  const outgoing = httpRequest({ agent, method: request.method, path: request.url, setHost: false })
  // A body comes as it was framed, and none comes where there was none.
  outgoing.useChunkedEncodingByDefault = request.headers['transfer-encoding'] !== undefined
  try {
    for (const [name, values] of headersOf(request)) outgoing.setHeader(name, values)
    outgoing.flushHeaders()
  } catch (error) {
    outgoing.on('error', () => {}).destroy()
    throw error
  }
  return outgoing
}

/** Headers as they came, but for those of the hub's own connection; one that ends with its answer ends for the client too. */
function headersOfAnswer({ rawHeaders, headers }: IncomingMessage): string[] {
  const isLast = headers.connection?.toLowerCase() === 'close'
  return rawHeaders.filter((_, i) => {
    const name = rawHeaders[i - (i % 2)]!.toLowerCase()
    return !OF_THE_CONNECTION.has(name) || (isLast && name === 'connection')
  })
}

/** Headers by name, each with all its values, spelled as they came. */
function headersOf({ rawHeaders }: IncomingMessage): Map<string, string[]> {
  const headers = new Map<string, { name: string; values: string[] }>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    const key = name.toLowerCase()
    if (key !== 'transfer-encoding' && OF_THE_CONNECTION.has(key)) continue
    const known = headers.get(key) ?? { name, values: [] }
    known.values.push(rawHeaders[i + 1]!)
    headers.set(key, known)
  }
  return new Map([...headers.values()].map(({ name, values }) => [name, values]))
}
