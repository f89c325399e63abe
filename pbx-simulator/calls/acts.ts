import { badRequest, notFound } from '../odata/refusal.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { textOf } from '../model/text.ts'
import { holderOf, openPassage, participantsOf, type Call, type Participant, type Passage } from './call.ts'
import { beginCall, closePassage, endCall, join, leave, outsideSide, sideOf, tell } from './calls.ts'
import { destinationOf, ruleFor } from './entry.ts'
import { onwardFrom } from './extension.ts'
import type { When } from './hours.ts'
import { clearOffers, isCallersOwn, routeTo, sendOn } from './routing.ts'
import { targetOf, targetOfNumber, type Target } from './target.ts'

type Incoming = {
  name: string | null
  from: string
  callerName: string
  did: string
  when: When
  isRecorded: boolean
  /** DN of the trunk; null = the one that has the number. */
  on?: string | null
}

/** A call comes in on a telephone number. `to` overrules what the inbound rules say. */
export function callIn(pbx: Pbx, incoming: Incoming & { to: string | null }): Call {
  const { from, callerName, did, when, on } = incoming
  const trunks = pbx.store.rows('Trunks')
  const trunk = on
    ? pbx.store.numbered('Trunks', on)
    : (trunks.find((row) => (row.DidNumbers as string[]).includes(did)) ?? trunks[0])
  if (!trunk) throw badRequest(on ? `There is no trunk ${on}.` : 'A call from outside needs a trunk.')
  const call = beginCall(pbx, {
    name: incoming.name,
    direction: 'Inbound',
    caller: outsideSide(from, callerName, trunk),
    dialled: did,
    did,
    trunk: outsideSide(String(trunk.Number), String((trunk.Gateway as Row).Name), trunk),
    isRecorded: incoming.isRecorded,
    when,
  })
  join(pbx, call, { dn: String(trunk.Number), type: 'ExternalLine', status: 'Connected', party: call.caller })
  const target =
    incoming.to === null
      ? destinationOf(pbx, ruleFor(pbx, { from, did, trunk }), when)
      : targetOfNumber(pbx, incoming.to)
  routeTo(pbx, call, target, { how: 'call_init', from: call.caller })
  return call
}

type Outgoing = { name: string | null; from: string; to: string; isRecorded: boolean; when?: When }

/** An extension or another DN dials a number, inside or outside. */
export function callOut(pbx: Pbx, { name, from, to, isRecorded, when = 'office' }: Outgoing): Call {
  const caller = sideOf(pbx, from)
  if (!caller) throw notFound(`the DN ${from}`)
  if (from === to) throw badRequest(`${from} cannot call itself.`)
  const target = targetOfNumber(pbx, to)
  const direction = target.to === 'External' ? 'Outbound' : 'Internal'
  const call = beginCall(pbx, {
    name,
    direction,
    caller,
    dialled: to,
    did: '',
    trunk: null,
    isRecorded,
    when,
  })
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

/** Nobody answers, or presses a key: the call goes where such calls go, or ends. */
export function noAnswer(pbx: Pbx, call: Call): void {
  const last = call.passages.findLast((passage) => passage.endedAt === null && !passage.isPolling)
  const target = last ? unansweredAt(pbx, call, last) : targetOf(null)
  if (last && target === null) return
  clearOffers(pbx, call, null, 'redirected')
  if (last && last.endedAt === null) closePassage(pbx, call, last.at.number, 'no_answer')
  if (last && target) sendOn(pbx, call, last.at, target)
  else endCall(pbx, call, 'callee')
}

/** Where calls go that nobody takes there; null = they stay. */
function unansweredAt(pbx: Pbx, call: Call, { at, kind, answeredAt }: Passage): Target | null {
  const rowIn = (set: string): Row | null => pbx.store.numbered(set, at.number)
  switch (kind) {
    case 'Queue':
      return targetOf(rowIn('Queues')?.ForwardNoAnswer)
    case 'RingGroup':
      return targetOf(rowIn('RingGroups')?.ForwardNoAnswer)
    case 'IVR': {
      const menu = rowIn('Receptionists')
      return targetOfForward(pbx, textOf(menu?.TimeoutForwardType), textOf(menu?.TimeoutForwardDN), '')
    }
    case 'Extension': {
      const user = rowIn('Users')
      return user && answeredAt === null ? onwardFrom(pbx, call, user, 'NoAnswer') : targetOf(null)
    }
    case 'VoiceMail':
    case 'Fax':
    case 'Group':
    case 'Parking':
    case 'RoutePoint':
    case 'ExternalLine':
      return targetOf(null)
  }
}

/** Somebody refuses a call: one that rings for a queue or ring group rings on there, any other finds the phone busy. */
export function reject(pbx: Pbx, call: Call, participant: Participant): void {
  const user = pbx.store.numbered('Users', participant.dn)
  if (participant.onBehalfOf !== null || !user) return drop(pbx, call, participant)
  const at = sideOf(pbx, participant.dn) ?? call.caller
  const target = onwardFrom(pbx, call, user, 'PhoneBusy')
  leave(pbx, call, participant)
  closePassage(pbx, call, participant.dn, 'rejected')
  sendOn(pbx, call, at, target)
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
  const menu = pbx.store.numbered('Receptionists', machine.dn)
  const forward = ((menu?.Forwards ?? []) as Row[]).find((one) => one.Input === digits)
  const wrong = textOf(menu?.InvalidKeyForwardDN)
  const target = forward
    ? targetOfForward(pbx, textOf(forward.ForwardType), textOf(forward.ForwardDN), textOf(forward.CustomData))
    : wrong === ''
      ? null
      : insideTarget(pbx, wrong)
  if (target === null) return
  const at = sideOf(pbx, machine.dn) ?? call.caller
  clearOffers(pbx, call, null, 'redirected')
  sendOn(pbx, call, at, target)
}

/** A number that must be somebody's. */
const insideTarget = (pbx: Pbx, number: string): Target => {
  const target = targetOfNumber(pbx, number)
  return target.to === 'External' ? targetOf(null) : target
}

/** What a digital receptionist does next; null = it goes on playing. */
function targetOfForward(pbx: Pbx, type: string, number: string, custom: string): Target | null {
  if (type === 'RepeatPrompt' || type === 'CallByName') return null
  if (type === 'CustomInput') return targetOfNumber(pbx, custom || number)
  return { to: type === 'EndCall' || type === '' ? 'None' : type, number, external: '' }
}
