import type { PeerType } from '../model/numbers.ts'
import type { When } from './hours.ts'

/** What call control calls the kinds of DN. */
export const DN_TYPES = {
  Extension: 'Wextension',
  Queue: 'Wqueue',
  RingGroup: 'Wringgroup',
  IVR: 'Wivr',
  RoutePoint: 'Wroutepoint',
  Parking: 'Wparkextension',
  ExternalLine: 'Wexternalline',
  Fax: 'Wextension',
  Group: 'Wspecialmenu',
} as const satisfies Record<PeerType, string>

export type Side = { number: string; name: string; dn: string; type: PeerType }

/** One DN's part in a call, as long as it has one. */
export type Participant = {
  id: number
  legId: number
  dn: string
  type: PeerType
  status: 'Dialing' | 'Ringing' | 'Connected'
  party: Side
  did: string
  /** The queue or ring group for which this one rings, and who sent the call here. */
  onBehalfOf: Side | null
  referredBy: Side | null
  attached: Record<string, unknown>
}

/** How a call came to a DN, and why it left. Words of the PBX's own call data. */
export type How = 'call_init' | 'divert' | 'polling' | 'transfer' | 'route_to'
export type Why =
  | 'src_participant_terminated'
  | 'dst_participant_terminated'
  | 'continued_in'
  | 'redirected'
  | 'cancelled'
  | 'rejected'
  | 'completed_elsewhere'
  | 'no_answer'

/** The stay of a call at one DN: what the call logs are made of. Instants in ms. */
export type Passage = {
  at: Side
  from: Side
  kind: PeerType | 'VoiceMail'
  how: How
  why: Why | null
  startedAt: number
  answeredAt: number | null
  endedAt: number | null
  /** Dialled on behalf of a queue or ring group: such rows can be hidden. */
  isPolling: boolean
}

export type Direction = 'Inbound' | 'Outbound' | 'Internal'

/** A call with all ids under which different interfaces know it; they differ, as on a PBX. */
export type Call = {
  /** Name given by a script, or null. */
  name: string | null
  direction: Direction
  caller: Side
  /** What was dialled: the DID, the outside number or the extension. */
  dialled: string
  did: string
  trunk: Side | null
  controlId: number
  activeId: number
  historyId: string
  mainHistoryId: string
  cdrNumber: number
  cdrId: string
  participants: Map<number, Participant>
  passages: Passage[]
  startedAt: number
  answeredAt: number | null
  endedAt: number | null
  endedBy: 'caller' | 'callee' | null
  changedAt: number
  isRecorded: boolean
  /** When it happens to those that have hours. */
  when: When
  /** It has ended with the promise to call back, made by the DN of this number. */
  callback: { number: string } | null
  /** The outside party of a transfer to the outside has answered. */
  outside: { number: string; isAnswered: boolean } | null
}

export const participantsOf = (call: Call, status?: Participant['status']): Participant[] =>
  [...call.participants.values()].filter((one) => status === undefined || one.status === status)

/** Who talks to the caller at this moment, or null. */
export const holderOf = (call: Call): Participant | null =>
  participantsOf(call, 'Connected').find(
    (one) => one.type === 'Extension' && one.dn !== (call.direction === 'Inbound' ? null : call.caller.dn),
  ) ?? null

/** The last passage that is still open at a number. */
export const openPassage = (call: Call, number: string): Passage | null =>
  call.passages.findLast((passage) => passage.at.number === number && passage.endedAt === null) ?? null

/** Where a call is at the moment, null when nowhere any more, and the numbers that ring for it. */
export function whereIs(call: Call): { kind: Passage['kind']; number: string; rings: string[] } | null {
  const passage = call.passages.findLast((one) => one.endedAt === null && !one.isPolling)
  if (!passage || call.endedAt !== null) return null
  const rings = participantsOf(call, 'Ringing').map(({ dn }) => dn)
  return { kind: passage.kind, number: passage.at.number, rings }
}

/** The extension at the inner end of a call: who answered, or who called. */
export const agentOf = (call: Call): string =>
  call.direction === 'Outbound'
    ? call.caller.number
    : (call.passages.findLast((passage) => passage.kind === 'Extension' && passage.answeredAt !== null)?.at
        .number ??
      call.passages.findLast((passage) => passage.kind === 'Extension')?.at.number ??
      '')
