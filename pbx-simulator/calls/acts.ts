import { badRequest, notFound } from '../odata/refusal.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { holderOf, openPassage, participantsOf, type Call, type Participant } from './call.ts'
import { beginCall, closePassage, endCall, join, leave, outsideSide, sideOf, tell } from './calls.ts'
import { clearOffers, isCallersOwn, routeTo, targetOf, targetOfNumber, type Target } from './routing.ts'

export type Hours = 'office' | 'out' | 'holiday'

type Incoming = {
  name: string | null
  from: string
  callerName: string
  did: string
  hours: Hours
  isRecorded: boolean
}

/** The rule for a call from outside: first those that look at the caller, then those of the number dialled. */
export function ruleFor(pbx: Pbx, from: string, did: string): Row | null {
  const rules = pbx.store.rows('InboundRules')
  const fits = (mask: string, number: string): boolean =>
    mask.startsWith('*') ? number.endsWith(mask.slice(1)) : mask === number
  return (
    rules.find((rule) => rule.Condition === 'BasedOnCallerID' && fits(String(rule.Data), from)) ??
    rules.find((rule) => rule.Condition === 'BasedOnDID' && fits(String(rule.Data), did)) ??
    null
  )
}

function destinationOf(rule: Row | null, hours: Hours): Target {
  if (!rule) return targetOf(null)
  if (hours === 'holiday' && rule.AlterDestinationDuringHolidays === true)
    return targetOf(rule.HolidaysDestination)
  if (hours === 'out' && rule.AlterDestinationDuringOutOfOfficeHours === true)
    return targetOf(rule.OutOfOfficeHoursDestination)
  return targetOf(rule.OfficeHoursDestination)
}

/** A call comes in on a telephone number. `to` overrules what the inbound rules say. */
export function callIn(pbx: Pbx, incoming: Incoming & { to: string | null }): Call {
  const { from, callerName, did } = incoming
  const rule = ruleFor(pbx, from, did)
  const trunk =
    pbx.store.rows('Trunks').find((row) => (row.DidNumbers as string[]).includes(did)) ??
    pbx.store.rows('Trunks')[0]
  if (!trunk) throw badRequest('A call from outside needs a trunk.')
  const call = beginCall(pbx, {
    name: incoming.name,
    direction: 'Inbound',
    caller: outsideSide(from, callerName, trunk),
    dialled: did,
    did,
    trunk: outsideSide(String(trunk.Number), String((trunk.Gateway as Row).Name), trunk),
    isRecorded: incoming.isRecorded,
  })
  join(pbx, call, { dn: String(trunk.Number), type: 'ExternalLine', status: 'Connected', party: call.caller })
  const target = incoming.to === null ? destinationOf(rule, incoming.hours) : targetOfNumber(pbx, incoming.to)
  routeTo(pbx, call, target, { how: 'call_init', from: call.caller })
  return call
}

/** An extension or another DN dials a number, inside or outside. */
export function callOut(
  pbx: Pbx,
  { name, from, to, isRecorded }: { name: string | null; from: string; to: string; isRecorded: boolean },
): Call {
  const caller = sideOf(pbx, from)
  if (!caller) throw notFound(`the DN ${from}`)
  if (from === to) throw badRequest(`${from} cannot call itself.`)
  const target = targetOfNumber(pbx, to)
  const direction = target.to === 'External' ? 'Outbound' : 'Internal'
  const call = beginCall(pbx, { name, direction, caller, dialled: to, did: '', trunk: null, isRecorded })
  const party =
    target.to === 'External'
      ? { number: to, dn: '', name: '', type: 'ExternalLine' as const }
      : sideOf(pbx, to)
  const own = join(pbx, call, { dn: from, type: caller.type, status: 'Dialing', party: party ?? caller })
  routeTo(pbx, call, target, { how: 'call_init', from: caller })
  if (call.trunk) own.party = { ...own.party, dn: call.trunk.dn }
  return call
}

/** Somebody answers: the one with this number, or whoever rings first. */
export function answer(pbx: Pbx, call: Call, by: string | null): Participant | null {
  const now = pbx.calls.now()
  if (call.outside && !call.outside.isAnswered && (by === null || by === call.outside.number)) {
    call.outside.isAnswered = true
    const line = participantsOf(call, 'Dialing').find((one) => one.type === 'ExternalLine')
    if (line) connect(pbx, call, line)
    settle(pbx, call, call.outside.number, line?.id ?? null, now)
    return line ?? null
  }
  const ringing = participantsOf(call, 'Ringing').filter((one) => !isCallersOwn(call, one.dn))
  const participant = ringing.find((one) => by === null || one.dn === by)
  if (!participant) throw badRequest(`Nothing rings at ${by ?? 'any number'} for this call.`)
  connect(pbx, call, participant)
  settle(pbx, call, participant.dn, participant.id, now)
  return participant
}

