import type { Pbx, Row } from '../model/pbx.ts'
import { participantsOf, type Call, type How, type Side } from './call.ts'
import { closePassage, endCall, enter, join, leave, outsideSide, sideOf, trunkFor } from './calls.ts'
import { canRing, diversionOf, profileOf } from './extension.ts'
import { departmentOf, hoursAt, type Hours } from './hours.ts'
import { targetOf, type Target } from './target.ts'

/** `hops`: how often the call was sent on since somebody last did something. */
export type Route = { how: How; from: Side; onBehalfOf?: Side; referredBy?: Side; hops?: number }

/** A call that is sent on oftener goes round, and is ended. */
const MOST_HOPS = 40
const OUTSIDE = new Set(['External', 'Boomerang', 'Deflect'])
const MAILBOXES = new Set(['VoiceMail', 'VoiceMailOfDestination'])

/** Brings a call to a destination. An unknown one ends it. */
export function routeTo(pbx: Pbx, call: Call, target: Target, route: Route): void {
  if (OUTSIDE.has(target.to)) return dialOut(pbx, call, target.external || target.number, route)
  if (target.to === 'Callback') {
    call.callback = { number: target.number }
    return endCall(pbx, call, 'callee')
  }
  const at = sideOf(pbx, target.number)
  if (!at || target.to === 'None' || target.to === 'ProceedWithNoExceptions')
    return endCall(pbx, call, 'callee')
  if (MAILBOXES.has(target.to)) return toVoiceMail(pbx, call, at, route)
  switch (at.type) {
    case 'Queue':
    case 'RingGroup':
    case 'IVR':
    case 'Group': {
      const elsewhere = byHours(pbx, call, at)
      if (elsewhere) return passOn(pbx, call, at, elsewhere, route)
      if (at.type === 'Queue') return toQueue(pbx, call, at, route)
      if (at.type === 'RingGroup') return toRingGroup(pbx, call, at, route)
      return toMachine(pbx, call, at, route)
    }
    case 'RoutePoint':
    case 'Parking':
      return toMachine(pbx, call, at, route)
    case 'Extension': {
      const user = pbx.store.numbered('Users', at.number)
      const elsewhere = user && diversionOf(pbx, call, user)
      return elsewhere ? passOn(pbx, call, at, elsewhere, route) : ring(pbx, call, at, route)
    }
    case 'Fax':
      return ring(pbx, call, at, route)
    case 'ExternalLine':
      return endCall(pbx, call, 'callee')
  }
}

/** A DN sends a call on: what its destination leaves open is its own. */
export function sendOn(pbx: Pbx, call: Call, at: Side, target: Target, hops = 0): void {
  const isOwn = target.number === '' && (MAILBOXES.has(target.to) || target.to === 'Callback')
  routeTo(pbx, call, isOwn ? { ...target, number: at.number } : target, { how: 'divert', from: at, hops })
}

/** A call only comes by, and goes on at once. */
function passOn(pbx: Pbx, call: Call, at: Side, target: Target, { how, from, hops = 0 }: Route): void {
  enter(pbx, call, at, from, how)
  closePassage(pbx, call, at.number, 'redirected')
  if (hops >= MOST_HOPS) return endCall(pbx, call, 'callee')
  sendOn(pbx, call, at, target, hops + 1)
}

const ROUTES: Readonly<Record<Hours, string>> = {
  office: 'OfficeRoute',
  out: 'OutOfOfficeRoute',
  break: 'BreakRoute',
  holiday: 'HolidaysRoute',
  operator: 'CustomOperator',
}
const SETS = { Queue: 'Queues', RingGroup: 'RingGroups', IVR: 'Receptionists', Group: 'Groups' } as const

/** Where the hours send a call that comes to a queue, ring group, receptionist or department; null = it stays. */
function byHours(pbx: Pbx, call: Call, at: Side): Target | null {
  const row = pbx.store.numbered(SETS[at.type as keyof typeof SETS], at.number)
  if (!row) return null
  const routeIn = (hours: Hours): Target => targetOf((row[ROUTES[hours]] as Row | null | undefined)?.Route)
  if (at.type === 'Group') {
    const hours = hoursAt(pbx, row, call.when, () => true)
    return hours === 'operator' ? targetOf(row.CustomOperator) : routeIn(hours)
  }
  const isSet = (hours: Hours): boolean => !['', 'None'].includes(routeIn(hours).to)
  const hours = hoursAt(pbx, departmentOf(pbx, row), call.when, isSet)
  return isSet(hours) ? routeIn(hours) : null
}

