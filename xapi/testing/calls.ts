import type { TestContext } from 'node:test'
import { WebSocketServer, type WebSocket } from 'ws'
import type { CallEvent, MonitoredDn, Participant } from '../xapi.ts'
import type { PretendPbx } from './pbx.ts'

/** The live calls of a pretended PBX: its state by REST, and events by a socket that only say what changed. */
export type PretendCalls = {
  state: Map<string, MonitoredDn>
  sockets: Set<WebSocket>
  /** How often the whole state was asked for. */
  looks: number
  /** What every upgrade was answered with; null lets it in. */
  refuseWith: number | null
  /** A leg appears or changes. */
  put(leg: Partial<Participant> & { dn: string; id: number }, attached?: unknown): void
  remove(dn: string, id: number): void
  send(frame: unknown): void
  /** Cuts every socket, with a code or without a word. */
  cut(code?: number): void
  /** Upgrades so far, with the token each brought. */
  upgrades: string[]
}

export function addCalls(
  t: TestContext,
  pbx: PretendPbx,
  dns: readonly string[] = ['100', '101'],
): PretendCalls {
  const sockets = new Set<WebSocket>()
  const listener = new WebSocketServer({ noServer: true })
  let sequence = 0
  const calls: PretendCalls = {
    state: new Map(
      dns.map((dn) => [
        dn,
        { dn, type: dn.startsWith('8') ? 'Wqueue' : 'Wextension', devices: [], participants: [] },
      ]),
    ),
    sockets,
    looks: 0,
    refuseWith: null,
    upgrades: [],
    put(leg, attached = null) {
      const at = calls.state.get(leg.dn)
      const before = at?.participants.find(({ id }) => id === leg.id)
      const now: Participant = {
        status: 'Ringing',
        callid: 1,
        party_dn_type: 'Wexternalline',
        party_caller_id: '+3612345678',
        ...before,
        ...leg,
      }
      if (at) at.participants = [...at.participants.filter(({ id }) => id !== leg.id), now]
      event(0, `/callcontrol/${leg.dn}/participants/${leg.id}`, attached === 'leg' ? now : attached)
    },
    remove(dn, id) {
      const at = calls.state.get(dn)
      if (at) at.participants = at.participants.filter((one) => one.id !== id)
      event(1, `/callcontrol/${dn}/participants/${id}`, null)
    },
    send: (frame) => {
      for (const socket of sockets) socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
    },
    cut(code) {
      for (const socket of sockets) {
        if (code === undefined) socket.terminate()
        else socket.close(code)
      }
    },
  }
  const event = (event_type: number, entity: string, attached_data: unknown) =>
    calls.send({ sequence: ++sequence, event: { event_type, entity, attached_data } })

  pbx.server.on('upgrade', (request, socket, head) => {
    const { authorization = '' } = request.headers
    calls.upgrades.push(authorization.replace('Bearer ', ''))
    const isLetIn = request.url === '/callcontrol/ws' && authorization === `Bearer ${pbx.tokens.live}`
    const status = calls.refuseWith ?? (isLetIn ? null : 401)
    if (status !== null)
      return void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
    listener.handleUpgrade(request, socket, head, (opened) => {
      sockets.add(opened)
      opened.on('close', () => sockets.delete(opened))
    })
  })
  pbx.on('/callcontrol', ({ path, method }) => {
    const [, , dn, kind, id] = path.split('/').map(decodeURIComponent)
    if (method === 'POST') return { body: { finalstatus: 1, reason: 'None', reasontext: '', result: null } }
    if (dn === undefined) {
      calls.looks++
      return { body: structuredClone([...calls.state.values()]) }
    }
    const at = calls.state.get(dn)
    const found = kind === undefined ? at : at?.participants.find((one) => one.id === Number(id))
    return found === undefined ? { status: 404 } : { body: structuredClone(found) }
  })
  t.after(() => {
    for (const socket of sockets) socket.terminate()
    listener.close()
  })
  return calls
}

/** `ringing 100 +3612345678`: what happened, where, and with whom. */
export const told = ({ type, dn, caller }: CallEvent) => `${type} ${dn} ${caller.number}`
