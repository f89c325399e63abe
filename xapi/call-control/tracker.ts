import type { CallEvent, CallPlace } from './call-event.ts'
import type { MonitoredDn, Participant } from './participant.ts'

/**
 * Turns what is known of legs into what happens to calls. A call is told apart by its id and the number it is at:
 * however many legs and updates it has, it rings once, is answered once and ends once.
 */
export type Tracker = {
  /** A leg as it is now. */
  put(leg: Participant): void
  /** A leg is gone. */
  drop(dn: string, legId: number): void
  /** Everything as it is now: what is missing is gone. */
  reconcile(state: readonly MonitoredDn[]): void
  /** The same for one number. */
  reconcileDn(state: MonitoredDn): void
  /** Where calls are. */
  present(): CallPlace[]
  /** Ends every wait for a leg that may come back. */
  close(): void
}

type Call = {
  key: string
  legs: Map<number, Participant>
  phase: 'new' | 'ringing' | 'answered'
  last: Omit<CallEvent, 'type' | 'wasAnswered'>
  ending: NodeJS.Timeout | null
}

/** These end a leg as its removal does. */
const OVER = new Set(['terminated', 'failed'])

export function openTracker(options: { graceMs: number; emit: (event: CallEvent) => void }): Tracker {
  const { graceMs, emit } = options
  const calls = new Map<string, Call>()
  /** `dn/leg` to the call it belongs to. */
  const callOfLeg = new Map<string, Call>()
  const types = new Map<string, string>()

  function put(leg: Participant): void {
    if (OVER.has(leg.status.toLowerCase())) return drop(leg.dn, leg.id)
    const key = `${leg.callid} ${leg.dn}`
    const before = callOfLeg.get(legKey(leg.dn, leg.id))
    if (before !== undefined && before.key !== key) drop(leg.dn, leg.id)
    const call: Call = calls.get(key) ?? {
      key,
      legs: new Map(),
      phase: 'new',
      last: tell(leg, types.get(leg.dn) ?? ''),
      ending: null,
    }
    calls.set(key, call)
    callOfLeg.set(legKey(leg.dn, leg.id), call)
    call.legs.set(leg.id, leg)
    if (call.ending !== null) clearTimeout(call.ending)
    call.ending = null
    call.last = known(tell(leg, types.get(leg.dn) ?? ''), call)
    advance(call, leg)
  }

  function advance(call: Call, leg: Participant): void {
    const isTalking = leg.status.toLowerCase() === 'connected'
    if (isTalking ? call.phase === 'answered' : call.phase !== 'new') return
    call.phase = isTalking ? 'answered' : 'ringing'
    emit({ ...call.last, type: call.phase, wasAnswered: isTalking })
  }

  function drop(dn: string, legId: number): void {
    const call = callOfLeg.get(legKey(dn, legId))
    if (call === undefined) return
    callOfLeg.delete(legKey(dn, legId))
    call.legs.delete(legId)
    if (call.legs.size > 0) return
    // A transfer takes a leg away and brings another a moment later.
    if (graceMs > 0) call.ending = setTimeout(() => end(call), graceMs)
    else end(call)
  }

  function end(call: Call): void {
    calls.delete(call.key)
    emit({ ...call.last, type: 'ended', wasAnswered: call.phase === 'answered' })
  }

  function reconcileDn(state: MonitoredDn): void {
    types.set(state.dn, state.type)
    const present = new Set(state.participants.map(({ id }) => id))
    for (const call of calls.values()) {
      if (call.last.dn !== state.dn) continue
      for (const id of call.legs.keys()) if (!present.has(id)) drop(state.dn, id)
    }
    for (const leg of state.participants) put(leg)
  }

  return {
    put,
    drop,
    reconcileDn,
    reconcile(state) {
      const present = new Set(state.map(({ dn }) => dn))
      const gone = [...calls.values()].map(({ last }) => last.dn).filter((dn) => !present.has(dn))
      for (const dn of new Set(gone))
        reconcileDn({ dn, type: types.get(dn) ?? '', devices: [], participants: [] })
      for (const one of state) reconcileDn(one)
    },
    present: () => [...calls.values()].map(({ last: { callId, dn } }) => ({ callId, dn })),
    close() {
      for (const call of calls.values()) if (call.ending !== null) clearTimeout(call.ending)
      calls.clear()
      callOfLeg.clear()
    },
  }
}

const legKey = (dn: string, id: number) => `${dn}/${id}`

/** Later legs know less of a caller than the first did, once they talk to a queue. */
function known(now: Call['last'], { last, phase }: Call): Call['last'] {
  if (phase === 'new') return now
  return {
    ...now,
    direction: last.direction,
    caller: { number: now.caller.number ?? last.caller.number, name: now.caller.name ?? last.caller.name },
    did: now.did ?? last.did,
    via: now.via ?? last.via,
  }
}

function tell(leg: Participant, type: string): Call['last'] {
  const isOwn = leg.status.toLowerCase() === 'dialing' || leg.originated_by_dn === leg.dn
  const isExternal = (leg.party_dn_type ?? '').toLowerCase() === 'wexternalline'
  return {
    callId: String(leg.callid),
    dn: leg.dn,
    agent: type === '' || type.toLowerCase() === 'wextension' ? leg.dn : null,
    direction: isOwn ? 'outbound' : isExternal ? 'inbound' : 'internal',
    caller: {
      number: text(leg.party_caller_id) ?? (isExternal ? null : text(leg.party_dn)),
      name: text(leg.party_caller_name),
    },
    did: text(leg.party_did),
    via:
      [leg.on_behalf_of_dn, leg.referred_by_dn].map(text).find((dn) => dn !== null && dn !== leg.dn) ?? null,
    source: 'socket',
  }
}

function text(value: string | null | undefined): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}
