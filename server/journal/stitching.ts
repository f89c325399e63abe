import type { CallStatus } from '../../contract/pbx3cx-calls.ts'
import type { ToldOfCall } from './call-tables.ts'

/** A record as stitching reads it. */
export type RecordToStitch = ToldOfCall & { id: number; source: string }

/** A part of a leg; ms UTC. */
export type StitchedStep = { kind: 'wait' | 'ring' | 'talk'; from: number; to: number }
export type StitchedLeg = {
  record_id: number
  queue: string | null
  agent_extension: string | null
  agent_name: string | null
  status: CallStatus
  started_at: number
  ended_at: number | null
  steps: StitchedStep[]
}
export type StitchedCall = ToldOfCall & {
  source: string
  records: number
  provisional: boolean
  legs: StitchedLeg[]
}

/** The source of what a PBX reports of ended calls through its CRM template. */
export const REPORTED = 'crm'
/** The source of what the hub itself saw of a call and somebody noted something on. */
export const SEEN = 'live'
/** Sources that count only while nothing else tells of the call. */
export const SECONDHAND: readonly string[] = [REPORTED, SEEN]

/** When several records fail to reach anybody, the one that says most about why. */
const TELLING: CallStatus[] = ['voicemail', 'abandoned', 'busy', 'missed', 'failed']

/** Steps of one record, in order and without gaps between them: waiting, ringing, talking. */
function stepsOf(record: RecordToStitch): StitchedStep[] {
  const { started_at, answered_at, ended_at, wait_ms, talk_ms } = record
  const untilAnswer = answered_at ?? ended_at
  const steps: StitchedStep[] = []
  if (untilAnswer !== null && untilAnswer > started_at) {
    const rings = record.ring_ms ?? (wait_ms === null ? untilAnswer - started_at : 0)
    const ringsFrom = wait_ms === null ? started_at : Math.max(started_at, untilAnswer - rings)
    if (ringsFrom > started_at) steps.push({ kind: 'wait', from: started_at, to: ringsFrom })
    if (untilAnswer > ringsFrom) steps.push({ kind: 'ring', from: ringsFrom, to: untilAnswer })
  }
  if (answered_at !== null) {
    const end = ended_at ?? (talk_ms === null ? null : answered_at + talk_ms)
    if (end !== null && end > answered_at) steps.push({ kind: 'talk', from: answered_at, to: end })
  }
  return steps
}

/** Which source is believed where nobody named one; any other one comes before what somebody told by hand. */
const BELIEVED = ['xapi', 'socket_in', 'socket_out', 'files', 'data_connector']
const LEAST = ['manual', SEEN]

const rankOf = (source: string, authoritative: string | null): number => {
  if (source === authoritative) return -1
  const rank = BELIEVED.indexOf(source)
  return rank >= 0 ? rank : BELIEVED.length + LEAST.indexOf(source) + 1
}

const firstOf = <Value>(values: (Value | null)[]): Value | null =>
  values.find((value) => value !== null) ?? null

const sumOf = (values: (number | null)[]): number | null =>
  values.every((value) => value === null)
    ? null
    : values.reduce<number>((sum, value) => sum + (value ?? 0), 0)

const spent = (record: RecordToStitch, kind: StitchedStep['kind'], told: number | null): number | null => {
  if (told !== null) return told
  const steps = stepsOf(record).filter((step) => step.kind === kind)
  return steps.length === 0 ? null : steps.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** A report, or what the hub saw, counts only while nothing else tells of the call: others tell it better. */
function withoutReports(records: readonly RecordToStitch[]): readonly RecordToStitch[] {
  const others = records.filter(({ source }) => !SECONDHAND.includes(source))
  return others.length > 0 ? others : records
}

/**
 * The one call that these records, all of the same call, tell of. They may come in any order and as often as they like.
 *
 * It begins with its earliest record, whose caller, called number and direction are the call's; it is answered by the
 * first record that was answered, whose agent is the call's; it ends when all of them have ended. `authoritative` is the
 * source that has the last word on the host (null: any has); what others tell alone is provisional. Of several sources
 * only the one that is believed most counts: the others told of the same.
 */
export function stitch(records: readonly RecordToStitch[], authoritative: string | null): StitchedCall {
  const all = [...new Map(records.map((record) => [record.id, record])).values()].sort(
    (one, other) => one.started_at - other.started_at || one.id - other.id,
  )
  const counted = withoutReports(all)
  const [believed] = counted.toSorted(
    (one, other) =>
      rankOf(one.source, authoritative) - rankOf(other.source, authoritative) || one.id - other.id,
  )
  const ordered = counted.filter((record) => record.source === believed?.source)
  const [first] = ordered
  if (first === undefined) throw new Error('there is no call without a record')
  const answered = ordered
    .filter((record) => record.status === 'answered')
    .sort((one, other) => (one.answered_at ?? one.started_at) - (other.answered_at ?? other.started_at))[0]
  const reached = answered ?? ordered.findLast((record) => record.agent_extension !== null) ?? first
  const ends = ordered.map((record) => record.ended_at)
  const ended = ends.includes(null) ? null : Math.max(...ends.map(Number))
  const failed = TELLING.find((status) => ordered.some((record) => record.status === status))
  return {
    direction: firstOf(ordered.map((record) => record.direction)),
    started_at: first.started_at,
    answered_at: answered?.answered_at ?? null,
    ended_at: ended,
    ring_ms: spent(reached, 'ring', reached.ring_ms),
    wait_ms: sumOf(ordered.map((record) => spent(record, 'wait', record.wait_ms))),
    talk_ms: sumOf(ordered.map((record) => spent(record, 'talk', record.talk_ms))),
    status: answered ? 'answered' : (failed ?? first.status),
    caller_number: firstOf(ordered.map((record) => record.caller_number)),
    caller_name: firstOf(ordered.map((record) => record.caller_name)),
    called_number: firstOf(ordered.map((record) => record.called_number)),
    caller_key: firstOf(ordered.map((record) => record.caller_key)),
    called_key: firstOf(ordered.map((record) => record.called_key)),
    queue: firstOf(ordered.map((record) => record.queue)),
    agent_extension: reached.agent_extension,
    agent_name: reached.agent_name,
    source: first.source,
    records: all.length,
    provisional: ended === null || (authoritative !== null && first.source !== authoritative),
    legs: ordered.map((record) => ({
      record_id: record.id,
      queue: record.queue,
      agent_extension: record.agent_extension,
      agent_name: record.agent_name,
      status: record.status,
      started_at: record.started_at,
      ended_at: record.ended_at,
      steps: stepsOf(record),
    })),
  }
}
