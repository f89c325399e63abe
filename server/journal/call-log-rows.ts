import type { CallStatus, RecordInput } from '../../contract/pbx3cx-calls.ts'
import type { CallLogRow } from '../fleet/fleet.ts'
import { storable } from '../platform/storable.ts'

/** What a PBX calls kinds of numbers in its log, where its words do not tell them apart. */
const OUTSIDE_LINE = 1
const VOICEMAIL = 5
const LONGEST = 200

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/

/** ms of an ISO 8601 duration; null for none. */
export function readDuration(text: unknown): number | null {
  const parts = typeof text === 'string' ? DURATION.exec(text) : null
  if (parts === null) return null
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0))
  return Math.round(((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000)
}

const textOf = (value: unknown): string | null => {
  const text = typeof value === 'string' ? storable(value).trim().slice(0, LONGEST) : ''
  return text === '' ? null : text
}

const DIRECTIONS: Record<string, 'inbound' | 'outbound' | 'internal'> = {
  inbound: 'inbound',
  outbound: 'outbound',
  internal: 'internal',
}
const directionOf = ({ Direction }: CallLogRow) =>
  DIRECTIONS[textOf(Direction)?.split(' ')[0]?.toLowerCase() ?? ''] ?? null

/** The other side's number, where it is told; a queue or an extension that passes the call on is not the caller. */
const isFromOutside = ({ SourceType, SourceDn, SourceCallerId }: CallLogRow) =>
  typeof SourceType === 'number' ? SourceType === OUTSIDE_LINE : SourceCallerId !== SourceDn

const unanswered = ({ Reason }: CallLogRow): CallStatus =>
  /busy/i.test(textOf(Reason) ?? '') ? 'busy' : 'missed'

/** Which of the row's two sides is the agent, the queue, the caller and the called one. */
function sidesOf(row: CallLogRow, direction: ReturnType<typeof directionOf>): Partial<RecordInput> {
  const [source, sourceName] = [textOf(row.SourceDn), textOf(row.SourceDisplayName)]
  const [target, targetName] = [textOf(row.DestinationDn), textOf(row.DestinationDisplayName)]
  const kind = textOf(row['CallType'])?.toLowerCase() ?? ''
  const isAnswered = row.Answered === true && kind !== 'queue' && kind !== 'digital receptionist'
  const caller =
    direction === 'inbound'
      ? isFromOutside(row)
        ? { caller_number: textOf(row.SourceCallerId), caller_name: sourceName }
        : {}
      : { caller_number: textOf(row.SourceCallerId) ?? source, caller_name: sourceName }
  const status: CallStatus = isAnswered ? 'answered' : unanswered(row)
  if (kind === 'queue') return { ...caller, queue: target, status: 'abandoned' }
  if (kind === 'digital receptionist') return { ...caller, status: 'abandoned' }
  if (row['DestinationType'] === VOICEMAIL) return { ...caller, status: 'voicemail', agent_extension: null }
  if (kind === 'extension') {
    const called = direction === 'internal' ? { called_number: target } : {}
    return { ...caller, ...called, agent_extension: target, agent_name: targetName, status }
  }
  if (kind === 'external' && direction !== 'inbound') {
    const called = textOf(row.DestinationCallerId)
    return { ...caller, called_number: called, agent_extension: source, agent_name: sourceName, status }
  }
  return { ...caller, status }
}

/** By what a row is known again: one leg has one id; older logs count rows within a call. */
const idOf = ({ CdrId, CallHistoryId, SegmentId }: CallLogRow): string | null => {
  const leg = textOf(CdrId)
  if (leg !== null) return leg
  const call = textOf(CallHistoryId)
  return call === null ? null : `${call}/${String(SegmentId ?? '')}`
}

/** A row of a PBX's call log as a record of source `xapi`; null for one that says neither when nor what. */
export function recordOfRow(hostId: number, row: CallLogRow): RecordInput | null {
  const started = Date.parse(textOf(row.StartTime) ?? '')
  if (Number.isNaN(started)) return null
  const direction = directionOf(row)
  const sides = sidesOf(row, direction)
  const ring = readDuration(row.RingingDuration) ?? 0
  const talk = readDuration(row.TalkingDuration) ?? 0
  const iso = (at: number) => new Date(at).toISOString()
  const isAnswered = sides.status === 'answered'
  const isQueue = (sides.queue ?? null) !== null
  return {
    ...sides,
    pbx3cx_host_id: hostId,
    external_id: idOf(row),
    call_history_id: textOf(row.MainCallHistoryId) ?? textOf(row.CallHistoryId),
    source: 'xapi',
    direction,
    started_at: iso(started),
    answered_at: isAnswered ? iso(started + ring) : null,
    ended_at: iso(started + ring + talk),
    ring_ms: isQueue ? null : ring,
    wait_ms: isQueue ? ring : null,
    talk_ms: isAnswered ? talk : null,
  }
}