function connect(pbx: Pbx, call: Call, participant: Participant): void {
  participant.status = 'Connected'
  tell(pbx, call, participant, 0)
}

function settle(pbx: Pbx, call: Call, number: string, keep: number | null, now: number): void {
  call.answeredAt ??= now
  const passage = openPassage(call, number)
  if (passage) passage.answeredAt = now
  clearOffers(pbx, call, keep, 'completed_elsewhere')
  const own = participantsOf(call).find((one) => isCallersOwn(call, one.dn))
  if (own && own.status !== 'Connected') {
    own.party = sideOf(pbx, number) ?? own.party
    connect(pbx, call, own)
  }
}

/** The call goes on to another number: from the one who talks, or from where it rings. */
export function transfer(pbx: Pbx, call: Call, to: string, from: Participant | null = holderOf(call)): void {
  const target = targetOfNumber(pbx, to)
  const by = from ? (sideOf(pbx, from.dn) ?? call.caller) : call.caller
  if (from && from.status === 'Connected') {
    leave(pbx, call, from)
    closePassage(pbx, call, from.dn, 'continued_in')
  } else clearOffers(pbx, call, null, 'redirected')
  routeTo(pbx, call, target, {
    how: from?.status === 'Connected' ? 'transfer' : 'divert',
    from: by,
    referredBy: by,
  })
}

/** A route point sends the call on and stays with it until somebody answers. */
export function routeFrom(pbx: Pbx, call: Call, participant: Participant, to: string): void {
  const at = sideOf(pbx, participant.dn) ?? call.caller
  routeTo(pbx, call, targetOfNumber(pbx, to), { how: 'route_to', from: at, onBehalfOf: at })
}

/** Nobody answers: the call goes where the queue, ring group or extension sends such calls, or ends. */
export function noAnswer(pbx: Pbx, call: Call): void {
  const last = call.passages.findLast((passage) => passage.endedAt === null && !passage.isPolling)
  const owner = last
    ? (pbx.store.numbered('Queues', last.at.number) ?? pbx.store.numbered('RingGroups', last.at.number))
    : null
  clearOffers(pbx, call, null, 'redirected')
  if (last && last.endedAt === null) closePassage(pbx, call, last.at.number, 'no_answer')
  const target = targetOf(owner?.ForwardNoAnswer)
  if (!last || !owner || target.to === 'None') endCall(pbx, call, 'callee')
  else routeTo(pbx, call, target, { how: 'divert', from: last.at })
}

/** One participant leaves; the call ends when that was the only one the caller had. */
export function drop(pbx: Pbx, call: Call, participant: Participant): void {
  if (
    isCallersOwn(call, participant.dn) ||
    (call.direction === 'Inbound' && participant.type === 'ExternalLine')
  )
    return endCall(pbx, call, 'caller')
  const others = participantsOf(call, 'Ringing').filter((one) => one.id !== participant.id)
  if (participant.status === 'Ringing' && (others.length > 0 || participant.onBehalfOf !== null)) {
    leave(pbx, call, participant)
    closePassage(pbx, call, participant.dn, 'rejected')
    return
  }
  endCall(pbx, call, 'callee')
}

/** The caller presses keys: told to whoever listens, and a digital receptionist acts on the first. */
export function press(pbx: Pbx, call: Call, digits: string): void {
  const machine = participantsOf(call).find((one) => ['IVR', 'RoutePoint'].includes(one.type))
  const heard = machine ?? holderOf(call)
  if (heard) pbx.calls.emit({ type: 2, participant: heard, call, digits })
  if (machine?.type !== 'IVR') return
  const forwards = (pbx.store.numbered('Receptionists', machine.dn)?.Forwards ?? []) as Row[]
  const forward = forwards.find((one) => one.Input === digits)
  if (!forward) return
  const at = sideOf(pbx, machine.dn) ?? call.caller
  clearOffers(pbx, call, null, 'redirected')
  const to = forward.ForwardType === 'EndCall' ? 'None' : String(forward.ForwardType)
  routeTo(pbx, call, { to, number: String(forward.ForwardDN), external: '' }, { how: 'divert', from: at })
}
