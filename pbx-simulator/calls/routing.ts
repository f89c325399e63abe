import { NOWHERE } from '../model/destinations.ts'
import { findDn } from '../model/numbers.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { participantsOf, type Call, type How, type Side } from './call.ts'
import { closePassage, endCall, enter, join, leave, outsideSide, sideOf, trunkFor } from './calls.ts'
import { textOf } from '../model/text.ts'

/** Where a call goes: the fields of a Destination that matter. */
export type Target = { to: string; number: string; external: string }

export const targetOf = (destination: unknown): Target => {
  const row = (destination ?? NOWHERE) as Row
  return {
    to: textOf(row.To),
    number: textOf(row.Number),
    external: textOf(row.External),
  }
}

/** A number somebody dials, as a destination. */
export function targetOfNumber(pbx: Pbx, number: string): Target {
  const dn = findDn(pbx, number)
  return dn ? { to: dn.type, number, external: '' } : { to: 'External', number: '', external: number }
}

export type Route = { how: How; from: Side; onBehalfOf?: Side; referredBy?: Side }

/** Brings a call to a destination. An unknown one ends it. */
export function routeTo(pbx: Pbx, call: Call, target: Target, route: Route): void {
  if (target.to === 'External') return dialOut(pbx, call, target.external, route)
  const at = sideOf(pbx, target.number)
  if (!at || target.to === 'None') return endCall(pbx, call, 'callee')
  if (target.to === 'VoiceMail') return toVoiceMail(pbx, call, at, route)
  switch (at.type) {
    case 'Queue':
      return toQueue(pbx, call, at, route)
    case 'RingGroup':
      return toRingGroup(pbx, call, at, route)
    case 'IVR':
    case 'RoutePoint':
    case 'Parking':
      return toMachine(pbx, call, at, route)
    case 'Extension':
    case 'Fax':
      return ring(pbx, call, at, route)
    case 'ExternalLine':
    case 'Group':
      return endCall(pbx, call, 'callee')
  }
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
  const agents = ((queue?.Agents ?? []) as Row[])
    .map((agent) => pbx.store.numbered('Users', agent.Number))
    .filter((user) => user?.QueueStatus === 'LoggedIn')
  const called = queue?.PollingStrategy === 'RingAll' ? agents : agents.slice(0, 1)
  for (const user of called) pollMember(pbx, call, String(user?.Number), at)
}

function toRingGroup(pbx: Pbx, call: Call, at: Side, { how, from }: Route): void {
  const group = pbx.store.numbered('RingGroups', at.number)
  enter(pbx, call, at, from, how)
  const members = (group?.Members ?? []) as Row[]
  const called = group?.RingStrategy === 'Hunt' ? members.slice(0, 1) : members
  for (const member of called) pollMember(pbx, call, String(member.Number), at)
}

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
  const passage = enter(pbx, call, at, from, how, 'VoiceMail')
  passage.answeredAt = pbx.calls.now()
}

function dialOut(pbx: Pbx, call: Call, number: string, { how, from }: Route): void {
  const trunk = trunkFor(pbx, number)
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
