import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Pbx } from '../model/pbx.ts'
import { cdrLine } from './cdr-line.ts'

const CONNECT_WITHIN_MS = 5000

/** The CDR output of a PBX over TCP, as its settings say: it connects out for every record, or it listens. */
export type CdrSocket = {
  /** Records sent or kept, newest last. */
  lines: readonly string[]
  /** Address it listens at, or null. */
  listening: () => { address: string; port: number } | null
  /** Resolves as soon as so many collectors are connected to it. */
  accepted: (howMany: number) => Promise<void>
  /** Resolves when the settings in force now are carried out. */
  ready: () => Promise<void>
  close: () => Promise<void>
}

const MOST_LINES = 1000

export function openCdrSocket(pbx: Pbx): CdrSocket {
  const lines: string[] = []
  const sockets = new Set<Socket>()
  let server: Server | null = null
  let work: Promise<void> = Promise.resolve()

  const waiting = new Set<() => void>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    for (const look of waiting) look()
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
  const stopListening = async (): Promise<void> => {
    const closing = server
    server = null
    for (const socket of sockets) socket.destroy()
    if (closing) await new Promise((resolve) => closing.close(resolve))
  }
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => {
      const opening = createServer(keep)
      // A port that is taken leaves the PBX without CDR output, as it would.
      opening.once('error', () => resolve())
      opening.listen(port, '127.0.0.1', () => {
        server = opening
        resolve()
      })
    })
  const apply = (): void => {
    const settings = pbx.store.single('CDRSettings')
    work = work.then(async () => {
      await stopListening()
      if (settings.Enabled === true && settings.LogType === 'PassiveSocket')
        await listen(Number(settings.SocketPort))
    })
  }
  const send = (line: string): void => {
    const { SocketIpAddress: host, SocketPort: port } = pbx.store.single('CDRSettings')
    const socket = connect({ host: String(host), port: Number(port), timeout: CONNECT_WITHIN_MS })
    keep(socket)
    socket.on('timeout', () => socket.destroy())
    socket.on('connect', () => socket.end(`${line}\r\n`))
    // An echo is read and thrown away, so that the connection can close.
    socket.resume()
  }
  const stopHearing = pbx.calls.onEnd((call) => {
    const settings = pbx.store.single('CDRSettings')
    if (settings.Enabled !== true) return
    const line = cdrLine(call, settings)
    lines.push(line)
    if (lines.length > MOST_LINES) lines.shift()
    if (settings.LogType === 'ActiveSocket') send(line)
    else if (settings.LogType === 'PassiveSocket') for (const socket of sockets) socket.write(`${line}\r\n`)
  })
  pbx.changed.set('CDRSettings', apply)

  return {
    lines,
    listening: () => {
      const address = server?.address()
      return address && typeof address === 'object' ? { address: address.address, port: address.port } : null
    },
    accepted: (howMany) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (sockets.size < howMany) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    ready: () => work,
    close: async () => {
      stopHearing()
      await work
      await stopListening()
    },
  }
}
