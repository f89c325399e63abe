import type { Selectable } from 'kysely'
import type { LiveCall, LiveEvent } from '../../contract/live.ts'
import type { Lookup } from '../directory/directory.ts'
import { fromJson } from '../platform/database/json.ts'
import { partyOf } from './caller.ts'
import type { LiveCallsTable, LiveEventsTable } from './tables.ts'

export type CallRow = Selectable<LiveCallsTable>
export type EventRow = Pick<
  Selectable<LiveEventsTable>,
  'id' | 'live_call_id' | 'kind' | 'at' | 'goes_on_at' | 'missed'
>

const isoTime = (at: number): string => new Date(at).toISOString()
const isoOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at))

/** A call at one number as answers show it, with who it is by now. */
export function toLiveCall(lookup: Lookup, row: CallRow): LiveCall {
  return {
    call: row.call_no,
    call_id: row.call_id,
    host_id: row.host_id,
    extension: row.agent,
    direction: row.direction,
    state: row.ended_at !== null ? 'ended' : row.answered_at !== null ? 'answered' : 'ringing',
    number: row.number_raw,
    e164: row.e164,
    caller_name: row.caller_name,
    called_number: row.called_raw,
    queue: row.queue,
    ...partyOf(lookup, row),
    started_at: isoTime(row.started_at),
    answered_at: isoOrNull(row.answered_at),
    ended_at: isoOrNull(row.ended_at),
  }
}

/** What an agent is told: the call as it was at that moment, whenever it is read. */
export function toLiveEvent(lookup: Lookup, event: EventRow, call: CallRow): LiveEvent {
  const isOver = event.kind === 'moved' || event.kind === 'ended'
  const then = {
    ...call,
    answered_at: call.answered_at !== null && call.answered_at <= event.at ? call.answered_at : null,
    ended_at: isOver ? call.ended_at : null,
  }
  return {
    id: event.id,
    event: event.kind,
    at: isoTime(event.at),
    ...toLiveCall(lookup, then),
    to: fromJson<string[]>(event.goes_on_at),
    missed: event.missed === 1,
  }
}
