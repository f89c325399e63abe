import type { Pbx, Row } from '../model/pbx.ts'
import { findDn, nameOfDn } from '../model/numbers.ts'
import {
  openPassage,
  participantsOf,
  type Call,
  type How,
  type Participant,
  type Passage,
  type Side,
  type Why,
} from './call.ts'
import { textOf } from '../model/text.ts'

/** A change of a participant, as call control tells it: 0 there or changed, 1 gone, 2 digits, 3 prompt played. */
export type CallEvent = { type: 0 | 1 | 2 | 3; participant: Participant; call: Call; digits?: string }

/** The live calls of a PBX, and who wants to hear of them. */
export type Calls = {
  live: Map<number, Call>
  finished: Call[]
  now: () => number
  /** Lets the calls happen at another time; null for the PBX's clock. */
  setTime: (at: number | null) => void
  onEvent: (listener: (event: CallEvent) => void) => () => void
  onEnd: (listener: (call: Call) => void) => () => void
  emit: (event: CallEvent) => void
  ended: (call: Call) => void
}

const MOST_FINISHED = 5000

export function openCalls(clock: { now: () => number }): Calls {
  const hearing = new Set<(event: CallEvent) => void>()
  const ending = new Set<(call: Call) => void>()
  const finished: Call[] = []
  let time: number | null = null
  const subscribe = <T>(set: Set<T>, listener: T): (() => void) => {
    set.add(listener)
    return () => void set.delete(listener)
  }
  return {
    live: new Map(),
    finished,
    now: () => time ?? clock.now(),
    setTime: (at) => {
      time = at
    },
    onEvent: (listener) => subscribe(hearing, listener),
    onEnd: (listener) => subscribe(ending, listener),
    emit: (event) => {
      for (const listener of hearing) listener(event)
    },
    ended: (call) => {
      finished.push(call)
      if (finished.length > MOST_FINISHED) finished.shift()
      for (const listener of ending) listener(call)
    },
  }
}

/** An extension, queue … as a side of a call. */
export function sideOf(pbx: Pbx, number: string): Side | null {
  const dn = findDn(pbx, number)
  return dn ? { number, dn: number, name: nameOfDn(dn), type: dn.type } : null
}

export const outsideSide = (number: string, name: string, trunk: Row): Side => ({
  number,
  name,
  dn: String(trunk.Number),
  type: 'ExternalLine',
})

/** Whether an outbound rule is for a number: by how it begins and how long it is. */
function letsOut(rule: Row, number: string): boolean {
  const listOf = (field: unknown): string[] =>
    textOf(field)
      .split(/[\s,;]+/)
      .filter(Boolean)
  const [prefixes, lengths] = [listOf(rule.Prefix), listOf(rule.NumberLengthRanges)]
  const isLong = ([from = '', to = from]: string[]): boolean =>
    number.length >= Number(from) && number.length <= Number(to)
  return (
    (prefixes.length === 0 || prefixes.some((prefix) => number.startsWith(prefix))) &&
    (lengths.length === 0 || lengths.some((range) => isLong(range.split('-'))))
  )
}

/** The trunk a call to the outside takes: the first of the first rule for it. null = no rule lets it out. */
export function trunkFor(pbx: Pbx, number: string): Row | null {
  const rules = pbx.store.rows('OutboundRules').toSorted((a, b) => Number(a.Priority) - Number(b.Priority))
  const rule = number === '' ? undefined : rules.find((one) => letsOut(one, number))
  if (!rule) return null
  const routed = ((rule.Routes ?? []) as Row[])
    .map((route) => pbx.store.get('Trunks', route.TrunkId))
    .find((trunk) => trunk !== null)
  return routed ?? pbx.store.rows('Trunks')[0] ?? null
}

type Opening = Pick<
  Call,
  'direction' | 'caller' | 'dialled' | 'did' | 'trunk' | 'name' | 'isRecorded' | 'when'
>

/** A new call with ids of its own in every interface. */
export function beginCall(pbx: Pbx, opening: Opening): Call {
  const { store, calls } = pbx
  const ids = pbx.random.stream(`call ${store.nextId('call stream')}`)
  const now = calls.now()
  const historyId = ids.uuid()
  const call: Call = {
    ...opening,
    controlId: store.nextId('call'),
    activeId: store.nextId('active'),
    historyId,
    mainHistoryId: ids.uuid(),
    cdrNumber: store.nextId('cdr'),
    cdrId: `${ids.hex(16).toUpperCase()}_${ids.below(900) + 1}`,
    participants: new Map(),
    passages: [],
    startedAt: now,
    answeredAt: null,
    endedAt: null,
    endedBy: null,
    changedAt: now,
    outside: null,
    callback: null,
  }
  calls.live.set(call.controlId, call)
  return call
}

type Joining = Pick<Participant, 'dn' | 'type' | 'status' | 'party'> & Partial<Participant>

/** A DN takes part from now on. */
export function join(pbx: Pbx, call: Call, joining: Joining): Participant {
  const participant: Participant = {
    did: call.did,
    onBehalfOf: null,
    referredBy: null,
    attached: {},
    ...joining,
    id: pbx.store.nextId('participant'),
    legId: call.participants.size + 1,
  }
  call.participants.set(participant.id, participant)
  tell(pbx, call, participant, 0)
  return participant
}

export function leave(pbx: Pbx, call: Call, participant: Participant): void {
  if (call.participants.delete(participant.id)) tell(pbx, call, participant, 1)
}

/** Something about a participant is different now. */
export function tell(pbx: Pbx, call: Call, participant: Participant, type: 0 | 1): void {
  call.changedAt = pbx.calls.now()
  pbx.calls.emit({ type, participant, call })
}

/** Writes down that the call has come to a DN. */
export function enter(
  pbx: Pbx,
  call: Call,
  at: Side,
  from: Side,
  how: How,
  kind: Passage['kind'] = at.type,
): Passage {
  const isPolling = how === 'polling'
  const startedAt = pbx.calls.now()
  const passage = { at, from, kind, how, why: null, startedAt, answeredAt: null, endedAt: null, isPolling }
  call.passages.push(passage)
  return passage
}

export function closePassage(pbx: Pbx, call: Call, number: string, why: Why): void {
  const passage = openPassage(call, number)
  if (!passage) return
  passage.endedAt = pbx.calls.now()
  passage.why = why
}

/** Ends a call: everybody leaves, and it is written down. */
export function endCall(pbx: Pbx, call: Call, by: 'caller' | 'callee'): void {
  if (call.endedAt !== null) return
  const now = pbx.calls.now()
  call.endedAt = now
  call.endedBy = by
  for (const passage of call.passages) {
    if (passage.endedAt !== null) continue
    passage.endedAt = now
    passage.why ??= by === 'caller' ? 'src_participant_terminated' : 'dst_participant_terminated'
  }
  for (const participant of participantsOf(call)) leave(pbx, call, participant)
  pbx.calls.live.delete(call.controlId)
  pbx.calls.ended(call)
}
