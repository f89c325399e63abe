import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { askControl, monitoredBy } from '../calls/control.ts'
import { Refusal, refusalBody } from '../odata/refusal.ts'
import type { Caller, Row } from '../model/pbx.ts'
import { bearerOf, pathOf, type Front } from './server.ts'
import { callerOf } from './xapi.ts'
import { textOf } from '../model/text.ts'

const ROOT = '/callcontrol'
/** The client's token is gone. */
const SIGNED_OUT = 4401
const CHECK_TOKEN_MS = 1000

function controllerOf(caller: Caller): Caller {
  if (caller.principal?.CallControlEnabled !== true)
    throw new Refusal(403, 'The client may not use call control.')
  return caller
}

/** Call control: the state and the acts over HTTP, the events over a WebSocket. Answers a function that closes it. */
export function serveCallControl(server: FastifyInstance, front: Front): () => void {
  const answer = (request: FastifyRequest) => {
    const caller = controllerOf(callerOf(front, request))
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Row
    return askControl(front.pbx, caller, request.method, pathOf(request).slice(ROOT.length), body)
  }
  for (const url of [ROOT, `${ROOT}/*`])
    server.route({
      method: ['GET', 'POST'],
      url,
      handler: async (request, reply) => {
        const { status, body } = answer(request)
        return reply.code(status).send(body)
      },
    })
  const sockets = new WebSocketServer({ noServer: true })
  server.server.on('upgrade', (request, socket, head) => {
    const caller = callerOfUpgrade(front, request)
    if (caller instanceof Refusal) return refuse(socket, caller)
    sockets.handleUpgrade(request, socket, head, (opened) => follow(front, opened, tokenOf(request)))
  })
  return () => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
  }
}

const tokenOf = (request: IncomingMessage): string => bearerOf({ headers: request.headers } as FastifyRequest)

function callerOfUpgrade({ tokens, faults }: Front, request: IncomingMessage): Caller | Refusal {
  const path = request.url?.split('?')[0] ?? ''
  const active = faults.takeFor(path)
  if (active.has('dropped') || active.has('500')) return new Refusal(500, '')
  if (path !== `${ROOT}/ws`) return new Refusal(404, 'There is no socket here.')
  const caller = tokens.callerOf(tokenOf(request))
  if (!caller) return new Refusal(401, 'The token is missing, expired or replaced.')
  return caller.principal?.CallControlEnabled === true
    ? caller
    : new Refusal(403, 'The client may not use call control.')
}

function refuse(socket: Duplex, { status, message }: Refusal): void {
  const body = JSON.stringify(refusalBody(new Refusal(status, message)))
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** Tells one client what happens at the DNs it watches, and answers what it asks. */
function follow({ pbx, tokens }: Front, socket: WebSocket, token: string): void {
  let sequence = 0
  const send = (event: object): void => socket.send(JSON.stringify({ sequence: (sequence += 1), event }))
  const current = (): Caller | null => tokens.callerOf(token)
  const stopHearing = pbx.calls.onEvent(({ type, participant, digits }) => {
    const watching = current()
    if (!watching || !monitoredBy(watching).has(participant.dn)) return
    const entity = `${ROOT}/${participant.dn}/participants/${participant.id}`
    send({ event_type: type, entity, attached_data: digits === undefined ? null : { dtmf_input: digits } })
  })
  const watch = setInterval(() => {
    if (!current()) socket.close(SIGNED_OUT, 'signed out')
  }, CHECK_TOKEN_MS)
  socket.on('close', () => {
    clearInterval(watch)
    stopHearing()
  })
  socket.on('error', () => socket.terminate())
  socket.on('message', (data) => {
    const asked = readRequest(dataText(data))
    const path = textOf(asked?.Path)
    const answer = ask(pbx, current(), path, (asked?.RequestData ?? null) as Row | null)
    send({
      event_type: 4,
      entity: path,
      attached_data: {
        RequestID: asked?.RequestID ?? null,
        Path: path,
        StatusCode: answer.status,
        Response: answer.body,
      },
    })
  })
}

const dataText = (data: RawData): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8')

function readRequest(text: string): Row | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Row) : null
  } catch {
    return null
  }
}

/** Words of the socket in upper camel case, as call control itself writes them. */
const BODY_WORDS = {
  Reason: 'reason',
  Destination: 'destination',
  Timeout: 'timeout',
  AttachedData: 'attacheddata',
} as const

function ask(
  pbx: Front['pbx'],
  caller: Caller | null,
  path: string,
  data: Row | null,
): { status: number; body: unknown } {
  try {
    if (!caller) throw new Refusal(401, 'The token is missing, expired or replaced.')
    if (!path.startsWith(ROOT)) throw new Refusal(404, `${path} is not here.`)
    const body: Row = {}
    for (const [word, name] of Object.entries(BODY_WORDS)) if (data && word in data) body[name] = data[word]
    return askControl(pbx, caller, data ? 'POST' : 'GET', path.slice(ROOT.length), body)
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, String(error))
    return { status: refusal.status, body: refusalBody(refusal) }
  }
}
