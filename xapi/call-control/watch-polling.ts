import { setTimeout as wait } from 'node:timers/promises'
import { backoffMs } from '../backoff.ts'
import { isXapiError } from '../errors.ts'
import type { ActiveCalls } from '../resources/call-log.ts'
import type { ActiveCall } from '../resources/entities.ts'
import type { CallEvent, CallPlace } from './call-event.ts'

export type PollingOptions = {
  signal: AbortSignal
  emit: (event: CallEvent) => void
  onProblem: (error: unknown) => void
  onReady: (present: CallPlace[]) => void
  everyMs: number
}

type Seen = { event: Omit<CallEvent, 'type' | 'wasAnswered'>; isAnswered: boolean }

/**
 * Follows the calls of a PBX by asking for its active calls over and over: no DID, no queue, and calls shorter than the
 * pause are not seen. Throws what asking again will not change.
 */
export async function watchPolling(activeCalls: ActiveCalls, options: PollingOptions): Promise<void> {
  const { signal, emit } = options
  let known = new Map<number, Seen>()
  let failures = 0
  while (!signal.aborted) {
    try {
      const rows = await Array.fromAsync(activeCalls.list({ signal }))
      const now = new Map(rows.flatMap((row) => (typeof row.Id === 'number' ? [[row.Id, row] as const] : [])))
      for (const [id, { event, isAnswered }] of known) {
        if (!now.has(id)) emit({ ...event, type: 'ended', wasAnswered: isAnswered })
      }
      known = new Map([...now].map(([id, row]) => [id, see(row, known.get(id) ?? null)]))
      if (failures >= 0)
        options.onReady([...known.values()].map(({ event: { callId, dn } }) => ({ callId, dn })))
      failures = -1
    } catch (error) {
      if (signal.aborted) return
      if (isXapiError(error) && FINAL.includes(error.kind)) throw error
      failures = Math.max(1, failures + 1)
      options.onProblem(error)
    }
    const pause = failures > 0 ? backoffMs(failures, options.everyMs, 60_000) : options.everyMs
    await wait(pause, null, { signal }).catch(() => {})
  }

  function see(row: ActiveCall, before: Seen | null): Seen {
    const event = tell(row)
    // A transfer: it begins at the other number before it ends at the former one, as over the socket.
    if (before !== null && before.event.dn !== event.dn) {
      const there = see(row, null)
      emit({ ...before.event, type: 'ended', wasAnswered: before.isAnswered })
      return there
    }
    const isAnswered = before?.isAnswered === true || isTalking(row)
    if (isAnswered && before?.isAnswered !== true) emit({ ...event, type: 'answered', wasAnswered: true })
    else if (before === null) emit({ ...event, type: 'ringing', wasAnswered: false })
    return { event, isAnswered }
  }
}

const FINAL: readonly string[] = ['authentication', 'permission', 'not_found', 'unsupported', 'closed']

function isTalking({ Status, EstablishedAt }: ActiveCall): boolean {
  return /talking|connected/i.test(Status ?? '') || (Status === undefined && Boolean(EstablishedAt))
}

/** Extensions are short; whoever is longer is outside. */
function tell(row: ActiveCall): Seen['event'] {
  const [caller, callee] = [readParty(row.Caller), readParty(row.Callee)]
  const [isCallerInside, isCalleeInside] = [isExtension(caller.number), isExtension(callee.number)]
  const isOutbound = isCallerInside && !isCalleeInside
  const inside = isOutbound ? caller : callee
  return {
    callId: String(row.Id),
    dn: inside.number ?? '',
    agent: isExtension(inside.number) ? inside.number : null,
    direction: isOutbound ? 'outbound' : isCallerInside ? 'internal' : 'inbound',
    caller: isOutbound ? callee : caller,
    did: null,
    via: null,
    source: 'polling',
  }
}

function isExtension(number: string | null): boolean {
  return number !== null && /^\d{2,5}$/.test(number)
}

/** `204 Kovács Éva`, `Kovács Éva (204)`, `+36301234567`: however number and name are put together. */
export function readParty(text: string | null | undefined): { number: string | null; name: string | null } {
  const whole = text?.trim() ?? ''
  const pattern = /^(\+?\d[\d*#]*)(?:[\s:,-]+(.*))?$|^(.*?)\s*[(<](\+?\d[\d*#]*)[)>]$/
  const [, first, after, before, inside] = pattern.exec(whole) ?? []
  const name = (first === undefined ? (before ?? whole) : (after ?? ''))
    .replace(/^[(<"]+|[)>"]+$/g, '')
    .trim()
  return { number: first ?? inside ?? null, name: name === '' ? null : name }
}