/** The other side as seen by whoever is rung. */
export const farSide = (call: Call): Side => call.caller

function ring(pbx: Pbx, call: Call, at: Side, { how, from, onBehalfOf, referredBy }: Route): void {
  enter(pbx, call, at, from, how)
  join(pbx, call, {
    dn: at.number,
    type: at.type,
    status: 'Ringing',
    party: farSide(call),
    onBehalfOf: onBehalfOf ?? null,
    referredBy: referredBy ?? null,
  })
}

function toQueue(pbx: Pbx, call: Call, at: Side, { how, from }: Route): void {
  const queue = pbx.store.numbered('Queues', at.number)
  enter(pbx, call, at, from, how)
  join(pbx, call, { dn: at.number, type: 'Queue', status: 'Connected', party: farSide(call) })
  const agents = membersOf(pbx, call, queue?.Agents).filter((user) => user.QueueStatus === 'LoggedIn')
  const called = queue?.PollingStrategy === 'RingAll' ? agents : agents.slice(0, 1)
  for (const user of called) pollMember(pbx, call, String(user.Number), at)
}

function toRingGroup(pbx: Pbx, call: Call, at: Side, { how, from }: Route): void {
  const group = pbx.store.numbered('RingGroups', at.number)
  enter(pbx, call, at, from, how)
  const members = membersOf(pbx, call, group?.Members).filter(
    (user) => profileOf(user)?.DisableRingGroupCalls !== true,
  )
  const called = group?.RingStrategy === 'Hunt' ? members.slice(0, 1) : members
  for (const member of called) pollMember(pbx, call, String(member.Number), at)
}

/** Those of a list whose phones can ring. */
const membersOf = (pbx: Pbx, call: Call, list: unknown): Row[] =>
  ((list ?? []) as Row[])
    .map((member) => pbx.store.numbered('Users', member.Number))
    .filter((user) => user !== null)
    .filter((user) => canRing(pbx, call, user))

function pollMember(pbx: Pbx, call: Call, number: string, onBehalfOf: Side): void {
  const at = sideOf(pbx, number)
  // Whoever calls a queue is busy and not rung for it.
  if (at && !isCallersOwn(call, number)) ring(pbx, call, at, { how: 'polling', from: onBehalfOf, onBehalfOf })
}

function toMachine(pbx: Pbx, call: Call, at: Side, { how, from }: Route): void {
  const passage = enter(pbx, call, at, from, how)
  const status = at.type === 'RoutePoint' ? 'Ringing' : 'Connected'
  if (status === 'Connected') passage.answeredAt = pbx.calls.now()
  join(pbx, call, { dn: at.number, type: at.type, status, party: farSide(call) })
}

function toVoiceMail(pbx: Pbx, call: Call, at: Side, { how, from }: Route): void {
  if (pbx.store.numbered('Users', at.number)?.VMEnabled === false) return endCall(pbx, call, 'callee')
  const passage = enter(pbx, call, at, from, how, 'VoiceMail')
  passage.answeredAt = pbx.calls.now()
}

function dialOut(pbx: Pbx, call: Call, number: string, { how, from }: Route): void {
  const trunk = trunkFor(pbx, number)
  if (!trunk) return endCall(pbx, call, 'callee')
  const at = outsideSide(number, '', trunk)
  call.trunk ??= { number: at.dn, dn: at.dn, name: String((trunk.Gateway as Row).Name), type: 'ExternalLine' }
  call.outside = { number, isAnswered: false }
  enter(pbx, call, at, from, how)
  join(pbx, call, { dn: at.dn, type: 'ExternalLine', status: 'Dialing', party: farSide(call) })
}

/** Stops whatever rings, waits or plays for a call that goes elsewhere. */
export function clearOffers(
  pbx: Pbx,
  call: Call,
  keep: number | null,
  why: 'completed_elsewhere' | 'redirected',
): void {
  for (const participant of participantsOf(call)) {
    const isOffer =
      participant.status === 'Ringing' || ['Queue', 'IVR', 'RoutePoint', 'Parking'].includes(participant.type)
    if (!isOffer || participant.id === keep || isCallersOwn(call, participant.dn)) continue
    leave(pbx, call, participant)
    closePassage(pbx, call, participant.dn, why)
  }
  for (const passage of call.passages)
    if (passage.endedAt === null && (passage.kind === 'RingGroup' || passage.kind === 'VoiceMail'))
      closePassage(pbx, call, passage.at.number, why)
}

export const isCallersOwn = (call: Call, dn: string): boolean =>
  call.direction !== 'Inbound' && dn === call.caller.dn
