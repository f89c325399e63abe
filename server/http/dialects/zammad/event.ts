import type { Lookup } from '../../../directory/directory.ts'
import type { NewPbxEvent } from '../../../journal/journal.ts'
import { HubError } from '../../../platform/errors.ts'
import type { Parameters } from '../../parameters.ts'

export type CtiEvent = Pick<
  NewPbxEvent,
  'event' | 'call' | 'number' | 'dnid' | 'agent' | 'queue' | 'partyId' | 'payload'
> & { kind: 'newCall' | 'answer' | 'hangup'; direction: 'in' | 'out' }

const KINDS = ['newCall', 'answer', 'hangup'] as const
const MOST_PARAMETERS = 60
const LONGEST = 2_000
const LONGEST_CALL_ID = 250

/** Numbers come with their country and without a plus: it is put back where they are none of the tenant's own otherwise. */
function withPlus(lookup: Pick<Lookup, 'read'>, tenantId: number, number: string | null): string | null {
  if (number === null || !/^[1-9]\d{6,14}$/.test(number)) return number
  const isNumber = (text: string) => lookup.read(tenantId, text).kind === 'external'
  return !isNumber(number) && isNumber(`+${number}`) ? `+${number}` : number
}

/** Reads an event of a call. HubError 422 for one that is none. */
export function readCtiEvent(
  parameters: Parameters,
  { lookup, tenantId }: { lookup: Pick<Lookup, 'read'>; tenantId: number },
): CtiEvent {
  const named = (name: string) => parameters.get(name)?.trim() || null
  const refuse = (message: string): never => {
    throw new HubError('validation_failed', message)
  }
  const told = named('event')?.toLowerCase()
  const kind =
    KINDS.find((one) => one.toLowerCase() === told) ?? refuse('event is newCall, answer or hangup.')
  const direction = named('direction')
  if (direction !== 'in' && direction !== 'out') return refuse('direction is either in or out.')
  const call = named('callid')
  if (call === null || call.length > LONGEST_CALL_ID)
    return refuse(`callId is needed, and has at most ${LONGEST_CALL_ID} characters.`)
  const sent = [...parameters].filter(([name]) => name !== 'token')
  if (sent.length > MOST_PARAMETERS || sent.some(([, text]) => text.length > LONGEST))
    return refuse(`An event has at most ${MOST_PARAMETERS} parameters of ${LONGEST} characters.`)
  const [from, to] = [named('from'), named('to')]
  const [outside, own] = direction === 'in' ? [from, to] : [to, from]
  return {
    kind,
    direction,
    event: kind,
    call,
    number: withPlus(lookup, tenantId, outside),
    dnid: withPlus(lookup, tenantId, own),
    agent: named('answeringnumber') ?? named('user') ?? named('user[]'),
    queue: named('queue'),
    partyId: null,
    payload: Object.fromEntries(sent),
  }
}
