import { badRequest, notFound, Refusal } from '../odata/refusal.ts'
import type { Caller, Pbx, Row } from '../model/pbx.ts'
import { answer, callOut, drop, routeFrom, transfer } from './acts.ts'
import { participantsOf, type Call, type Participant } from './call.ts'
import { devicesOf, dnView, participantsAt, participantView, type Found } from './control-view.ts'
import { closePassage, endCall, leave, tell } from './calls.ts'

/** What a request to call control is answered with. */
export type ControlAnswer = { status: number; body: unknown }

const ok = (body: unknown): ControlAnswer => ({ status: 200, body })

/** The DNs a client watches; call control shows it nothing else. */
export function monitoredBy({ principal }: Caller): ReadonlySet<string> {
  const peers = Array.isArray(principal?.Peers) ? (principal.Peers as Row[]) : []
  return new Set(peers.map((peer) => String(peer.Number)))
}

/** Answers a request to `/callcontrol…`, over HTTP or over the socket. `path` begins after that. */
export function askControl(pbx: Pbx, caller: Caller, method: string, path: string, body: Row): ControlAnswer {
  const watched = monitoredBy(caller)
  const steps = path
    .split('/')
    .filter((step) => step !== '')
    .map(decodeStep)
  if (steps.length === 0) return ok([...watched].map((dn) => dnView(pbx, dn)).filter((view) => view !== null))
  const [dn = '', kind, id, act] = steps
  if (!watched.has(dn)) throw new Refusal(403, `The DN ${dn} is not monitored by this client.`)
  const view = dnView(pbx, dn)
  if (!view) throw notFound(`the DN ${dn}`)
  const isPost = method === 'POST'
  if (kind === undefined) return ok(view)
  if (kind === 'makecall' && isPost) return makeCall(pbx, dn, null, body)
  if (kind === 'devices') {
    if (id === undefined) return ok(view.devices)
    const device = devicesOf(pbx, dn).find((one) => one.device_id === id)
    if (!device) throw notFound(`the device ${id}`)
    return act === 'makecall' && isPost ? makeCall(pbx, dn, id, body) : ok(device)
  }
  if (kind !== 'participants') throw notFound(path)
  if (id === undefined) return ok(view.participants)
  const found = participantsAt(pbx, dn).find(({ participant }) => String(participant.id) === id)
  if (!found) throw notFound(`the participant ${id}`)
  if (act === undefined) return ok(participantView(pbx, found.call, found.participant))
  if (!isPost) throw new Refusal(405, `${method} is not possible here.`)
  return takeAction(pbx, found, act, body)
}

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    throw badRequest('The path is not encoded properly.')
  }
}

const success = (pbx: Pbx, call: Call, participant: Participant): ControlAnswer =>
  ok({
    finalstatus: 'Success',
    reason: 'NotSpecified',
    reasontext: '',
    result: participantView(pbx, call, participant),
  })

function makeCall(pbx: Pbx, dn: string, device: string | null, body: Row): ControlAnswer {
  const destination = textIn(body, 'destination')
  if (destination === '') throw badRequest('destination is missing.')
  if (device === 'not_registered_dev') throw new Refusal(422, 'The device is not registered.')
  const call = callOut(pbx, { name: null, from: dn, to: destination, isRecorded: false })
  const own = participantsOf(call).find((one) => one.dn === dn)
  if (!own) throw new Refusal(422, 'The call ended at once.')
  own.attached = attachedIn(body)
  afterTimeout(pbx, body, () => {
    if (call.answeredAt === null) endCall(pbx, call, 'callee')
  })
  return { ...success(pbx, call, own), status: 202 }
}

/** Does something once the ringing time of a request is over; without one, nobody stops it. */
function afterTimeout(pbx: Pbx, { timeout }: Row, act: () => void): void {
  if (typeof timeout === 'number' && timeout > 0) pbx.later(timeout * 1000, act)
}

/** Whoever does not answer in time is rung no longer. */
function withdraw(pbx: Pbx, call: Call, rung: Participant): void {
  leave(pbx, call, rung)
  closePassage(pbx, call, rung.dn, 'no_answer')
}

const textIn = (body: Row, name: string): string => (typeof body[name] === 'string' ? body[name].trim() : '')

function attachedIn(body: Row): Row {
  const data = body.attacheddata
  return typeof data === 'object' && data !== null ? (data as Row) : {}
}

function takeAction(pbx: Pbx, { call, participant }: Found, act: string, body: Row): ControlAnswer {
  const destination = textIn(body, 'destination')
  if (['divert', 'routeto', 'transferto'].includes(act) && destination === '')
    throw badRequest('destination is missing.')
  switch (act) {
    case 'drop':
      drop(pbx, call, participant)
      break
    case 'answer':
      if (participant.status !== 'Ringing') throw new Refusal(422, 'The participant does not ring.')
      answer(pbx, call, participant.dn)
      break
    case 'divert':
      if (participant.status !== 'Ringing')
        throw new Refusal(422, 'Only a ringing participant can be diverted.')
      transfer(pbx, call, destination, participant)
      break
    case 'routeto':
      routeFrom(pbx, call, participant, destination)
      afterTimeout(pbx, body, () => {
        for (const rung of participantsOf(call, 'Ringing'))
          if (rung.onBehalfOf?.number === participant.dn) withdraw(pbx, call, rung)
      })
      break
    case 'transferto':
      if (participant.status !== 'Connected')
        throw new Refusal(422, 'Only a connected participant can be transferred.')
      transfer(pbx, call, destination, participant)
      break
    case 'attach_participant_data':
      participant.attached = { ...participant.attached, ...attachedIn(body) }
      tell(pbx, call, participant, 0)
      break
    case 'attach_party_data':
      for (const other of participantsOf(call)) {
        if (other.id === participant.id) continue
        other.attached = { ...other.attached, ...attachedIn(body) }
        tell(pbx, call, other, 0)
      }
      break
    default:
      throw notFound(act)
  }
  return success(pbx, call, participant)
}
