import { timingSafeEqual } from 'node:crypto'
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http'
import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'

/** Where the hub's threads hand it the requests they do not answer themselves, and the word that lets them in. */
export type BackDoorAddress = { path: string; secret: string }

/** The client at the far end of a connection. */
export type Peer = { address: string; port: number; encrypted: boolean }

const LONGEST_GREETING = 256
const GREETING_WITHIN_MS = 5_000

/** A connection for the requests of one client; its first line says whose they are, so that no header has to. */
export function connectToBackDoor({ path, secret }: BackDoorAddress, peer: Peer): Socket {
  const socket = connect({ path })
  socket.write(`${secret} ${peer.address} ${peer.port} ${peer.encrypted ? 'tls' : 'plain'}\n`)
  return socket
}

/** The server behind the back door. Its timeouts are those of the listener the client is connected to. */
export const openBackDoorServer = (router: RequestListener): HttpServer =>
  createHttpServer(
    { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, requireHostHeader: false },
    router,
  )

/** Lets connections of the hub's own threads in to `server`, each looking as if the client had come itself. */
export async function openBackDoor(
  server: HttpServer,
  { path, secret }: BackDoorAddress,
): Promise<{ close(): Promise<void> }> {
  const wanted = Buffer.from(secret)
  const sockets = new Set<Socket>()
  const gate = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    readGreeting(socket, (word, peer) => {
      const given = Buffer.from(word)
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return socket.destroy()
      comeAs(socket, peer)
      server.emit('connection', socket)
    })
  })
  gate.listen(path)
  await once(gate, 'listening')
  return {
    async close() {
      const closed = once(gate, 'close')
      gate.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function readGreeting(socket: Socket, greeted: (secret: string, peer: Peer) => void): void {
  const late = setTimeout(() => socket.destroy(), GREETING_WITHIN_MS)
  let received: Buffer = Buffer.alloc(0)
  const read = () => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    received = Buffer.concat([received, chunk])
    const end = received.indexOf(10)
    if (end < 0 && received.length < LONGEST_GREETING) return
    clearTimeout(late)
    socket.off('readable', read)
    if (end < 0) return void socket.destroy()
    const [secret = '', address = '', port, how] = received.toString('latin1', 0, end).split(' ')
    if (received.length > end + 1) socket.unshift(received.subarray(end + 1))
    greeted(secret, { address, port: Number(port), encrypted: how === 'tls' })
  }
  socket.on('readable', read)
  socket.on('close', () => clearTimeout(late))
}

function comeAs(socket: Socket, { address, port, encrypted }: Peer): void {
  Object.defineProperties(socket, {
    remoteAddress: { value: address },
    remotePort: { value: port },
    encrypted: { value: encrypted },
    // An answer given before its request was read to the end must not be lost with the connection: the rest is read.
    destroySoon: {
      value() {
        socket.end()
        socket.resume()
      },
    },
  })
}
