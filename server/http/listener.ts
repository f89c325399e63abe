import { readFileSync } from 'node:fs'
import { STATUS_CODES, createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'

/** PEM files. */
export type TlsFiles = { cert: string; key: string }

/** A server for one listener; an upload may take a quarter of an hour, an idle connection is kept for 72 s. */
export function openListener(tls: TlsFiles | null, listener: RequestListener): Server {
  const timeouts = { requestTimeout: 15 * 60_000, keepAliveTimeout: 72_000 }
  return tls
    ? createTlsServer({ ...timeouts, cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, listener)
    : createServer(timeouts, listener)
}

/** Answers what is no HTTP, comes too late or is too long, as the framework does on its own listener. */
export function answerBrokenRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    const [status, message] =
      error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Client Timeout']
        : error.code === 'HPE_HEADER_OVERFLOW'
          ? [431, 'Exceeded maximum allowed HTTP header size']
          : [400, 'Client Error']
    const name = STATUS_CODES[status]
    const body = JSON.stringify({ error: name, message, statusCode: status })
    const head = `HTTP/1.1 ${status} ${name}\r\nContent-Length: ${body.length}\r\nContent-Type: application/json\r\n\r\n`
    if (socket.writable) socket.write(head + body)
    socket.destroy(error)
  })
}
