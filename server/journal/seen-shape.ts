import type { SeenLiveCall } from '../../contract/live.ts'
import type { SeenCall } from './seen-calls.ts'
import { isoOrNull, isoTime } from './write.ts'

/** A seen call as it is answered. */
export function seenShape(seen: SeenCall): SeenLiveCall {
  return {
    call: seen.callNo,
    call_id: seen.callId,
    host_id: seen.hostId,
    extension: seen.phone,
    direction: seen.direction,
    state: seen.endedAt !== null ? 'ended' : seen.answeredAt !== null ? 'answered' : 'ringing',
    number: seen.number,
    e164: seen.e164,
    caller_name: seen.callerName,
    called_number: seen.called,
    queue: seen.queue,
    started_at: isoTime(seen.startedAt),
    answered_at: isoOrNull(seen.answeredAt),
    ended_at: isoOrNull(seen.endedAt),
  }
}
