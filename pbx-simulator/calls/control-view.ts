import { deviceOf, USER_AGENT } from '../entities/devices.ts'
import { findDn } from '../model/numbers.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { DN_TYPES, participantsOf, type Call, type Participant } from './call.ts'

/** A participant as call control shows it. */
export function participantView(pbx: Pbx, call: Call, participant: Participant): Row {
  const { party, onBehalfOf, referredBy } = participant
  const user = participant.type === 'Extension' ? pbx.store.numbered('Users', participant.dn) : null
  return {
    id: participant.id,
    status: participant.status,
    dn: participant.dn,
    party_caller_name: party.name,
    party_dn: party.dn,
    party_caller_id: party.number,
    party_did: call.direction === 'Inbound' ? participant.did : '',
    device_id: user ? deviceOf(user) : '',
    party_dn_type: DN_TYPES[party.type],
    direct_control: participant.type === 'RoutePoint',
    originated_by_dn: '',
    originated_by_type: 'None',
    referred_by_dn: referredBy?.number ?? '',
    referred_by_type: referredBy ? DN_TYPES[referredBy.type] : 'None',
    on_behalf_of_dn: onBehalfOf?.number ?? '',
    on_behalf_of_type: onBehalfOf ? DN_TYPES[onBehalfOf.type] : 'None',
    callid: call.controlId,
    legid: participant.legId,
    ...(Object.keys(participant.attached).length > 0 ? { attached_data: participant.attached } : {}),
  }
}

export type Found = { call: Call; participant: Participant }

/** The participants a DN has in live calls. */
export function participantsAt(pbx: Pbx, dn: string): Found[] {
  return [...pbx.calls.live.values()].flatMap((call) =>
    participantsOf(call)
      .filter((participant) => participant.dn === dn)
      .map((participant) => ({ call, participant })),
  )
}

/** The devices of a DN; only extensions that are registered have one. */
export function devicesOf(pbx: Pbx, dn: string): Row[] {
  const user = pbx.store.numbered('Users', dn)
  return user?.IsRegistered === true ? [{ dn, device_id: deviceOf(user), user_agent: USER_AGENT }] : []
}

/** The whole state of one DN. */
export function dnView(pbx: Pbx, number: string): Row | null {
  const dn = findDn(pbx, number)
  if (!dn) return null
  const participants = participantsAt(pbx, number).map(({ call, participant }) =>
    participantView(pbx, call, participant),
  )
  return { dn: number, type: DN_TYPES[dn.type], devices: devicesOf(pbx, number), participants }
}
